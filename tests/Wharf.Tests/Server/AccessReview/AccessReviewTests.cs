using System.Text.Json;
using System.Text.RegularExpressions;
using Wharf.Server.AccessReview;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.AccessReview;

/// <summary>Who has access to what, as whoever reviews it is told.</summary>
public sealed partial class AccessReviewTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task Every_way_of_access_is_listed_with_who_gave_it_and_when()
    {
        var (org, member, guest) = await FillAsync();

        var answer = (await Me.ReadAsync(Path(org))).Is(200);

        Assert.All(answer.Json.GetProperty("access").EnumerateArray().Where(static e => e.GetProperty("granted_at").ValueKind == JsonValueKind.String), static e => Assert.Equal(0, e.GetProperty("age_days").GetInt64()));
        (answer with { Body = System.Text.Encoding.UTF8.GetBytes(Masked(answer.Text)) }).Shows("""
            {"access":[
              {"namespace":"{org}","repository":null,"subject":"{me}","subject_kind":"user","kind":"team_role","role":"admin","via":"owners","granted_by":null,"granted_at":"when","age_days":0,"last_used":"used","disabled":false},
              {"namespace":"{org}","repository":null,"subject":"{member}","subject_kind":"user","kind":"team_role","role":"creator","via":"makers","granted_by":null,"granted_at":"when","age_days":0,"last_used":"used","disabled":false},
              {"namespace":"{org}","repository":"app","subject":"{me}","subject_kind":"user","kind":"grant","role":"admin","via":null,"granted_by":"{me}","granted_at":"when","age_days":0,"last_used":"used","disabled":false},
              {"namespace":"{org}","repository":"app","subject":"{guest}","subject_kind":"user","kind":"grant","role":"read","via":null,"granted_by":"{me}","granted_at":"when","age_days":0,"last_used":"used","disabled":true},
              {"namespace":"{org}","repository":"app","subject":"{org}+ci","subject_kind":"robot","kind":"grant","role":"write","via":null,"granted_by":"{me}","granted_at":"when","age_days":0,"last_used":"used","disabled":false},
              {"namespace":"{org}","repository":"app","subject":"{member}","subject_kind":"user","kind":"team_grant","role":"write","via":"devs","granted_by":"{me}","granted_at":"when","age_days":0,"last_used":"used","disabled":false},
              {"namespace":"{org}","repository":"app","subject":"{org}+ci","subject_kind":"robot","kind":"team_grant","role":"write","via":"devs","granted_by":"{me}","granted_at":"when","age_days":0,"last_used":"used","disabled":false}]}
            """, ("org", org), ("me", registry.User.Name), ("member", member.Name), ("guest", guest.Name));
    }

    [Fact]
    public async Task Pages_one_by_one_are_the_whole()
    {
        var (org, _, _) = await FillAsync();
        var whole = (await Me.ReadAsync(Path(org))).Is(200).Json.GetProperty("access").EnumerateArray().Select(static e => Masked(e.GetRawText())).ToList();
        var rows = new List<string>();
        string? next = null;
        do
        {
            var page = (await Me.ReadAsync($"{Path(org)}?limit=1&next_page={next}")).Is(200).Json;
            rows.Add(Masked(page.GetProperty("access").EnumerateArray().Single().GetRawText()));
            next = page.TryGetProperty("next_page", out var token) ? token.GetString() : null;
        }
        while (next is not null);

        Assert.Equal(whole, rows);
    }

    [Fact]
    public async Task As_csv_it_comes_whole()
    {
        var (org, _, guest) = await FillAsync();
        // More than one page of what is read at a time; those are no robots that anybody could sign in as.
        await RunAsync($"""
            INSERT INTO namespace (name, kind, created_ms) WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 2500) SELECT '{org}+many' || n, 'robot', 1 FROM i;
            INSERT INTO account_grant SELECT r.namespace_id, r.id, s.id, 1, r.namespace_id, 1 FROM repository r JOIN namespace o ON o.id = r.namespace_id, namespace s WHERE o.name = '{org}' AND s.name LIKE '{org}+many%';
            """);

        var answer = (await Me.ReadAsync(Path(org) + "?format=csv")).Is(200);

        Assert.Equal("text/csv", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Matches($"^attachment; filename=\"access-{org}-[0-9-]+\\.csv\"$", answer.Header("Content-Disposition"));
        var lines = answer.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("namespace,repository,subject,subject_kind,kind,role,via,granted_by,granted_at,age_days,last_used,disabled", lines[0]);
        Assert.Equal(1 + 7 + 2500, lines.Length);
        Assert.Equal(lines.Length, lines.Distinct().Count());
        Assert.Contains(lines, l => Regex.IsMatch(l, $@"^{org},app,{guest.Name},user,grant,read,,{registry.User.Name},[0-9TZ:-]+,0,[0-9TZ:-]*,true$"));
    }

    [Fact]
    public async Task Who_was_not_used_for_so_long_can_be_asked_for()
    {
        var (org, member, guest) = await FillAsync();
        // Both were made a year ago; one of them was here the day before yesterday.
        await RunAsync($"UPDATE namespace SET created_ms = 1 WHERE name IN ('{member.Name}', '{guest.Name}'); UPDATE account SET last_used_ms = NULL WHERE id = (SELECT id FROM namespace WHERE name = '{guest.Name}')");
        await RunAsync($"UPDATE account SET last_used_ms = {TimeProvider.System.GetUtcNow().AddDays(-2).ToUnixTimeMilliseconds()} WHERE id = (SELECT id FROM namespace WHERE name = '{member.Name}')");

        Assert.Equal([guest.Name], await SubjectsAsync(90));
        Assert.Equal([member.Name, guest.Name], await SubjectsAsync(1));

        async Task<string[]> SubjectsAsync(int days) =>
            [.. (await Me.ReadAsync($"{Path(org)}?unused_days={days}")).Is(200).Json.GetProperty("access").EnumerateArray().Select(static e => e.GetProperty("subject").GetString()!).Distinct()];
    }

    [Fact]
    public async Task A_superuser_reviews_the_registry_with_the_owners_of_namespaces()
    {
        var (org, _, _) = await FillAsync();
        var owner = await registry.CreateUserAsync();
        await owner.Client.PushBlobAsync($"{owner.Name}/app", [1]);

        var lines = (await registry.Client.ReadAsync("/api/v1/superuser/accessreview?format=csv")).Is(200).Text.Split("\r\n");

        Assert.Equal(7, lines.Count(l => l.StartsWith(org + ",", StringComparison.Ordinal)));
        Assert.Single(lines, l => l.StartsWith($"{owner.Name},,{owner.Name},user,namespace_owner,admin,,,,,", StringComparison.Ordinal));
        (await Me.ReadAsync("/api/v1/superuser/accessreview")).Is(403);
        (await owner.Client.ReadAsync(Path(org))).Is(403);
    }

    [Theory]
    [InlineData("next_page=1"), InlineData("next_page=4.0.0.0.0"), InlineData("next_page=0.0.0.0.-1"), InlineData("next_page=0.0.0.0.99999999999999999999"), InlineData("limit=0"), InlineData("limit=1001"), InlineData("limit=x"),
     InlineData("unused_days=-1"), InlineData("unused_days=36501"), InlineData("format=xml"), InlineData("sort=role")]
    public async Task What_is_no_question_is_400(string query) => (await registry.Client.ReadAsync($"/api/v1/superuser/accessreview?{query}")).Is(400);

    [Theory]
    [InlineData("plain", "plain"), InlineData("=1+1", "'=1+1"), InlineData("+a", "'+a"), InlineData("-a", "'-a"), InlineData("@a", "'@a"), InlineData("\ta", "'\ta"), InlineData("a,b", "\"a,b\""), InlineData("=\"a\"", "\"'=\"\"a\"\"\""), InlineData("", ""), InlineData("a\nb", "\"a\nb\"")]
    public void No_cell_is_a_formula(string text, string cell) => Assert.Equal(cell, ReviewCsv.Cell(text));

    private async Task<(string Org, Account Member, Account Guest)> FillAsync()
    {
        var (org, member, guest) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await registry.CreateRobotAsync(Me, org, "ci");
        await Me.CreateTeamAsync(org, "makers", "creator", member.Name);
        await Me.CreateTeamAsync(org, "devs", "member", member.Name, $"{org}+ci");
        await Me.CreateRepositoryAsync(org, "app");
        await Me.CreateRepositoryAsync(org, "gone");
        await Me.GrantAsync($"{org}/app", guest.Name, "read");
        await Me.GrantAsync($"{org}/gone", guest.Name, "read");
        await Me.GrantAsync($"{org}/app", $"{org}+ci", "write");
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{org}/app/permissions/team/devs", """{"role":"write"}""")).Is(200);
        (await Me.SendAsync("DELETE", $"/api/v1/repository/{org}/gone")).Is(204);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{guest.Name}", """{"enabled":false}""")).Is(200);
        return (org, member, guest);
    }

    private async Task RunAsync(string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await FirstSchema.ExecuteAsync(database, sql);
    }

    private static string Path(string org) => $"/api/v1/organization/{org}/accessreview";

    // When something was used last is written now and then.
    private static string Masked(string json) => Used().Replace(Time().Replace(json, "\"when\""), "\"last_used\":\"used\"");

    [GeneratedRegex("\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z\"", RegexOptions.None, 1000)]
    private static partial Regex Time();

    [GeneratedRegex("\"last_used\":(null|\"when\")", RegexOptions.None, 1000)]
    private static partial Regex Used();
}
