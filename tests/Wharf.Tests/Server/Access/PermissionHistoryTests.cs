using System.Globalization;
using System.Text.Json.Nodes;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Access;

/// <summary>What the engine answers of the past is what it answered then.</summary>
public sealed class PermissionHistoryTests(AuthorizationRegistry registry) : IClassFixture<AuthorizationRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task Each_chapter_of_a_story_is_told_later_as_it_was_told_then()
    {
        var (org, renamed) = (OrganizationRequests.NewName(), OrganizationRequests.NewName());
        var (ann, bob) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var repository = $"{org}/app";
        string[] subjects = [ann.Name, bob.Name, registry.User.Name, $"{org}+ci", $"{renamed}+ci", "anonymous()"];
        string[] repositories = [repository, $"{renamed}/app", $"{ann.Name}/own", $"{org}/none"];
        (string What, Func<Task> Happens)[] story =
        [
            ("nothing is there", () => Task.CompletedTask),
            ("an organization", () => Me.CreateOrganizationAsync(org)),
            ("a robot", () => registry.CreateRobotAsync(Me, org, "ci")),
            ("a repository", () => Me.CreateRepositoryAsync(org, "app")),
            ("a repository of her own", () => ann.Client.PushBlobAsync($"{ann.Name}/own", [1])),
            ("a grant", () => Me.GrantAsync(repository, ann.Name, "read")),
            ("a grant of more", () => Me.GrantAsync(repository, ann.Name, "admin")),
            ("a grant by another", () => ann.Client.GrantAsync(repository, bob.Name, "write")),
            ("a grant to the robot", () => Me.GrantAsync(repository, $"{org}+ci", "write")),
            ("a team", () => Me.CreateTeamAsync(org, "devs", "member", bob.Name, $"{org}+ci")),
            ("a grant to the team", () => Is(Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/team/devs", """{"role":"admin"}"""), 200)),
            ("the own grant is gone", () => Is(Me.SendAsync("DELETE", $"/api/v1/repository/{repository}/permissions/user/{bob.Name}"), 204)),
            ("the team makes repositories", () => Me.CreateTeamAsync(org, "devs", "creator")),
            ("the team administers", () => Me.CreateTeamAsync(org, "devs", "admin")),
            ("the team does no more", () => Me.CreateTeamAsync(org, "devs", "member")),
            ("public", () => Me.SetPublicAsync(repository, true)),
            ("read-only", () => Is(Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"READ_ONLY"}"""), 200)),
            ("normal", () => Is(Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"NORMAL"}"""), 200)),
            ("private", () => Me.SetPublicAsync(repository, false)),
            ("he leaves the team", () => Is(Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs/members/{bob.Name}"), 204)),
            ("the team goes", () => Is(Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs"), 204)),
            ("she is disabled", () => Is(registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{ann.Name}", """{"enabled":false}"""), 200)),
            ("and enabled", () => Is(registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{ann.Name}", """{"enabled":true}"""), 200)),
            ("he is a superuser", () => Is(registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{bob.Name}", """{"superuser":true}"""), 200)),
            ("deleted", () => Is(Me.SendAsync("DELETE", $"/api/v1/repository/{repository}"), 204)),
            ("restored", () => Is(Me.SendAsync("POST", $"/api/v1/repository/{repository}/restore"), 200)),
            ("another name", () => Is(registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/organizations/{org}", $$"""{"name":"{{renamed}}"}"""), 200)),
            ("the robot goes", () => Is(Me.SendAsync("DELETE", $"/api/v1/organization/{renamed}/robots/ci"), 204)),
            ("the organization goes", () => Is(Me.SendAsync("DELETE", $"/api/v1/organization/{renamed}"), 204)),
            ("she goes", () => Is(registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{ann.Name}"), 204)),
        ];
        var questions = (from s in subjects from r in repositories from a in (string[])["pull", "push"] select $"/api/v1/permission/explain?subject={Uri.EscapeDataString(s)}&repository={r}&action={a}").ToList();
        var told = new List<(string What, string At, List<string> Answers)>();
        foreach (var (what, happens) in story)
        {
            await happens();
            var at = Now();
            var answers = new List<string>();
            foreach (var question in questions)
                answers.Add(Plain(await registry.Client.ReadAsync(question)));
            told.Add((what, at, answers));
        }

        foreach (var (what, at, answers) in told)
            for (var i = 0; i < questions.Count; i++)
            {
                var again = Plain(await registry.Client.ReadAsync($"{questions[i]}&at={at}"));
                Assert.True(answers[i] == again, $"After '{what}' {questions[i]} was answered\n{answers[i]}\nand is now said to have been answered\n{again}");
            }
        Assert.True(told.Select(static t => string.Join('\n', t.Answers)).Distinct().Count() > story.Length * 3 / 4, "Most chapters change some answer.");
        await using var database = await registry.OpenDatabaseAsync();
        await HistoryIsWholeAsync(database);
    }

    [Fact]
    public async Task Who_got_an_old_name_learns_nothing_of_its_former_owner_and_who_gave_it_up_does()
    {
        var (org, renamed) = (OrganizationRequests.NewName(), OrganizationRequests.NewName());
        var (reader, heir) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await Me.CreateOrganizationAsync(org);
        await Me.CreateRepositoryAsync(org, "app");
        await Me.GrantAsync($"{org}/app", reader.Name, "read");
        var question = $"/api/v1/permission/explain?subject={reader.Name}&repository={org}/app&action=pull&at={Now()}";
        Assert.True((await Me.ReadAsync(question)).Is(200).Json.GetProperty("allowed").GetBoolean());
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/organizations/{org}", $$"""{"name":"{{renamed}}"}""")).Is(200);
        await heir.Client.CreateOrganizationAsync(org);
        await heir.Client.CreateRepositoryAsync(org, "app");

        (await heir.Client.ReadAsync(question)).Is(403);
        Assert.True((await Me.ReadAsync(question)).Is(200).Json.GetProperty("allowed").GetBoolean());
        Assert.Equal("user", (await reader.Client.ReadAsync(question)).Is(200).Json.GetProperty("decided_by").GetProperty("kind").GetString());
        (await (await registry.CreateUserAsync()).Client.ReadAsync(question)).Is(403);
        (await Me.SendAsync("DELETE", $"/api/v1/repository/{renamed}/app")).Is(204);
        Assert.True((await Me.ReadAsync(question)).Is(200).Json.GetProperty("allowed").GetBoolean());
        (await heir.Client.ReadAsync(question)).Is(403);
    }

    [Fact]
    public async Task Without_a_subject_one_asks_about_oneself()
    {
        var at = Now();
        var answer = (await Me.ReadAsync($"/api/v1/permission/explain?repository={registry.User.Name}/app&action=push&at={at}")).Is(200).Json;

        Assert.Equal((registry.User.Name, true, at), (answer.GetProperty("subject").GetString(), answer.GetProperty("allowed").GetBoolean(), answer.GetProperty("at").GetString()));
        Assert.StartsWith($"{registry.User.Name} could push:", answer.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains(answer.GetProperty("limits").Strings(), static l => l.StartsWith("Settings are taken as they are now", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_the_time_before_the_records_begin_it_says_so()
    {
        var answer = (await registry.Client.ReadAsync($"/api/v1/permission/explain?subject=anonymous()&repository={registry.User.Name}/app&action=pull&at=2001-01-01T00:00:00%2B01:00")).Is(200).Json;

        Assert.False(answer.GetProperty("allowed").GetBoolean());
        Assert.Equal("2000-12-31T23:00:00.000Z", answer.GetProperty("at").GetString());
        Assert.Contains(answer.GetProperty("limits").Strings(), static l => l.StartsWith("Changes are recorded since", StringComparison.Ordinal));
        (await registry.Client.ReadAsync($"/api/v1/permission/explain?subject={registry.User.Name}&repository={registry.User.Name}/app&action=pull&at=2001-01-01T00:00:00Z")).Is(404);
    }

    [Theory]
    [InlineData("2999-01-01T00:00:00Z"), InlineData("yesterday"), InlineData("2026-13-01T00:00:00Z"), InlineData("1790000000"), InlineData("2026-01-01T00:00:00Z%00"), InlineData("01/02/2020")]
    public async Task What_is_no_past_time_is_400(string at) =>
        (await Me.ReadAsync($"/api/v1/permission/explain?repository={registry.User.Name}/app&action=pull&at={at}")).Is(400);

    /// <summary>What is current in the history is what is in the tables.</summary>
    internal static async Task HistoryIsWholeAsync(System.Data.Common.DbConnection database)
    {
        foreach (var (table, columns) in ((string, string)[])[
            ("namespace", "id, name, kind, deleted_ms"), ("account", "id, superuser, enabled, verified"), ("robot", "id, namespace_id, expires_ms"), ("team", "id, namespace_id, name, role"),
            ("team_member", "team_id, account_id"), ("repository", "id, namespace_id, name, public, state, deleted_ms"),
            ("account_grant", "namespace_id, repository_id, account_id, role, granted_by, granted_ms"), ("team_grant", "namespace_id, repository_id, team_id, role, granted_by, granted_ms")])
        {
            var now = $"SELECT {columns} FROM {table}";
            var kept = $"SELECT {columns} FROM {table}_history WHERE to_ms IS NULL";
            Assert.True(0L.Equals(Convert.ToInt64(await FirstSchema.ScalarAsync(database, $"SELECT (SELECT count(*) FROM ({now}) a) - (SELECT count(*) FROM ({kept}) b)"), CultureInfo.InvariantCulture)), $"{table} has as many rows as its history.");
            Assert.True(0L.Equals(Convert.ToInt64(await FirstSchema.ScalarAsync(database, $"SELECT count(*) FROM ({now} EXCEPT {kept}) d"), CultureInfo.InvariantCulture)), $"{table} has no row that its history has not.");
        }
    }

    // What was to be said then, without what is only said of the past.
    private static string Plain(Answer answer)
    {
        if ((int)answer.Status != 200)
            return ((int)answer.Status).ToString(CultureInfo.InvariantCulture);
        var json = JsonNode.Parse(answer.Body)!.AsObject();
        json.Remove("at");
        json["limits"] = new JsonArray([.. json["limits"]!.AsArray().Select(static l => l!.GetValue<string>()).Where(static l => !l.StartsWith("Settings are", StringComparison.Ordinal)).Select(static l => JsonValue.Create(l))]);
        json["reason"] = json["reason"]!.GetValue<string>().Replace(" could ", " may ", StringComparison.Ordinal).Replace(", as it was then", "", StringComparison.Ordinal);
        return json.ToJsonString();
    }

    private static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static async Task Is(Task<Answer> answer, int status) => (await answer).Is(status);
}
