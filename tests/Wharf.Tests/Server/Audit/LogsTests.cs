using System.Globalization;
using System.Text.Json.Nodes;
using Wharf.Tests.Server.Accounts;

namespace Wharf.Tests.Server.Audit;

/// <summary>Who did what, as the API tells it.</summary>
public sealed class LogsTests(LogsTests.Audited registry) : IClassFixture<LogsTests.Audited>
{
    /// <summary>A server of its own: other tests' sign-ins would be in the registry's logs.</summary>
    public sealed class Audited : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Auth:PasswordRounds"] = "1000", ["Audit:FlushMs"] = "1000" };
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pull_is_told_at_once_with_who_from_where_with_what_and_what()
    {
        var ann = await registry.CreateUserAsync();
        var image = await ann.Client.PushImageAsync($"{ann.Name}/app", "v1");

        (await ann.Client.SendAsync("GET", $"/v2/{ann.Name}/app/manifests/v1", null, ("User-Agent", "podman/5.4"), ("Accept", "*/*"))).Is(200);

        var pull = (await LogsAsync(ann.Client, "/api/v1/user/logs?kinds=pull_repo"))[0]!;
        Assert.Equal("success", (string?)pull["outcome"]);
        Assert.Equal("127.0.0.1", (string?)pull["ip"]);
        Assert.Equal((ann.Name, false), ((string?)pull["performer"]!["name"], (bool)pull["performer"]!["is_robot"]!));
        var metadata = pull["metadata"]!;
        Assert.Equal(("app", ann.Name, "v1", image.Digest.ToString(), "podman/5.4", "password"),
            ((string?)metadata["repo"], (string?)metadata["namespace"], (string?)metadata["tag"], (string?)metadata["manifest_digest"], (string?)metadata["user-agent"], (string?)metadata["auth_type"]));
        // Asking whether it is there is no pull (Quay).
        (await ann.Client.SendAsync("HEAD", $"/v2/{ann.Name}/app/manifests/v1")).Is(200);
        Assert.Single(await LogsAsync(ann.Client, $"/api/v1/repository/{ann.Name}/app/logs?kinds=pull_repo"));
        Assert.Single(await LogsAsync(ann.Client, $"/api/v1/user/logs?digest={image.Digest}&kinds=pull_repo"));
    }

