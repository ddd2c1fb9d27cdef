using System.Data.Common;
using System.Text.Json;

namespace Wharf.Tests.Server.Organizations;

/// <summary>Large organizations, many at once, and what is told of it afterwards.</summary>
public sealed class CrowdedOrganizationTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task Lists_of_more_people_than_a_page_holds_go_on_where_they_ended()
    {
        var org = await Me.CreateOrganizationAsync();
        await Me.CreateTeamAsync(org, "devs", "member");
        await Me.CreateRepositoryAsync(org, "app");
        await using (var database = await registry.OpenDatabaseAsync())
        {
            await ExecuteAsync(database, """
                INSERT INTO namespace (name, kind, created_ms)
                WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 2010) SELECT @org || '-' || CAST(i AS TEXT), 'user', 0 FROM s
                """, org);
            await ExecuteAsync(database, """
                INSERT INTO team_member (team_id, account_id)
                SELECT (SELECT t.id FROM team t JOIN namespace o ON o.id = t.namespace_id WHERE o.name = @org AND t.name = 'devs'), n.id FROM namespace n WHERE n.name LIKE @org || '-1%'
                """, org);
            await ExecuteAsync(database, """
                INSERT INTO account_grant (namespace_id, repository_id, account_id, role, granted_by, granted_ms)
                SELECT r.namespace_id, r.id, n.id, 1, n.id, 0 FROM repository r JOIN namespace o ON o.id = r.namespace_id AND o.name = @org, namespace n WHERE n.name LIKE @org || '-%'
                """, org);
        }

        var members = await AllAsync($"/api/v1/organization/{org}/members", "members");
        var team = await AllAsync($"/api/v1/organization/{org}/team/devs/members", "members");
        var collaborators = await AllAsync($"/api/v1/organization/{org}/collaborators", "collaborators");

        // 1, 10 to 19, 100 to 199 and 1000 to 1999 are in the team.
        Assert.Equal((2, 1112, 1112), (members.Pages, members.Names.Count, members.Names.Distinct().Count()));
        Assert.Equal((2, 1111, 1111), (team.Pages, team.Names.Count, team.Names.Distinct().Count()));
        Assert.Equal((1, 2010 - 1111), (collaborators.Pages, collaborators.Names.Distinct().Count()));
        Assert.Empty(collaborators.Names.Intersect(members.Names));
    }

    [Fact]
    public async Task A_list_takes_no_order_and_no_page_that_it_did_not_give()
    {
        var org = await Me.CreateOrganizationAsync();

        foreach (var path in (string[])[$"/api/v1/organization/{org}/members", $"/api/v1/organization/{org}/collaborators", $"/api/v1/organization/{org}/team/owners/members",
            $"/api/v1/organization/{org}/team/owners/permissions", "/api/v1/user/teaminvites", "/api/v1/user/deletedorganizations"])
        {
            (await Me.ReadAsync(path)).Is(200);
            foreach (var query in (string[])["sort=password", "fields=email", "next_page=-1", "next_page=%00"])
                (await Me.ReadAsync($"{path}?{query}")).Is(400);
        }
    }

    [Fact]
    public async Task Of_many_who_want_one_name_at_the_same_moment_one_gets_it()
    {
        var name = OrganizationRequests.NewName();
        var people = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => registry.CreateUserAsync()));

        var answers = await Task.WhenAll(people.Select(p => p.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}"}""")));

        Assert.Single(answers, static a => (int)a.Status == 201);
        Assert.Equal(7, answers.Count(static a => (int)a.Status == 400));
    }

    [Fact]
    public async Task A_name_is_either_restored_or_taken_anew_but_not_both()
    {
        for (var i = 0; i < 5; i++)
        {
            var org = await Me.CreateOrganizationAsync();
            (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);

            var answers = await Task.WhenAll(Me.SendAsync("POST", $"/api/v1/organization/{org}/restore"), Me.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}"}"""));

            Assert.Single(answers, static a => a.Status < System.Net.HttpStatusCode.BadRequest);
            Assert.Single(answers, static a => (int)a.Status == 400);
        }
    }

    [Fact]
    public async Task Every_change_leaves_an_event_that_says_who_made_it()
    {
        var (org, member) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "member", member.Name);
        await Me.CreateTeamAsync(org, "devs", "creator");
        (await Me.SendJsonAsync("PUT", $"/api/v1/organization/{org}", """{"email":"a\"b@example.test","tag_expiration_s":86400}""")).Is(200);
        var prototype = (await Me.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes", """{"role":"read","delegate":{"name":"devs","kind":"team"}}""")).Is(200).Json.GetProperty("id").GetString();
        (await Me.SendJsonAsync("PUT", $"/api/v1/organization/{org}/prototypes/{prototype}", """{"role":"write"}""")).Is(200);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/prototypes/{prototype}")).Is(204);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs/members/{member.Name}")).Is(204);
        await Me.CreateTeamAsync(org, "devs", "creator", member.Name);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{member.Name}")).Is(204);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs")).Is(204);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);
        (await Me.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(204);

        var events = new List<(string Kind, JsonElement Payload)>();
        long me;
        await using (var database = await registry.OpenDatabaseAsync())
        {
            await using var command = Command(database, "SELECT e.kind, e.payload FROM event e JOIN namespace n ON n.id = e.namespace_id WHERE n.name = @org ORDER BY e.id", org);
            await using (var rows = await command.ExecuteReaderAsync(Ct))
                while (await rows.ReadAsync(Ct))
                    events.Add((rows.GetString(0), JsonDocument.Parse(rows.GetString(1)).RootElement));
            await using var mine = Command(database, "SELECT id FROM namespace WHERE name = @org", registry.User.Name);
            me = (long)(await mine.ExecuteScalarAsync(Ct))!;
        }

        Assert.Equal(
        [
            "organization.created", "team.created", "team.member_added", "team.changed", "organization.changed", "organization.prototype_created", "organization.prototype_changed",
            "organization.prototype_deleted", "team.member_removed", "team.changed", "team.member_added", "team.person_removed", "team.deleted", "organization.deleted", "organization.restored",
        ], events.Select(static e => e.Kind));
        Assert.All(events, e => Assert.Equal(me, e.Payload.GetProperty("by").GetInt64()));
    }

    private async Task<(int Pages, List<string> Names)> AllAsync(string path, string member)
    {
        var (pages, names, next) = (0, new List<string>(), "");
        do
        {
            var page = (await Me.ReadAsync(next.Length == 0 ? path : $"{path}?next_page={next}")).Is(200).Json;
            names.AddRange(page.GetProperty(member).EnumerateArray().Select(static m => m.GetProperty("name").GetString()!));
            next = page.TryGetProperty("next_page", out var token) ? token.GetString()! : "";
            pages++;
        }
        while (next.Length > 0);
        return (pages, names);
    }

    private static async Task ExecuteAsync(DbConnection database, string sql, string org)
    {
        await using var command = Command(database, sql, org);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static DbCommand Command(DbConnection database, string sql, string org)
    {
        var command = database.CreateCommand();
        command.CommandText = sql;
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = ("org", org);
        command.Parameters.Add(parameter);
        return command;
    }
}
