using Wharf.Oci;

namespace Wharf.Tests.Server.Access;

/// <summary>
/// docs/status-codes.md as a table: whose repository, what for, with which credential, and what is answered. Two users, of whom one
/// calls; "!" is error="insufficient_scope".
/// </summary>
public sealed class AccessTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    // Credentials in the order: none, Basic, a token for the repository, a token for nothing, an anonymous caller's token for the repository.
    private const string Table = """
        own private      pull    401  200  200   401!  401!
        own private      push    401  202  202   401!  401!
        own private      delete  401  404  404   401!  401!
        own private      mount   401  201  201   401!  401!
        own public       pull    200  200  200   200   200
        own public       push    401  202  202   401!  401!
        own public       delete  401  404  404   401!  401!
        own public       mount   401  201  201   401!  401!
        own missing      pull    401  404  404   401!  401!
        own missing      push    401  202  202   401!  401!
        own missing      delete  401  404  404   401!  401!
        own missing      mount   401  201  201   401!  401!
        other's private  pull    401  403  401!  401!  401!
        other's private  push    401  403  401!  401!  401!
        other's private  delete  401  403  401!  401!  401!
        other's private  mount   401  403  401!  401!  401!
        other's public   pull    200  200  200   200   200
        other's public   push    401  403  401!  401!  401!
        other's public   delete  401  403  401!  401!  401!
        other's public   mount   401  403  401!  401!  401!
        other's missing  pull    401  403  401!  401!  401!
        other's missing  push    401  403  401!  401!  401!
        other's missing  delete  401  403  401!  401!  401!
        other's missing  mount   401  403  401!  401!  401!
        nobody's missing pull    401  403  401!  401!  401!
        nobody's missing push    401  403  401!  401!  401!
        nobody's missing delete  401  403  401!  401!  401!
        nobody's missing mount   401  403  401!  401!  401!
        """;

    private static readonly string[] Credentials = ["none", "basic", "scoped", "unscoped", "anonymous"];

    public static TheoryData<string, string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string, string>();
        foreach (var line in Table.Split('\n'))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            for (var i = 0; i < Credentials.Length; i++)
            {
                cells.Add($"{words[0]} {words[1]}", words[2], Credentials[i], words[3 + i]);
            }
        }
        return cells;
    }

    [Theory, MemberData(nameof(Cells))]
    public async Task The_answer_is_the_one_of_the_table(string state, string action, string credential, string expected)
    {
        var other = await registry.CreateUserAsync();
        var caller = registry.User;
        var source = registry.NewRepository();
        var blob = await caller.Client.PushBlobAsync(source, Requests.RandomBytes(10));
        var owner = state.Split(' ')[0] switch { "own" => caller, "other's" => other, _ => null };
        var repository = owner is null ? $"nobody{Guid.NewGuid():n}/app" : $"{owner.Name}/app{Guid.NewGuid():n}";
        if (!state.EndsWith("missing", StringComparison.Ordinal))
        {
            await owner!.Client.PushImageAsync(repository, "v1");
            await owner.Client.SetPublicAsync(repository, state.EndsWith("public", StringComparison.Ordinal));
        }
        var scope = $"repository:{repository}:pull,push,delete";
        var authorization = credential switch
        {
            "basic" => Requests.Basic(caller.Name, caller.Password).Value,
            "scoped" => "Bearer " + await caller.Client.TokenAsync(scope),
            "unscoped" => "Bearer " + await caller.Client.TokenAsync(),
            "anonymous" => "Bearer " + await registry.Anonymous.TokenAsync(scope),
            _ => null,
        };
        var (method, path, challenged) = action switch
        {
            "pull" => ("GET", $"/v2/{repository}/manifests/v1", "pull"),
            "push" => ("POST", $"/v2/{repository}/blobs/uploads/", "pull,push"),
            "delete" => ("DELETE", $"/v2/{repository}/manifests/none", "pull,delete"),
            _ => ("POST", $"/v2/{repository}/blobs/uploads/?mount={blob}&from={source}", "pull,push"),
        };

        var answer = await registry.Anonymous.SendAsync(method, path, method == "POST" ? [] : null, authorization is null ? [] : [("Authorization", authorization)]);

        var challenge = answer.Header("WWW-Authenticate");
        switch (expected)
        {
            case "401" or "401!":
                answer.Is(401, "UNAUTHORIZED");
                Assert.Equal($"Bearer realm=\"{registry.Url}v2/auth\",service=\"wharf\",scope=\"repository:{repository}:{challenged}\"" + (expected == "401!" ? ",error=\"insufficient_scope\"" : ""), challenge);
                break;
            case "403":
                answer.Is(403, "DENIED");
                Assert.Null(challenge);
                break;
            case "404":
                answer.Is(404, state.EndsWith("missing", StringComparison.Ordinal) ? "NAME_UNKNOWN" : "MANIFEST_UNKNOWN");
                break;
            default:
                answer.Is(int.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));
                break;
        }
    }

    [Theory]
    [InlineData("GET", "manifests/v1")]
    [InlineData("GET", "blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("GET", "tags/list")]
    [InlineData("GET", "referrers/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("PUT", "manifests/v1")]
    [InlineData("POST", "blobs/uploads/")]
    [InlineData("DELETE", "manifests/v1")]
    public async Task A_private_repository_and_one_that_does_not_exist_look_the_same_to_a_stranger(string method, string resource)
    {
        var other = await registry.CreateUserAsync();
        await other.Client.PushImageAsync($"{other.Name}/here", "v1");
        var token = await registry.UserClient.TokenAsync($"repository:{other.Name}/here:pull,push,delete", $"repository:{other.Name}/gone:pull,push,delete");

        foreach (var authorization in new[] { "", Requests.Basic(registry.User.Name, registry.User.Password).Value, "Bearer " + token })
        {
            async Task<string> AskAsync(string name)
            {
                var answer = await registry.Anonymous.SendAsync(method, $"/v2/{other.Name}/{name}/{resource}", null, authorization.Length > 0 ? [("Authorization", authorization)] : []);
                var id = answer.Header("X-Request-Id")!;
                return $"{answer.Status} {answer.Text} {answer.Header("WWW-Authenticate")} {answer.ContentHeaders}"
                    .Replace(id, "ID", StringComparison.Ordinal).Replace($"/{name}", "/NAME", StringComparison.Ordinal);
            }

            Assert.Equal(await AskAsync("here"), await AskAsync("gone"));
        }
    }

    [Fact]
    public async Task A_token_for_deletion_deletes_and_neither_pushes_nor_pulls()
    {
        var repository = registry.NewRepository();
        await registry.UserClient.PushImageAsync(repository, "v1");
        var token = await registry.UserClient.TokenAsync($"repository:{repository}:delete");

        (await registry.Anonymous.WithTokenAsync(token, "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(401, "UNAUTHORIZED");
        (await registry.Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1")).Is(401, "UNAUTHORIZED");
        (await registry.Anonymous.WithTokenAsync(token, "DELETE", $"/v2/{repository}/manifests/v1")).Is(202);
    }

    [Fact]
    public async Task A_token_for_pulling_does_not_push_or_delete()
    {
        var repository = registry.NewRepository();
        await registry.UserClient.PushImageAsync(repository, "v1");
        var token = await registry.UserClient.TokenAsync($"repository:{repository}:pull");

        (await registry.Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1")).Is(200);
        (await registry.Anonymous.WithTokenAsync(token, "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(401, "UNAUTHORIZED");
        (await registry.Anonymous.WithTokenAsync(token, "DELETE", $"/v2/{repository}/manifests/v1")).Is(401, "UNAUTHORIZED");
    }

    [Fact]
    public async Task The_catalog_asks_for_a_scope_of_its_own()
    {
        var none = (await registry.Anonymous.ReadAsync("/v2/_catalog")).Is(401, "UNAUTHORIZED");
        (await registry.UserClient.ReadAsync("/v2/_catalog")).Is(200);
        (await registry.Anonymous.WithTokenAsync(await registry.UserClient.TokenAsync("registry:catalog:*"), "GET", "/v2/_catalog")).Is(200);
        (await registry.Anonymous.WithTokenAsync(await registry.Anonymous.TokenAsync("registry:catalog:*"), "GET", "/v2/_catalog")).Is(200);
        var unscoped = (await registry.Anonymous.WithTokenAsync(await registry.UserClient.TokenAsync(), "GET", "/v2/_catalog")).Is(401, "UNAUTHORIZED");

        Assert.EndsWith(",scope=\"registry:catalog:*\"", none.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.EndsWith(",scope=\"registry:catalog:*\",error=\"insufficient_scope\"", unscoped.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_root_asks_for_any_credential()
    {
        var none = (await registry.Anonymous.ReadAsync("/v2/")).Is(401, "UNAUTHORIZED");
        (await registry.Anonymous.WithTokenAsync(await registry.UserClient.TokenAsync(), "GET", "/v2/")).Is(200);
        (await registry.Anonymous.WithTokenAsync(await registry.Anonymous.TokenAsync("repository:a/b:pull"), "GET", "/v2/")).Is(200);
        (await registry.Anonymous.WithTokenAsync("nonsense", "GET", "/v2/")).Is(401, "UNAUTHORIZED");
        (await registry.ClientFor(registry.User.Name, "wrong password").ReadAsync("/v2/")).Is(401, "UNAUTHORIZED");

        Assert.Equal($"Bearer realm=\"{registry.Url}v2/auth\",service=\"wharf\"", none.Header("WWW-Authenticate"));
    }

    [Fact]
    public async Task The_catalog_shows_what_the_caller_may_see_and_pages()
    {
        var (one, two) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        foreach (var name in new[] { "a", "b", "c" })
        {
            await one.Client.PushImageAsync($"{one.Name}/{name}", "v1");
        }
        await one.Client.SetPublicAsync($"{one.Name}/b", isPublic: true);

        async Task<List<string>> ListAsync(HttpClient client, string token, int n)
        {
            var (found, next) = (new List<string>(), (string?)$"/v2/_catalog?n={n}");
            while (next is not null)
            {
                var page = (await client.WithTokenAsync(token, "GET", next)).Is(200);
                var names = page.Json.GetProperty("repositories").Strings();
                Assert.InRange(names.Length, 0, n);
                found.AddRange(names);
                next = Distribution.TagListTests.Next(page);
            }
            return found;
        }

        var own = await ListAsync(registry.Anonymous, await one.Client.TokenAsync("registry:catalog:*"), 2);
        var others = await ListAsync(registry.Anonymous, await two.Client.TokenAsync("registry:catalog:*"), 1);
        var anonymous = await ListAsync(registry.Anonymous, await registry.Anonymous.TokenAsync("registry:catalog:*"), 1000);

        Assert.Equal([$"{one.Name}/a", $"{one.Name}/b", $"{one.Name}/c"], own.Where(n => n.StartsWith(one.Name + "/", StringComparison.Ordinal)));
        Assert.Equal(own.Distinct(), own);
        Assert.Equal([$"{one.Name}/b"], others.Where(n => n.StartsWith(one.Name + "/", StringComparison.Ordinal)));
        Assert.Equal([$"{one.Name}/b"], anonymous.Where(n => n.StartsWith(one.Name + "/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_upload_belongs_to_one_account_on_every_verb()
    {
        var other = await registry.CreateUserAsync();
        var repository = registry.NewRepository();
        await registry.UserClient.PushImageAsync(repository, "v1");
        var location = await registry.UserClient.StartUploadAsync(repository);
        var id = location.Split('/')[^1];

        foreach (var (method, query) in new[] { ("GET", ""), ("PATCH", ""), ("PUT", $"?digest={Digest.Of([])}"), ("DELETE", "") })
        {
            (await other.Client.SendAsync(method, location + query, method is "PATCH" or "PUT" ? [] : null)).Is(403, "DENIED");
            (await other.Client.SendAsync(method, $"/v2/{other.Name}/app/blobs/uploads/{id}{query}", method is "PATCH" or "PUT" ? [] : null)).Is(404, "BLOB_UPLOAD_UNKNOWN");
            (await registry.Anonymous.SendAsync(method, location + query, method is "PATCH" or "PUT" ? [] : null)).Is(401, "UNAUTHORIZED");
        }

        (await registry.UserClient.ReadAsync(location)).Is(204);
    }

    [Fact]
    public async Task A_repository_made_private_again_is_closed_at_once()
    {
        var repository = registry.NewRepository();
        await registry.UserClient.PushImageAsync(repository, "v1");
        await registry.UserClient.SetPublicAsync(repository, isPublic: true);
        (await registry.Anonymous.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);

        await registry.UserClient.SetPublicAsync(repository, isPublic: false);

        (await registry.Anonymous.ReadAsync($"/v2/{repository}/manifests/v1")).Is(401, "UNAUTHORIZED");
    }
}