    [Fact]
    public async Task Each_change_of_an_organization_is_there_in_Quays_words()
    {
        var (ann, bob) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var org = "org" + Guid.NewGuid().ToString("N")[..10];
        (await ann.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}"}""")).Is(201);
        (await ann.Client.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/devs", """{"role":"member"}""")).Is(200);
        (await ann.Client.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/devs/members/{bob.Name}", "{}")).Is(200);
        (await ann.Client.SendJsonAsync("PUT", $"/api/v1/organization/{org}/robots/ci", """{"description":""}""")).Is(201);
        await ann.Client.PushImageAsync($"{org}/app", "v1");
        (await ann.Client.SendJsonAsync("PUT", $"/api/v1/repository/{org}/app/permissions/user/{bob.Name}", """{"role":"read"}""")).Is(200);
        (await ann.Client.SendAsync("DELETE", $"/api/v1/repository/{org}/app/permissions/user/{bob.Name}")).Is(204);
        (await ann.Client.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs/members/{bob.Name}")).Is(204);
        (await ann.Client.SendAsync("DELETE", $"/v2/{org}/app/manifests/v1")).Is(202);

        var logs = await AllAsync(ann.Client, $"/api/v1/organization/{org}/logs?changes=true&limit=3");

        Assert.Equal(["delete_tag", "org_remove_team_member", "delete_repo_permission", "change_repo_permission", "push_repo", "create_repo", "create_robot", "org_add_team_member", "org_create_team", "org_create"],
            logs.Select(static l => (string?)l["kind"]));
        Assert.Equal(bob.Name, (string?)logs.Single(static l => (string?)l["kind"] == "org_add_team_member")["metadata"]!["member"]);
        Assert.Equal((bob.Name, "read"), ((string?)logs.Single(static l => (string?)l["kind"] == "change_repo_permission")["metadata"]!["username"], (string?)logs.Single(static l => (string?)l["kind"] == "change_repo_permission")["metadata"]!["role"]));
        Assert.Equal("ci", (string?)logs.Single(static l => (string?)l["kind"] == "create_robot")["metadata"]!["robot"]);
        Assert.All(logs, l => Assert.Equal((ann.Name, "127.0.0.1"), ((string?)l["performer"]!["name"], (string?)l["ip"])));
        // By day and kind, as Quay's chart wants them.
        var counts = JsonNode.Parse((await ann.Client.ReadAsync($"/api/v1/organization/{org}/aggregatelogs")).Is(200).Text)!["aggregated"]!.AsArray();
        Assert.Equal(1, (int)counts.Single(static c => (string?)c!["kind"] == "push_repo")!["count"]!);
    }

    [Fact]
    public async Task What_was_refused_is_there_too()
    {
        var (ann, eve) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await ann.Client.PushImageAsync($"{ann.Name}/app", "v1");

        (await eve.Client.ReadAsync($"/v2/{ann.Name}/app/manifests/v1")).Is(403);
        (await eve.Client.SendAsync("POST", $"/v2/{ann.Name}/app/blobs/uploads/", [])).Is(403);
        (await eve.Client.SendAsync("DELETE", $"/v2/{ann.Name}/app/manifests/v1")).Is(403);
        (await eve.Client.ReadAsync("/api/v1/superuser/users/")).Is(403);
        (await ann.Client.ReadAsync($"/v2/{ann.Name}/app/manifests/none")).Is(404);

        var refused = await LogsAsync(registry.Client, $"/api/v1/superuser/logs?performer={eve.Name}&limit=100");
        Assert.Equal(["request_refused 403", "delete_tag_failed 403", "push_repo_failed 403", "pull_repo_failed 403"], refused.Select(static l => $"{l!["kind"]} {l["outcome"]}"));
        Assert.Equal("pull_repo_failed 404", (await LogsAsync(ann.Client, $"/api/v1/repository/{ann.Name}/app/logs?performer={ann.Name}&kinds=pull_repo_failed")).Select(static l => $"{l!["kind"]} {l["outcome"]}").Single());
    }

    [Fact]
    public async Task Signing_in_is_told_to_the_person_and_what_failed_to_the_registry()
    {
        var ann = await registry.CreateUserAsync();
        var browser = await Browser.SignedInAsync(registry, ann);
        await ann.Client.TokenAsync($"repository:{ann.Name}/app:pull");
        (await browser.SignInAsync(ann.Name, "not-it")).Is(403);
        (await registry.Anonymous.SendAsync("GET", "/v2/", null, Requests.Basic(ann.Name, "nor-this"))).Is(401);
        (await registry.Anonymous.SendAsync("GET", "/v2/auth?service=wharf", null, Requests.Basic(ann.Name, "nor-that"))).Is(401);

        Assert.Equal(["v2auth", "signin"], (await LogsAsync(ann.Client, "/api/v1/user/logs?kinds=login_success")).Select(static l => (string?)l!["metadata"]!["type"]));
        var failures = (await LogsAsync(registry.Client, "/api/v1/superuser/logs?kinds=login_failure&limit=100")).Where(l => (string?)l!["tried"] == ann.Name).ToList();
        Assert.Equal(["v2auth", "basic", "signin"], failures.Select(static l => (string?)l!["metadata"]!["type"]));
        Assert.DoesNotContain(failures, static l => l!.ToJsonString().Contains("not-it", StringComparison.Ordinal) || l.ToJsonString().Contains("nor-th", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_robots_pull_is_told_in_its_owners_logs_with_the_robots_name()
    {
        var ann = await registry.CreateUserAsync();
        await ann.Client.PushImageAsync($"{ann.Name}/app", "v1");
        var robot = (await ann.Client.SendJsonAsync("PUT", "/api/v1/user/robots/ci", """{"description":""}""")).Is(201).Json;
        (await ann.Client.SendJsonAsync("PUT", $"/api/v1/repository/{ann.Name}/app/permissions/user/{ann.Name}+ci", """{"role":"read"}""")).Is(200);
        using var client = registry.ClientFor($"{ann.Name}+ci", robot.GetProperty("token").GetString()!);
        (await client.ReadAsync($"/v2/{ann.Name}/app/manifests/v1")).Is(200);

        var pull = (await LogsAsync(ann.Client, $"/api/v1/user/logs?performer={Uri.EscapeDataString(ann.Name + "+ci")}"))[0]!;

        Assert.Equal(ann.Name, (string?)pull["metadata"]!["granted_by"]);
        Assert.Equal(("pull_repo", ann.Name + "+ci", true, "robot_token"),
            ((string?)pull["kind"], (string?)pull["performer"]!["name"], (bool)pull["performer"]!["is_robot"]!, (string?)pull["metadata"]!["auth_type"]));
    }

    [Fact]
    public async Task Reads_of_the_API_are_told_to_who_asks_for_them()
    {
        var ann = await registry.CreateUserAsync();
        (await ann.Client.ReadAsync("/api/v1/user/robots")).Is(200);

        Assert.DoesNotContain(await LogsAsync(ann.Client, "/api/v1/user/logs"), static l => (string?)l!["kind"] == "api_read");
        Assert.Contains(await LogsAsync(ann.Client, "/api/v1/user/logs?reads=true"), static l => (string?)l!["kind"] == "api_read" && (string?)l["metadata"]!["operation"] == "getUserRobots");
    }

    [Fact]
    public async Task Times_are_Quays_days_or_exact()
    {
        var ann = await registry.CreateUserAsync();
        await ann.Client.PushImageAsync($"{ann.Name}/app", "v1");
        var pushed = DateTimeOffset.Parse((string)(await LogsAsync(ann.Client, "/api/v1/user/logs?kinds=push_repo"))[0]!["at"]!, CultureInfo.InvariantCulture);
        var today = TimeProvider.System.GetUtcNow().ToString("MM/dd/yyyy", CultureInfo.InvariantCulture);

        Assert.NotEmpty(await LogsAsync(ann.Client, $"/api/v1/user/logs?starttime={today}&endtime={today}&kinds=push_repo"));
        Assert.Empty(await LogsAsync(ann.Client, "/api/v1/user/logs?starttime=01/01/2020&endtime=01/02/2020"));
        Assert.NotEmpty(await LogsAsync(ann.Client, $"/api/v1/user/logs?starttime={pushed:yyyy-MM-ddTHH:mm:ss.fffZ}&kinds=push_repo"));
        Assert.Empty(await LogsAsync(ann.Client, $"/api/v1/user/logs?starttime={pushed.AddMilliseconds(1):yyyy-MM-ddTHH:mm:ss.fffZ}&kinds=push_repo"));
        foreach (var wrong in (string[])["starttime=13/45/2026", "starttime=yesterday", "endtime=2026", "next_page=x", "next_page=1.2.3.4", "limit=0", "limit=1000", "digest=sha256:x", "starttime=01/02/2026&endtime=01/01/2026", "starttime=01/01/0001"])
            (await ann.Client.ReadAsync($"/api/v1/user/logs?{wrong}")).Is(400);
    }

    private static async Task<JsonArray> LogsAsync(HttpClient client, string path) => JsonNode.Parse((await client.ReadAsync(path)).Is(200).Text)!["logs"]!.AsArray();

    // All pages; what happens meanwhile moves none of them.
    private static async Task<List<JsonNode>> AllAsync(HttpClient client, string path)
    {
        var (all, next) = (new List<JsonNode>(), (string?)null);
        do
        {
            var page = JsonNode.Parse((await client.ReadAsync(next is null ? path : $"{path}&next_page={next}")).Is(200).Text)!;
            all.AddRange(page["logs"]!.AsArray().OfType<JsonNode>());
            next = (string?)page["next_page"];
            _ = await client.ReadAsync("/api/v1/user/");
        }
        while (next is not null);
        return all;
    }
}
