using System.Text.Json;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Persons;

/// <summary>What is stored about a person: given out, and erased.</summary>
public sealed class PersonTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _owner = registry.UserClient;

    [Fact]
    public async Task What_is_stored_about_a_person_is_written_to_files()
    {
        var (person, org, directory) = (await registry.CreateUserAsync(), await _owner.CreateOrganizationAsync(), NewDirectory());
        await _owner.CreateTeamAsync(org, "devs", "member", person.Name);
        await _owner.PushImageAsync($"{org}/app", "v1");
        await _owner.GrantAsync($"{org}/app", person.Name, "write");
        (await person.Client.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(200);
        (await person.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201);
        var token = (await person.Client.SendJsonAsync("POST", "/api/v1/user/apptoken", """{"title":"laptop"}""")).Is(200).Json.GetProperty("token").GetProperty("token_code").GetString()!;
        await person.Client.PushImageAsync($"{person.Name}/own", "v1");
        (await person.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"family_name":"O'Neil"}""")).Is(200);
        (await person.Client.SendJsonAsync("POST", "/api/v1/user/starred", $$"""{"namespace":"{{org}}","repository":"app"}""")).Is(201);

        var finished = await RunAsync("person", "export", person.Name, "--to", directory);

        Assert.True(finished.Code == 0, finished.Errors);
        Assert.Equal(person.Name, Read(directory, "account")[0].GetProperty("name").GetString());
        Assert.Equal($"{person.Name}@example.test", Read(directory, "account")[0].GetProperty("email").GetString());
        Assert.Equal("O'Neil", Read(directory, "account")[0].GetProperty("family_name").GetString());
        Assert.Equal((org, "devs"), (Read(directory, "memberships")[0].GetProperty("organization").GetString(), Read(directory, "memberships")[0].GetProperty("team").GetString()));
        Assert.Equal("app", Read(directory, "grants")[0].GetProperty("repository").GetString());
        Assert.Equal("ci", Read(directory, "robots")[0].GetProperty("name").GetString());
        Assert.Equal("laptop", Read(directory, "app_tokens")[0].GetProperty("title").GetString());
        Assert.Equal("own", Read(directory, "repositories")[0].GetProperty("name").GetString());
        Assert.Equal("app", Read(directory, "stars")[0].GetProperty("repository").GetString());
        var entries = File.ReadAllLines(Path.Combine(directory, "audit.jsonl")).Select(static l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Contains(entries, static e => e.GetProperty("kind").GetString() == "pull_repo");
        Assert.Contains(entries, e => e.GetProperty("kind").GetString() == "create_robot" && e.GetProperty("person").GetProperty("name").GetString() == person.Name);
        Assert.Contains(entries, static e => e.GetProperty("kind").GetString() == "org_add_team_member" && !e.GetProperty("by_this_person").GetBoolean() && e.GetProperty("person").ValueKind == JsonValueKind.Null);
        foreach (var file in Directory.GetFiles(directory))
        {
            Assert.DoesNotContain(token, File.ReadAllText(file), StringComparison.Ordinal);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
        Assert.Contains("not empty", (await RunAsync("person", "export", person.Name, "--to", directory)).Errors, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("person", "export", "nobody1", "--to", NewDirectory())).Code);
    }

    [Fact]
    public async Task An_erased_person_is_a_number_and_what_they_made_in_organizations_stays()
    {
        var (person, org) = (await registry.CreateUserAsync(), await _owner.CreateOrganizationAsync());
        await _owner.CreateTeamAsync(org, "devs", "creator", person.Name);
        var image = await person.Client.PushImageAsync($"{org}/app", "v1");
        (await person.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201);
        await person.Client.PushImageAsync($"{person.Name}/own", "v1");
        (await person.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"given_name":"{{person.Name}}"}""")).Is(200);

        var refused = await RunAsync("person", "erase", person.Name);
        Assert.Equal(1, refused.Code);
        Assert.Contains("--with-repositories", refused.Errors, StringComparison.Ordinal);
        (await person.Client.ReadAsync($"/v2/{person.Name}/own/manifests/v1")).Is(200);

        var erased = await RunAsync("person", "erase", person.Name, "--with-repositories");

        Assert.True(erased.Code == 0, erased.Errors);
        (await person.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await _owner.ReadAsync($"/v2/{org}/app/manifests/{image.Digest}")).Is(200);
        var logs = (await _owner.ReadAsync($"/api/v1/organization/{org}/logs?limit=100")).Is(200);
        Assert.Contains("push_repo", logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(person.Name, logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(person.Name, (await _owner.ReadAsync($"/api/v1/organization/{org}/team/devs/members")).Is(200).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(person.Name, (await registry.Client.ReadAsync("/api/v1/superuser/logs?limit=100")).Is(200).Text, StringComparison.Ordinal);
        Assert.Equal([], await PlacesAsync(person.Name));
        var verified = await RunAsync("audit", "verify");
        Assert.True(verified.Code == 0, verified.Errors);
        Assert.Equal(1, (await RunAsync("person", "erase", person.Name)).Code);
    }

    [Fact]
    public async Task An_account_that_is_deleted_already_is_erased_too()
    {
        var person = await registry.CreateUserAsync();
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{person.Name}")).Is(204);

        Assert.Equal(0, (await RunAsync("person", "erase", person.Name)).Code);

        Assert.Equal([], await PlacesAsync(person.Name));
    }

    [Fact]
    public async Task A_person_on_hold_and_a_superuser_are_not_erased()
    {
        var person = await registry.CreateUserAsync();
        var id = (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/hold", $$"""{"kind":"person","namespace":"{{person.Name}}","reason":"Smith v. Acme"}""")).Is(201).Json.GetProperty("id").GetString()!;

        var refused = await RunAsync("person", "erase", person.Name, "--with-repositories");

        Assert.Equal(1, refused.Code);
        Assert.Contains(id, refused.Errors, StringComparison.Ordinal);
        (await person.Client.ReadAsync("/api/v1/user/")).Is(200);
        Assert.Contains("superuser", (await RunAsync("person", "erase", Registry.Admin)).Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("hold", "lift", id)).Code);
    }

    // Every text of the database that has a name in it.
    private async Task<List<string>> PlacesAsync(string name)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await using var columns = database.CreateCommand();
        columns.CommandText = registry.Database is null
            ? "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type = 'TEXT'"
            : "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t ON t.table_name = c.table_name AND t.table_schema = c.table_schema WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = 'text'";
        var texts = new List<(string Table, string Column)>();
        await using (var reader = await columns.ExecuteReaderAsync(TestContext.Current.CancellationToken))
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                texts.Add((reader.GetString(0), reader.GetString(1)));
        var found = new List<string>();
        foreach (var (table, column) in texts)
        {
            await using var count = database.CreateCommand();
            count.CommandText = $"SELECT count(*) FROM {table} WHERE {column} LIKE '%{name}%'";
            if (Convert.ToInt64(await count.ExecuteScalarAsync(TestContext.Current.CancellationToken)) > 0)
                found.Add($"{table}.{column}");
        }
        return found;
    }

    private static JsonElement Read(string directory, string file) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, file + ".json"))).RootElement;

    private static string NewDirectory() => Path.Combine(Path.GetTempPath(), "wharf-export-" + Guid.NewGuid().ToString("N"));

    private Task<Finished> RunAsync(params string[] arguments) => RunningWharf.RunAsync([.. arguments, "--data", registry.DataDirectory], Path.GetTempPath());
}
