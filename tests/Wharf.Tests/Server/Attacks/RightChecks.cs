using System.Text;
using System.Text.RegularExpressions;
using Wharf.Tests.Server.Access;
using Wharf.Tests.Server.OAuth;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Rights that nobody gave. Who may call what is in tests/data/authorization; here are the ways around it.</summary>
internal sealed partial class RightChecks(AttackedRegistry registry) : Checks(registry)
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(5);

    [Attack("Z01")]
    public async Task An_id_of_another_organization()
    {
        var (attacker, mine) = (await Registry.CreateUserAsync(), OrganizationRequests.NewName());
        await attacker.Client.CreateOrganizationAsync(mine);
        await attacker.Client.CreateTeamAsync(mine, "devs", "member");
        var theirs = await Client.CreateOrganizationAsync();
        await Client.CreateTeamAsync(theirs, "secret", "member", User);
        await Client.CreateRepositoryAsync(theirs, "app");
        await Registry.CreateRobotAsync(Client, theirs, "ci");
        var prototype = (await Client.SendJsonAsync("POST", $"/api/v1/organization/{theirs}/prototypes", $$$"""{"role":"read","delegate":{"name":"{{{User}}}","kind":"user"}}""")).Is(200).Json.GetProperty("id").GetString()!;
        var session = await Accounts.Browser.SignedInAsync(Registry, Registry.User);

        foreach (var (method, path, body) in ((string, string, string)[])[
            ("PUT", $"/api/v1/organization/{mine}/prototypes/{prototype}", """{"role":"admin"}"""), ("DELETE", $"/api/v1/organization/{mine}/prototypes/{prototype}", ""),
            ("GET", $"/api/v1/organization/{mine}/team/secret/members", ""), ("DELETE", $"/api/v1/organization/{mine}/team/secret", ""), ("DELETE", $"/api/v1/organization/{mine}/team/secret/members/{User}", ""),
            ("GET", $"/api/v1/organization/{mine}/robots/ci", ""), ("DELETE", $"/api/v1/organization/{mine}/robots/ci", ""), ("POST", $"/api/v1/organization/{mine}/robots/ci/regenerate", ""), ("PUT", $"/api/v1/organization/{mine}/robots/{theirs}+ci", ""),
            ("PUT", $"/api/v1/repository/{theirs}/app/permissions/team/devs", """{"role":"admin"}"""), ("PUT", $"/api/v1/repository/{theirs}/app/permissions/user/{attacker.Name}", """{"role":"admin"}"""),
            ("DELETE", $"/api/v1/user/sessions/{session.SessionId}", ""), ("DELETE", $"/api/v1/user/starred/{theirs}/app", "")])
        {
            var answer = body.Length == 0 ? await attacker.Client.SendAsync(method, path) : await attacker.Client.SendJsonAsync(method, path, body);
            // Deleting what is not one's own star leaves things as they are; Quay says 204 to that.
            Assert.True((int)answer.Status is >= 400 and < 500 || path.Contains("/starred/", StringComparison.Ordinal), $"{method} {path}: {(int)answer.Status} {answer.Text}");
            Assert.DoesNotContain("\"token\"", answer.Text, StringComparison.Ordinal);
        }

        Assert.Equal("read", (await Client.ReadAsync($"/api/v1/organization/{theirs}/prototypes")).Is(200).Json.GetProperty("prototypes").EnumerateArray().Single().GetProperty("role").GetString());
        Assert.Single((await Client.ReadAsync($"/api/v1/organization/{theirs}/team/secret/members")).Is(200).Json.GetProperty("members").EnumerateArray());
        (await Client.ReadAsync($"/api/v1/organization/{theirs}/robots/ci")).Is(200);
        (await session.SendAsync("GET", "/api/v1/user/")).Is(200);
        Assert.Null(await Client.RoleAsync($"{theirs}/app", "user", attacker.Name));
    }

    [Attack("Z02")]
    public async Task Another_way_to_write_the_path_of_an_operation()
    {
        var operations = (await Operation.AllAsync()).Where(static o => o.Path.StartsWith("/api/v1/", StringComparison.Ordinal)).Select(static o => o.Nickname).Distinct();
        Assert.Equal([], operations.Except(AuthorizationTests.Load().Select(static r => r.Nickname)));
        var world = await Registry.WorldAsync();
        var open = new HashSet<string>();
        foreach (var row in AuthorizationTests.Load())
            for (var i = 0; i < 2; i++)
            {
                if (row.Expected[i] < 400)
                    continue;
                var (path, query) = row.Path.Split('?') is [var p, var q] ? (p, "?" + q) : (row.Path, "");
                foreach (var variant in new[] { path.TrimEnd('/') + "/", path.TrimEnd('/'), path + "//", path.Replace("/api/v1/", "/api//v1/", StringComparison.Ordinal), path.Replace("/api/v1/", "/API/V1/", StringComparison.Ordinal), path + "%2f", path + "/.", path + ";a=b", path.Replace("/v1/", "/v1/x/../", StringComparison.Ordinal), path + "%00", path + ".json" })
                {
                    var answer = await world.SendAsync(World.Callers[i], row.Method, variant + query, row.Body);
                    if ((int)answer.Status < 400)
                        open.Add($"{World.Callers[i]} {row.Method} {variant}: {(int)answer.Status} {answer.Text[..Math.Min(100, answer.Text.Length)]}");
                }
                if (row.Method == "GET" && (int)(await world.SendAsync(World.Callers[i], "HEAD", row.Path, "")).Status < 400)
                    open.Add($"{World.Callers[i]} HEAD {row.Path}");
            }
        Assert.Equal([], open);
    }

    [Attack("Z04")]
    public async Task Lists_by_columns_that_are_not_published()
    {
        var organization = await Client.CreateOrganizationAsync();
        foreach (var list in new[] { $"/api/v1/repository?namespace={organization}", $"/api/v1/find/all?query={organization}", $"/api/v1/find/repositories?query={organization}", $"/api/v1/entities/{organization}?x=", "/api/v1/user/starred?x=", "/api/v1/user/robots?x=", $"/api/v1/organization/{organization}/robots?x=", $"/api/v1/organization/{organization}/members?x=", $"/api/v1/organization/{organization}/collaborators?x=", "/api/v1/user/sessions?x=" })
        {
            var plain = (await Client.ReadAsync(list)).Is(200);
            foreach (var query in new[] { "sort=password", "sort=password_hash%20desc", "order_by=token_mac", "q=password~^a", "fields=password,token,credential", "filter[password]=a", "where=1=1", "include=token", "expand=owner.password" })
            {
                var answer = await Client.ReadAsync($"{list}&{query}");
                Assert.True((int)answer.Status == 400 || ((int)answer.Status == 200 && answer.Text == plain.Text), $"{list}&{query}: {(int)answer.Status} {answer.Text}");
            }
        }
    }

    [Attack("Z05")]
    public async Task A_maintainer_who_changes_what_admins_decide()
    {
        var (maintainer, organization) = (await Registry.CreateUserAsync(), await Client.CreateOrganizationAsync());
        await Client.CreateTeamAsync(organization, "makers", "creator", maintainer.Name);
        await Client.CreateRepositoryAsync(organization, "app");
        await Client.GrantAsync($"{organization}/app", maintainer.Name, "write");
        var repository = $"/api/v1/repository/{organization}/app";

        foreach (var (method, path, body) in ((string, string, string)[])[
            ("POST", $"{repository}/changevisibility", """{"visibility":"public"}"""), ("PUT", $"{repository}/changestate", """{"state":"READ_ONLY"}"""), ("DELETE", repository, ""),
            ("PUT", $"{repository}/permissions/user/{maintainer.Name}", """{"role":"admin"}"""), ("DELETE", $"{repository}/permissions/user/{maintainer.Name}", ""), ("PUT", $"{repository}/permissions/team/makers", """{"role":"admin"}"""),
            ("PUT", $"/api/v1/organization/{organization}", """{"robot_secrets":"hashed"}"""), ("PUT", $"/api/v1/organization/{organization}/team/makers", """{"role":"admin"}"""), ("PUT", $"/api/v1/organization/{organization}/team/owners/members/{maintainer.Name}", ""),
            ("POST", $"/api/v1/organization/{organization}/prototypes", $$$"""{"role":"admin","delegate":{"name":"{{{maintainer.Name}}}","kind":"user"}}""")])
            (body.Length == 0 ? await maintainer.Client.SendAsync(method, path) : await maintainer.Client.SendJsonAsync(method, path, body)).Is(403);

        // The operation that a writer may call changes nothing but the text.
        IsOneOf(await maintainer.Client.SendJsonAsync("PUT", repository, """{"description":"d","is_public":true,"visibility":"public","state":"READ_ONLY","name":"other"}"""), 200, 400);
        Assert.False((await Client.ReadAsync(repository)).Is(200).Json.GetProperty("is_public").GetBoolean());
        Assert.Equal("write", await Client.RoleAsync($"{organization}/app", "user", maintainer.Name));
    }

    [Attack("Z06")]
    public async Task A_reader_who_makes_a_repository_by_asking_for_it()
    {
        var (reader, organization) = (await Registry.CreateUserAsync(), await Client.CreateOrganizationAsync());
        await Client.CreateTeamAsync(organization, "members", "member", reader.Name);
        await Client.CreateRepositoryAsync(organization, "app");
        await Client.GrantAsync($"{organization}/app", reader.Name, "read");
        foreach (var name in new[] { $"{organization}/born", $"{organization}/app/born" })
        {
            IsOneOf(await reader.Client.ReadAsync($"/v2/{name}/manifests/latest"), 401, 403, 404);
            IsOneOf(await reader.Client.SendAsync("POST", $"/v2/{name}/blobs/uploads/", []), 401, 403);
            IsOneOf(await reader.Client.SendAsync("POST", $"/v2/{name}/blobs/uploads/?mount=sha256:{new string('0', 64)}&from={organization}/app", []), 401, 403);
            IsOneOf(await reader.Client.PutManifestAsync(name, "latest", Image.Random().Manifest), 401, 403);
            (await Registry.Anonymous.WithTokenAsync(await reader.Client.TokenAsync($"repository:{name}:pull,push,delete,*"), "POST", $"/v2/{name}/blobs/uploads/", [])).Is(401);
            IsOneOf(await Client.ReadAsync($"/api/v1/repository/{name}"), 403, 404);
        }
    }

    [Attack("Z07")]
    public async Task A_registry_token_on_operations_of_the_API()
    {
        var repository = Registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var tokens = new[] { await Client.TokenAsync($"repository:{repository}:pull"), await Client.TokenAsync($"repository:{repository}:pull,push,delete", "registry:catalog:*"), await Client.TokenAsync() };
        foreach (var row in AuthorizationTests.Load())
        {
            if (row.Expected[0] < 400 || row.Nickname == "initializeUser")
                continue; // open to anybody, and the one that looks at no credential
            var path = Placeholder().Replace(row.Path.Replace("/repository/{org}/app", $"/repository/{repository}", StringComparison.Ordinal), User);
            foreach (var token in tokens)
            {
                var answer = await Anonymous.WithTokenAsync(token, row.Method, path, Encoding.UTF8.GetBytes(row.Body.Length > 0 ? Placeholder().Replace(row.Body, User) : "{}"), ("Content-Type", "application/json"));
                Assert.True((int)answer.Status is 401 or 403, $"{row.Method} {path}: {(int)answer.Status} {answer.Text}");
            }
        }
        // One action is not another, and one repository not another.
        (await Anonymous.WithTokenAsync(tokens[0], "GET", $"/v2/{repository}/manifests/v1")).Is(200);
        (await Anonymous.WithTokenAsync(tokens[0], "DELETE", $"/v2/{repository}/manifests/v1")).Is(401);
        (await Anonymous.WithTokenAsync(tokens[0], "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(401);
        (await Anonymous.WithTokenAsync(tokens[0], "GET", $"/v2/{repository}x/manifests/v1")).Is(401);
        (await Anonymous.WithTokenAsync(tokens[0], "GET", "/v2/_catalog")).Is(401);
    }

    [Attack("Z08")]
    public async Task A_token_that_asks_for_a_wider_one()
    {
        var repository = Registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var narrow = await Client.TokenAsync($"repository:{repository}:pull");
        var scope = Uri.EscapeDataString($"repository:{repository}:pull,push,delete");
        foreach (var (method, path, body) in ((string, string, string?)[])[("GET", $"/v2/auth?service=wharf&scope={scope}", null), ("POST", "/v2/auth", $"grant_type=refresh_token&refresh_token={narrow}&service=wharf&client_id=x&scope={scope}"), ("POST", "/v2/auth", $"grant_type=password&username={User}&password={narrow}&service=wharf&client_id=x&scope={scope}")])
        {
            var answer = await Anonymous.WithTokenAsync(narrow, method, path, body is null ? null : Encoding.UTF8.GetBytes(body), body is null ? [] : [("Content-Type", "application/x-www-form-urlencoded")]);
            if ((int)answer.Status == 200)
                (await Anonymous.WithTokenAsync(answer.Json.GetProperty("token").GetString()!, "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(401);
            else
                IsOneOf(answer, 400, 401, 403);
        }
        (await Anonymous.SendAsync("GET", $"/v2/auth?service=wharf&scope={scope}", null, Requests.Basic("$oauthtoken", narrow))).Is(401);
        (await Anonymous.SendAsync("GET", $"/v2/auth?service=wharf&scope={scope}", null, Requests.Basic(User, narrow))).Is(401);
    }

    [Attack("Z09")]
    public static async Task An_invitation_of_somebody_else()
    {
        await using var inviting = await Server.Registry.StartAsync<InvitingRegistry>();
        var (guest, thief, owner) = (await inviting.CreateUserAsync(), await inviting.CreateUserAsync(), inviting.UserClient);
        var organization = await owner.CreateOrganizationAsync();
        await owner.CreateTeamAsync(organization, "devs", "admin", guest.Name);
        var code = (await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200).Json.GetProperty("invites").EnumerateArray().Single().GetProperty("code").GetString()!;

        foreach (var caller in new[] { thief.Client, owner, inviting.Client, await inviting.CreateRobotAsync(owner, organization, "ci") })
            foreach (var method in new[] { "PUT", "DELETE" })
                IsOneOf(await caller.SendAsync(method, $"/api/v1/teaminvite/{code}"), 400, 403, 404);
        (await inviting.Anonymous.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(401);
        (await thief.Client.ReadAsync($"/api/v1/organization/{organization}")).Is(404);
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(200);
    }

    [Attack("Z10")]
    public async Task A_name_that_somebody_had_before()
    {
        // As it is: the name stays with its owner.
        var (first, second) = (await Registry.CreateUserAsync(), await Registry.CreateUserAsync());
        var kept = await first.Client.CreateOrganizationAsync();
        (await first.Client.SendAsync("DELETE", $"/api/v1/organization/{kept}")).Is(204);
        (await second.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{kept}}"}""")).Is(400);

        // Names that are free at once carry nothing over.
        await using var free = await Server.Registry.StartAsync<AuthorizationRegistry>();
        (first, second) = (await free.CreateUserAsync(), await free.CreateUserAsync());
        var friend = await free.CreateUserAsync();
        var name = OrganizationRequests.NewName();
        async Task<HttpClient> BuildAsync(HttpClient owner)
        {
            await owner.CreateOrganizationAsync(name);
            await owner.PushImageAsync($"{name}/app", "v1");
            return await free.CreateRobotAsync(owner, name, "ci");
        }
        var robot = await BuildAsync(first.Client);
        await first.Client.CreateTeamAsync(name, "devs", "admin", friend.Name);
        foreach (var user in new[] { friend.Name, $"{name}+ci" })
            await first.Client.GrantAsync($"{name}/app", user, "admin");
        (await friend.Client.SendJsonAsync("POST", "/api/v1/user/starred", $$"""{"namespace":"{{name}}","repository":"app"}""")).Is(201);
        var tokens = new[] { await friend.Client.TokenAsync($"repository:{name}/app:pull,push"), await robot.TokenAsync($"repository:{name}/app:pull,push") };
        foreach (var token in tokens)
            (await free.Anonymous.WithTokenAsync(token, "GET", $"/v2/{name}/app/manifests/v1")).Is(200);

        // Once more for the repository alone, then with the whole organization.
        (await first.Client.SendAsync("DELETE", $"/api/v1/repository/{name}/app")).Is(204);
        await first.Client.PushImageAsync($"{name}/app", "v1");
        (await robot.ReadAsync($"/v2/{name}/app/manifests/v1")).Is(403);
        // Whoever makes a repository is its admin (Quay).
        Assert.Equal([first.Name], (await first.Client.ReadAsync($"/api/v1/repository/{name}/app/permissions/user/")).Is(200).Json.GetProperty("permissions").EnumerateObject().Select(static p => p.Name));
        (await first.Client.SendAsync("DELETE", $"/api/v1/organization/{name}")).Is(204);
        await BuildAsync(second.Client);

        foreach (var client in new[] { first.Client, friend.Client, robot })
            foreach (var path in new[] { $"/v2/{name}/app/manifests/v1", $"/api/v1/repository/{name}/app", $"/api/v1/organization/{name}" })
                IsOneOf(await client.ReadAsync(path), 401, 403, 404);
        foreach (var token in tokens)
            (await free.Anonymous.WithTokenAsync(token, "GET", $"/v2/{name}/app/manifests/v1")).Is(401);
        Assert.Empty((await friend.Client.ReadAsync("/api/v1/user/starred")).Is(200).Json.GetProperty("repositories").EnumerateArray());
        Assert.Equal(["owners"], (await second.Client.ReadAsync($"/api/v1/organization/{name}")).Is(200).Json.GetProperty("teams").EnumerateObject().Select(static t => t.Name));

        // A person's name: neither password, robot nor grants of the former one.
        var shared = await second.Client.CreateOrganizationAsync();
        await second.Client.CreateRepositoryAsync(shared, "app");
        await second.Client.GrantAsync($"{shared}/app", friend.Name, "admin");
        var own = (await friend.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        (await free.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{friend.Name}")).Is(204);
        var stranger = await free.CreateUserAsync(friend.Name);
        (await friend.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await free.ClientFor($"{friend.Name}+ci", own).ReadAsync("/v2/")).Is(401);
        IsOneOf(await stranger.Client.ReadAsync($"/api/v1/repository/{shared}/app"), 403, 404);
    }

    [Attack("Z11")]
    public async Task What_was_granted_before_an_organization_got_another_name()
    {
        var (before, after) = (await Client.CreateOrganizationAsync(), OrganizationRequests.NewName());
        var reader = await Registry.CreateUserAsync();
        await Client.PushImageAsync($"{before}/app", "v1");
        await Client.GrantAsync($"{before}/app", reader.Name, "read");
        var robot = await Registry.CreateRobotAsync(Client, before, "ci");
        await Client.GrantAsync($"{before}/app", $"{before}+ci", "read");
        var token = await reader.Client.TokenAsync($"repository:{before}/app:pull");
        (await robot.ReadAsync($"/v2/{before}/app/manifests/v1")).Is(200);

        (await Registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/organizations/{before}", $$"""{"name":"{{after}}"}""")).Is(200);

        (await reader.Client.ReadAsync($"/v2/{after}/app/manifests/v1")).Is(200);
        (await Anonymous.WithTokenAsync(token, "GET", $"/v2/{after}/app/manifests/v1")).Is(401);
        (await robot.ReadAsync($"/v2/{after}/app/manifests/v1")).Is(401);
        // Whoever takes the old name gets nothing of it.
        var squatter = await Registry.CreateUserAsync();
        if ((int)(await squatter.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{before}}"}""")).Status == 201)
        {
            await squatter.Client.PushImageAsync($"{before}/app", "v1");
            await squatter.Client.CreateTeamAsync(before, "devs", "member");
            IsOneOf(await squatter.Client.ReadAsync($"/v2/{after}/app/manifests/v1"), 401, 403);
            IsOneOf(await reader.Client.ReadAsync($"/v2/{before}/app/manifests/v1"), 401, 403);
            (await Anonymous.WithTokenAsync(token, "GET", $"/v2/{before}/app/manifests/v1")).Is(401);
            (await robot.ReadAsync($"/v2/{before}/app/manifests/v1")).Is(401);
            Assert.Empty((await squatter.Client.ReadAsync($"/api/v1/organization/{before}/robots")).Is(200).Json.GetProperty("robots").EnumerateArray());
        }
    }

    [Attack("Z12")]
    public async Task A_public_repository_that_becomes_private()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        await Client.SetPublicAsync(repository, true);
        var stranger = await Registry.CreateUserAsync();
        var tokens = new[] { await Anonymous.TokenAsync($"repository:{repository}:pull"), await stranger.Client.TokenAsync($"repository:{repository}:pull") };
        string[] paths = [$"/v2/{repository}/manifests/v1", $"/v2/{repository}/manifests/{image.Digest}", $"/v2/{repository}/blobs/{image.LayerDigest}", $"/v2/{repository}/tags/list", $"/v2/{repository}/referrers/{image.Digest}"];
        foreach (var token in tokens)
            foreach (var path in paths)
                (await Anonymous.WithTokenAsync(token, "GET", path)).Is(200);
        (await stranger.Client.SendJsonAsync("POST", "/api/v1/user/starred", $$"""{"namespace":"{{User}}","repository":"{{repository.Split('/')[1]}}"}""")).Is(201);

        await Client.SetPublicAsync(repository, false);

        await Poll.UntilAsync(async () => (await Anonymous.WithTokenAsync(tokens[0], "GET", paths[0])).Status != System.Net.HttpStatusCode.OK, s_bound);
        foreach (var token in tokens)
            foreach (var path in paths)
                (await Anonymous.WithTokenAsync(token, "GET", path)).Is(401);
        foreach (var path in paths)
        {
            IsOneOf(await stranger.Client.ReadAsync(path), 401, 403);
            (await Anonymous.ReadAsync(path)).Is(401);
        }
        foreach (var list in new[] { "/api/v1/user/starred", "/api/v1/repository?starred=true", "/api/v1/repository?public=true", $"/api/v1/repository?namespace={User}", $"/api/v1/find/repositories?query={repository.Split('/')[1]}", $"/api/v1/find/all?query={repository.Split('/')[1]}" })
            Assert.DoesNotContain(repository.Split('/')[1], (await stranger.Client.ReadAsync(list)).Is(200).Text, StringComparison.Ordinal);
    }

    [Attack("Z13")]
    public async Task Somebody_who_was_removed()
    {
        var (former, organization) = (await Registry.CreateUserAsync(), await Client.CreateOrganizationAsync());
        var repository = $"{organization}/app";
        await Client.PushImageAsync(repository, "v1");
        await Client.CreateTeamAsync(organization, "devs", "creator", former.Name);
        await Client.GrantAsync(repository, former.Name, "write");
        var (token, browser) = (await former.Client.TokenAsync($"repository:{repository}:pull,push"), await Accounts.Browser.SignedInAsync(Registry, former));
        var (_, _, secret, _) = await former.MintAsync("repo:write repo:create org:admin");
        var oauth = Registry.ClientFor("$oauthtoken", secret);
        (await oauth.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        var upload = (await Anonymous.WithTokenAsync(token, "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(202).Location;
        (await browser.SendAsync("GET", $"/api/v1/repository/{repository}")).Is(200);

        (await Client.SendAsync("DELETE", $"/api/v1/organization/{organization}/members/{former.Name}")).Is(204);

        await Poll.UntilAsync(async () => (await Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1")).Status != System.Net.HttpStatusCode.OK, s_bound);
        (await Anonymous.WithTokenAsync(token, "PATCH", upload, [1, 2, 3])).Is(401);
        (await Anonymous.WithTokenAsync(token, "PUT", $"/v2/{repository}/manifests/v2", [])).Is(401);
        IsOneOf(await former.Client.ReadAsync($"/v2/{repository}/manifests/v1"), 401, 403);
        IsOneOf(await browser.SendAsync("GET", $"/api/v1/repository/{repository}"), 403, 404);
        IsOneOf(await browser.SendAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{organization}}","repository":"new","visibility":"private","description":""}"""), 403, 404);
        (await browser.SendAsync("GET", $"/api/v1/organization/{organization}")).Is(404);
        (await oauth.ReadAsync($"/v2/{repository}/manifests/v1")).Is(403);
        (await oauth.ReadAsync($"/api/v1/organization/{organization}")).Is(404);
        (await oauth.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{organization}}","repository":"new","visibility":"private","description":""}""")).Is(403);
    }

    [Attack("Z14")]
    public async Task Operations_that_are_not_published()
    {
        var here = (await Operation.AllAsync()).Select(static o => (o.Method, Operation.Shape(o.Path))).ToHashSet();
        var tried = 0;
        foreach (var cells in File.ReadLines(Path.Combine(SourceTree.Root, "tests", "data", "quay-api.tsv")).Skip(1).Select(static l => l.Split('\t')).Where(static c => c.Length > 3))
        {
            if (!cells[2].StartsWith("/api/", StringComparison.Ordinal) || here.Contains((cells[1], Operation.Shape(cells[2]))))
                continue;
            tried++;
            var path = Angle().Replace(cells[2].Replace("<repository>", $"{User}/none", StringComparison.Ordinal).Replace("<apirepopath:repository>", $"{User}/none", StringComparison.Ordinal), "none");
            var answer = await Registry.Client.SendJsonAsync(cells[1], path, "{}");
            Assert.True((int)answer.Status is >= 400 and < 500, $"{cells[1]} {path}: {(int)answer.Status} {answer.Text}");
        }
        Assert.True(tried > 20);
        foreach (var path in new[] { "/api/v1/internal", "/api/internal", "/internal", "/api", "/api/v1", "/api/v2.0/users", "/secscan/notify", "/exportaction", "/webhooks/stripe", "/realtime", "/status", "/health", "/debug", "/c1/csv", "/v1/_ping", "/v1/users", "/token", "/commands/", "/commands/users.create" })
            IsClientError(await RawHttp.RequestAsync(Registry.Url, "GET", path, "Authorization: " + Requests.Basic(Server.Registry.Admin, Registry.AdminPassword).Value), path);
    }

    [Attack("Z15")]
    public async Task A_superuser_who_reads_what_is_in_a_repository()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        // The superuser runs the registry and does not own what is in it (SuperusersFullAccess is off).
        (await Registry.Client.ReadAsync("/api/v1/superuser/users/")).Is(200);
        foreach (var path in new[] { $"/v2/{repository}/manifests/v1", $"/v2/{repository}/manifests/{image.Digest}", $"/v2/{repository}/blobs/{image.LayerDigest}", $"/v2/{repository}/tags/list", $"/api/v1/repository/{repository}" })
            IsOneOf(await Registry.Client.ReadAsync(path), 401, 403);
        (await Anonymous.WithTokenAsync(await Registry.Client.TokenAsync($"repository:{repository}:pull,push,delete,*"), "GET", $"/v2/{repository}/manifests/v1")).Is(401);
        IsOneOf(await Registry.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1"), 401, 403);
        IsOneOf(await Registry.Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{Server.Registry.Admin}", """{"role":"read"}"""), 403);
    }

    [Attack("Z16")]
    public async Task Collecting_names()
    {
        var stranger = await Registry.CreateUserAsync();
        var organization = await Client.CreateOrganizationAsync();
        await Client.CreateRepositoryAsync(organization, "app");
        await Client.CreateTeamAsync(organization, "secretteam", "member");
        await Registry.CreateRobotAsync(Client, organization, "secretrobot");
        var none = OrganizationRequests.NewName();
        static string Shape(Answer a, string name) => $"{(int)a.Status} {a.Text.Replace(a.Header("X-Request-Id")!, "", StringComparison.Ordinal).Replace(name, "X", StringComparison.Ordinal)} {a.Header("WWW-Authenticate")?.Replace(name, "X", StringComparison.Ordinal)}";

        foreach (var client in new[] { Anonymous, stranger.Client })
            foreach (var (method, path) in ((string, string)[])[
                ("GET", "/v2/{0}/app/manifests/v1"), ("GET", "/v2/{0}/app/tags/list"), ("POST", "/v2/{0}/app/blobs/uploads/"), ("DELETE", "/v2/{0}/app/manifests/v1"), ("GET", "/api/v1/repository/{0}/app"), ("DELETE", "/api/v1/repository/{0}/app"), ("GET", "/api/v1/repository?namespace={0}"),
                ("GET", "/api/v1/repository/{0}/app/permissions/user/"), ("POST", "/api/v1/repository/{0}/app/restore"), ("GET", "/api/v1/organization/{0}"), ("DELETE", "/api/v1/organization/{0}"), ("GET", "/api/v1/organization/{0}/members"), ("GET", "/api/v1/organization/{0}/team/secretteam/members"),
                ("PUT", "/api/v1/organization/{0}/team/secretteam/members/me"), ("GET", "/api/v1/organization/{0}/robots"), ("GET", "/api/v1/organization/{0}/robots/secretrobot"), ("GET", "/api/v1/find/repositories?query={0}"), ("GET", "/api/v1/entities/secretteam?namespace={0}&includeTeams=true"), ("GET", "/api/v1/permission/explain?repository={0}/app&action=pull")])
            {
                async Task<string> AskAsync(string name) => Shape(await client.SendAsync(method, path.Replace("{0}", name, StringComparison.Ordinal), method == "POST" ? [] : null), name);
                Assert.Equal(await AskAsync(none), await AskAsync(organization));
            }
        // Bounded, and by the beginning of a name only.
        (await Anonymous.ReadAsync("/api/v1/entities/user")).Is(401);
        for (var i = 0; i < 12; i++)
            await Registry.CreateUserAsync("crowd" + Guid.NewGuid().ToString("n"));
        Assert.InRange((await stranger.Client.ReadAsync("/api/v1/entities/crowd")).Is(200).Json.GetProperty("results").GetArrayLength(), 1, 10);
        Assert.Empty((await stranger.Client.ReadAsync("/api/v1/entities/rowd")).Is(200).Json.GetProperty("results").EnumerateArray());
        Assert.DoesNotContain("@example.test", (await stranger.Client.ReadAsync("/api/v1/entities/crowd")).Text, StringComparison.Ordinal);
    }

    [Attack("Z17")]
    public async Task Wildcards_and_SQL_in_every_search()
    {
        var organization = await Client.CreateOrganizationAsync();
        await Client.CreateRepositoryAsync(organization, "app");
        foreach (var text in new[] { "%", "_", "%%", "a%", "%app%", "__________", "\\", "\\%", "'", "' OR '1'='1", "'; DROP TABLE repository; --", "*", "[a-z]", "(?i)app", "app' --", new string('%', 1000), string.Concat(Enumerable.Repeat("%_", 500)), string.Concat(Enumerable.Repeat("a%", 500)), new string('a', 5000) })
        {
            var escaped = Uri.EscapeDataString(text);
            foreach (var path in new[] { $"/api/v1/find/all?query={escaped}", $"/api/v1/find/repositories?query={escaped}", $"/api/v1/find/repositories?query={organization}&page={escaped}", $"/api/v1/entities/{escaped}?namespace={organization}&includeTeams=true&includeOrgs=true", $"/api/v1/repository?namespace={escaped}", $"/api/v1/repository?namespace={organization}&next_page={escaped}", $"/api/v1/user/robots?next_page={escaped}", $"/api/v1/permission/explain?repository={escaped}&action=pull" })
            {
                var answer = await Timed.WithinAsync(TimeSpan.FromMilliseconds(200), () => Client.ReadAsync(path), path[..Math.Min(100, path.Length)]);
                IsOneOf(answer, 200, 400, 403, 404);
                if ((int)answer.Status == 200 && !path.Contains("page=", StringComparison.Ordinal))
                    foreach (var list in new[] { "results", "repositories" })
                        if (answer.Json.TryGetProperty(list, out var found))
                            Assert.Empty(found.EnumerateArray());
            }
        }
        (await Client.ReadAsync($"/api/v1/repository/{organization}/app")).Is(200);
    }

    [Attack("Z18")]
    public async Task Text_that_makes_a_pattern_backtrack()
    {
        foreach (var text in new[] { new string('a', 1000) + "!", string.Concat(Enumerable.Repeat("a-", 500)) + "!", string.Concat(Enumerable.Repeat("a__", 300)) + "!", string.Concat(Enumerable.Repeat("a/", 300)) + "!", string.Concat(Enumerable.Repeat("/permissions/team", 50)) + "/!", string.Concat(Enumerable.Repeat("permissions/user/", 50)) })
            foreach (var path in new[] { $"/v2/{User}/{text}/manifests/v1", $"/v2/{User}/x/manifests/{Uri.EscapeDataString(text)}", $"/api/v1/repository/{User}/{text}", $"/api/v1/repository/{User}/{text}/permissions/user/", $"/api/v1/organization/{Uri.EscapeDataString(text)}", $"/api/v1/user/robots/{Uri.EscapeDataString(text)}", $"/api/v1/find/all?query={Uri.EscapeDataString(text)}", $"/v2/_catalog?last={Uri.EscapeDataString(text)}", $"/v2/auth?service=wharf&scope={Uri.EscapeDataString($"repository:{text}:pull")}" })
            {
                Assert.InRange((int)(await Timed.WithinAsync(TimeSpan.FromMilliseconds(200), () => Client.ReadAsync(path), path[..60])).Status, 200, 499);
            }
        // A pattern without a limit is one that nobody has thought of.
        var patterns = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src"), "*.cs", SearchOption.AllDirectories).SelectMany(static file => Pattern().Matches(File.ReadAllText(file)).Select(m => $"{Path.GetFileName(file)}: {m.Value}")).ToList();
        Assert.NotEmpty(patterns);
        Assert.Equal([], patterns.Where(static p => !Limited().IsMatch(p)));
    }

    [GeneratedRegex(@"\{[a-z]+\}", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();

    [GeneratedRegex("<[^>]+>", RegexOptions.None, 1000)]
    private static partial Regex Angle();

    [GeneratedRegex(@"\[GeneratedRegex\([^\r\n]*(\r?\n[^\r\n]*)??\)\]|new Regex\([^;]*;|Regex\.(IsMatch|Match|Matches|Replace|Split)\([^;]*;", RegexOptions.None, 1000)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"NonBacktracking|, \d+\)\]|TimeSpan", RegexOptions.None, 1000)]
    private static partial Regex Limited();
}
