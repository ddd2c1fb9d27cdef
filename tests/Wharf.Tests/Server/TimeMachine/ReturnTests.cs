using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.TimeMachine;

/// <summary>Deleted repositories and organizations come back, also under a new name, and windows say for how long.</summary>
public sealed class ReturnTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task A_deleted_repository_comes_back_under_a_new_name_beside_the_one_that_has_its_own()
    {
        var (repository, friend) = (registry.NewRepository(), await registry.CreateUserAsync());
        var image = await Me.PushImageAsync(repository, "v1");
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{friend.Name}", """{"role":"read"}""")).Is(200);
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}", """{"description":"the old one"}""")).Is(200);
        (await Me.SendAsync("DELETE", $"/api/v1/repository/{repository}")).Is(204);
        var other = await Me.PushImageAsync(repository, "v1");
        var back = registry.NewRepository();
        var restore = $"/api/v1/repository/{repository}/restore";

        (await Me.SendJsonAsync("POST", restore, "{}")).Is(400);
        (await Me.SendJsonAsync("POST", restore, NewName(repository[(registry.User.Name.Length + 1)..]))).Is(400);
        foreach (var bad in (string[])["", "UPPER", "a/../b", "a\\u0000", new string('x', 300), "/a"])
            (await Me.SendJsonAsync("POST", restore, NewName(bad))).Is(400);
        (await Me.SendJsonAsync("POST", restore, """{"new_name":1}""")).Is(400);
        (await Me.SendJsonAsync("POST", restore, NewName(back[(registry.User.Name.Length + 1)..]))).Is(200);

        Assert.Equal(image.Manifest, (await friend.Client.ReadAsync($"/v2/{back}/manifests/v1")).Is(200).Body);
        Assert.Equal("the old one", (await Me.ReadAsync($"/api/v1/repository/{back}")).Is(200).Json.GetProperty("description").GetString());
        Assert.Equal(other.Manifest, (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
        (await friend.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(403);
        var log = Assert.Single((await Me.ReadAsync($"/api/v1/repository/{back}/logs?kinds=restore_repo")).Is(200).Json.GetProperty("logs").EnumerateArray());
        Assert.Equal(repository, log.GetProperty("metadata").GetProperty("former_name").GetString());
        (await Me.SendJsonAsync("POST", restore, "{}")).Is(404);
    }

    [Fact]
    public async Task A_deleted_organization_comes_back_under_a_new_name_with_teams_robots_repositories_and_settings()
    {
        var (company, member) = (await Company.CreateAsync(registry, registry.User), await registry.CreateUserAsync());
        await company.AddTeamAsync("readers", "member", member.Name);
        var repository = await company.AddRepositoryAsync(registry.User);
        var image = await Me.PushImageAsync(repository, "v1");
        var path = $"/api/v1/organization/{company.Name}";
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/team/readers", """{"role":"read"}""")).Is(200);
        var token = (await Me.SendAsync("PUT", $"{path}/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{company.Name}+ci", """{"role":"write"}""")).Is(200);
        (await Me.SendJsonAsync("PUT", path, """{"tag_expiration_s":86400}""")).Is(200);
        (await Me.SendAsync("DELETE", path)).Is(204);
        // A new one takes its place, with a robot of that name.
        (await Me.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{company.Name}}"}""")).Is(201);
        (await Me.SendAsync("PUT", $"{path}/robots/ci")).Is(201);
        var (back, taken) = (Company.NewName("org"), (await Company.CreateAsync(registry, registry.User)).Name);

        (await Me.SendAsync("POST", $"{path}/restore", [])).Is(400);
        (await Me.SendJsonAsync("POST", $"{path}/restore", NewName(taken))).Is(400);
        (await Me.SendJsonAsync("POST", $"{path}/restore", NewName("No Such Name"))).Is(400);
        (await member.Client.SendJsonAsync("POST", $"{path}/restore", NewName(back))).Is(404);
        (await Me.SendJsonAsync("POST", $"{path}/restore", NewName(back))).Is(204);

        var moved = back + repository[company.Name.Length..];
        Assert.Equal(image.Manifest, (await member.Client.ReadAsync($"/v2/{moved}/manifests/v1")).Is(200).Body);
        Assert.Equal(86400, (await Me.ReadAsync($"/api/v1/organization/{back}")).Is(200).Json.GetProperty("tag_expiration_s").GetInt32());
        await registry.ClientFor($"{back}+ci", token).PushImageAsync(moved, "v2");
        (await registry.ClientFor($"{company.Name}+ci", token).ReadAsync($"/v2/{moved}/manifests/v1")).Is(401);
        (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404);
        var log = Assert.Single((await Me.ReadAsync($"/api/v1/organization/{back}/logs?kinds=org_restore")).Is(200).Json.GetProperty("logs").EnumerateArray());
        Assert.Equal(company.Name, log.GetProperty("metadata").GetProperty("former_name").GetString());
    }

    // Whoever deleted a namespace may have it back; nobody takes its name through a restoration meanwhile.
    [Fact]
    public async Task A_name_that_is_kept_for_somebody_is_not_taken_by_a_restoration()
    {
        var other = await registry.CreateUserAsync();
        var (kept, mine) = (await Company.CreateAsync(registry, other), await Company.CreateAsync(registry, registry.User));
        (await other.Client.SendAsync("DELETE", $"/api/v1/organization/{kept.Name}")).Is(204);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{mine.Name}")).Is(204);

        (await Me.SendJsonAsync("POST", $"/api/v1/organization/{mine.Name}/restore", NewName(kept.Name))).Is(400);
        (await Me.SendJsonAsync("POST", $"/api/v1/organization/{mine.Name}/restore", NewName(other.Name))).Is(400);

        (await Me.SendAsync("POST", $"/api/v1/organization/{mine.Name}/restore", [])).Is(204);
    }

    [Fact]
    public async Task What_the_collector_has_begun_to_take_does_not_come_back()
    {
        var company = await Company.CreateAsync(registry, registry.User);
        var repository = await company.AddRepositoryAsync(registry.User);
        (await Me.SendAsync("DELETE", $"/api/v1/repository/{repository}")).Is(204);
        await Company.OneAsync(registry, $"UPDATE repository SET purge_ms = 1 WHERE namespace_id = {company.Id} RETURNING 1");

        (await Me.SendAsync("POST", $"/api/v1/repository/{repository}/restore", [])).Is(404);
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{company.Name}/deletedrepositories")).Is(200).Json.GetProperty("repositories").EnumerateArray());

        (await Me.SendAsync("DELETE", $"/api/v1/organization/{company.Name}")).Is(204);
        await Company.OneAsync(registry, $"UPDATE namespace SET purge_ms = 1 WHERE id = {company.Id} RETURNING 1");
        (await Me.SendAsync("POST", $"/api/v1/organization/{company.Name}/restore", [])).Is(404);
        Assert.DoesNotContain(company.Name, (await Me.ReadAsync("/api/v1/user/deletedorganizations")).Is(200).Json.GetProperty("organizations").EnumerateArray().Select(static o => o.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task What_is_deleted_is_looked_at_when_its_window_is_over()
    {
        var (company, person) = (await Company.CreateAsync(registry, registry.User), await registry.CreateUserAsync());
        var repository = await company.AddRepositoryAsync(registry.User);
        var id = await Company.OneAsync(registry, $"SELECT id FROM repository WHERE namespace_id = {company.Id}");
        var personId = await Company.OneAsync(registry, $"SELECT id FROM namespace WHERE name = '{person.Name}'");

        (await Me.SendAsync("DELETE", $"/api/v1/repository/{repository}")).Is(204);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{company.Name}")).Is(204);
        (await person.Client.SendAsync("DELETE", "/api/v1/user/")).Is(204);

        const string InTwoWeeks = "due_ms - (SELECT max(at_ms) FROM event) BETWEEN 1209600000 - 60000 AND 1209600000 + 60000";
        Assert.Equal(1, await Company.OneAsync(registry, $"SELECT count(*) FROM gc_review WHERE kind = 'repository' AND repository_id = {id} AND {InTwoWeeks}"));
        Assert.Equal(1, await Company.OneAsync(registry, $"SELECT count(*) FROM gc_review WHERE kind = 'namespace' AND namespace_id = {company.Id} AND {InTwoWeeks}"));
        Assert.Equal(1, await Company.OneAsync(registry, $"SELECT count(*) FROM gc_review WHERE kind = 'namespace' AND namespace_id = {personId} AND {InTwoWeeks}"));
    }

    [Fact]
    public async Task A_window_is_any_number_of_seconds_up_to_the_registrys_longest_and_a_shorter_one_has_all_looked_at_anew()
    {
        var company = await Company.CreateAsync(registry, registry.User);
        var path = $"/api/v1/organization/{company.Name}";

        foreach (var (seconds, reviews) in new[] { (1_209_600L, 0), (63_072_000, 0), (90_061, 1), (0, 2), (2_419_200, 2) })
        {
            Assert.Equal(seconds, (await Me.SendJsonAsync("PUT", path, $$"""{"tag_expiration_s":{{seconds}}}""")).Is(200).Json.GetProperty("tag_expiration_s").GetInt64());
            Assert.Equal(reviews, await Company.OneAsync(registry, $"SELECT count(*) FROM gc_review WHERE kind = 'namespace' AND namespace_id = {company.Id}"));
        }
        foreach (var bad in (string[])["63072001", "-1", "1.5", "\"1d\"", "9223372036854775808"])
            (await Me.SendJsonAsync("PUT", path, $$"""{"tag_expiration_s":{{bad}}}""")).Is(400);
        (await Me.SendJsonAsync("PUT", path, """{"email":"billing@example.test"}""")).Is(200);
        var logs = (await Me.ReadAsync($"{path}/logs?kinds=org_change_tag_expiration")).Is(200).Json.GetProperty("logs");
        Assert.Equal(4, logs.GetArrayLength());
        Assert.Equal((2_419_200, 0), (logs[0].GetProperty("metadata").GetProperty("tag_expiration_s").GetInt32(), logs[0].GetProperty("metadata").GetProperty("former_tag_expiration_s").GetInt32()));
    }

    [Fact]
    public async Task People_have_a_window_too()
    {
        var person = await registry.CreateUserAsync();
        var id = await Company.OneAsync(registry, $"SELECT id FROM namespace WHERE name = '{person.Name}'");

        Assert.Equal(3600, (await person.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"tag_expiration_s":3600}""")).Is(200).Json.GetProperty("tag_expiration_s").GetInt32());
        (await person.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"tag_expiration_s":63072001}""")).Is(400);

        Assert.Equal(1, await Company.OneAsync(registry, $"SELECT count(*) FROM gc_review WHERE kind = 'namespace' AND namespace_id = {id}"));
        var log = Assert.Single((await person.Client.ReadAsync("/api/v1/user/logs?kinds=user_change_tag_expiration")).Is(200).Json.GetProperty("logs").EnumerateArray());
        Assert.Equal(3600, log.GetProperty("metadata").GetProperty("tag_expiration_s").GetInt32());
        Assert.Equal(["0s", "1d", "1w", "2w", "4w"], (await registry.Anonymous.ReadAsync("/config")).Is(200).Json.GetProperty("config").GetProperty("TAG_EXPIRATION_OPTIONS").Strings());
    }

    private static string NewName(string name) => $$"""{"new_name":"{{name}}"}""";
}
