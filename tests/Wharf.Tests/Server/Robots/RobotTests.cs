using System.Globalization;
using System.Text;
using System.Text.Json;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Robots;

/// <summary>Robots of people; those of organizations are the same code behind another gate.</summary>
public sealed class RobotTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task A_robot_looks_as_in_Quay()
    {
        var name = NewName();
        var made = (await Me.SendJsonAsync("PUT", Path(name), """{"description":"builds the site","unstructured_metadata":{"team":{"cost centre":17}}}""")).Is(201).Json;

        Assert.Equal($"{registry.User.Name}+{name}", made.GetProperty("name").GetString());
        Assert.Matches("^[A-Z0-9]{64}$", made.GetProperty("token").GetString());
        Assert.Matches(@"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000$", made.GetProperty("created").GetString());
        Assert.Equal(JsonValueKind.Null, made.GetProperty("last_accessed").ValueKind);
        Assert.Equal("builds the site", made.GetProperty("description").GetString());
        Assert.Equal(17, made.GetProperty("unstructured_metadata").GetProperty("team").GetProperty("cost centre").GetInt32());
        Assert.Equal(["name", "created", "last_accessed", "description", "expires", "token", "unstructured_metadata"], made.EnumerateObject().Select(static p => p.Name));
        var read = (await Me.ReadAsync(Path(name))).Is(200).Json;
        Assert.Equal(made.GetRawText(), read.GetRawText());
    }

    [Fact]
    public async Task An_empty_request_makes_one_too_and_a_second_of_that_name_is_400()
    {
        var name = NewName();
        (await Me.SendAsync("PUT", Path(name))).Is(201);

        var again = (await Me.SendAsync("PUT", Path(name))).Is(400);

        Assert.Equal("invalid_request", again.Json.GetProperty("error_type").GetString());
    }

    [Fact]
    public async Task What_does_not_exist_is_400_as_in_Quay()
    {
        var path = Path(NewName());
        foreach (var (method, suffix) in ((string, string)[])[("GET", ""), ("DELETE", ""), ("POST", "/regenerate"), ("GET", "/permissions"), ("GET", "/credentials/docker-config")])
            (await Me.SendAsync(method, path + suffix)).Is(400);
        (await Me.SendJsonAsync("PATCH", path, "{}")).Is(400);
    }

    [Fact]
    public async Task Reading_the_token_again_and_again_changes_nothing_and_it_logs_in_and_pulls()
    {
        var (name, token) = await CreateAsync();
        var repository = await PushAsync();
        await GrantAsync(repository, name, 1);

        for (var i = 0; i < 2; i++)
        {
            var secret = (await Me.ReadAsync(Path(name))).Is(200).Json.GetProperty("token").GetString()!;
            Assert.Equal(token, secret);
            using var robot = registry.ClientFor($"{registry.User.Name}+{name}", secret);
            var bearer = await robot.TokenAsync($"repository:{repository}:pull,push");
            (await registry.Anonymous.WithTokenAsync(bearer, "GET", $"/v2/{repository}/tags/list")).Is(200);
            // A reader: the push was left out of the token.
            (await registry.Anonymous.WithTokenAsync(bearer, "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(401);
            (await robot.ReadAsync($"/v2/{repository}/tags/list")).Is(200);
        }
    }

    [Fact]
    public async Task Its_token_is_a_bearer_for_the_API_and_opens_only_what_it_may()
    {
        var (_, token) = await CreateAsync();

        (await registry.Anonymous.WithTokenAsync(token, "GET", $"/api/v1/permission/explain?repository={registry.User.Name}/app&action=pull")).Is(200);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/api/v1/user/robots")).Is(403);
        (await registry.Anonymous.WithTokenAsync(token, "PUT", Path(NewName()))).Is(403);
        (await registry.Anonymous.WithTokenAsync("WHR" + new string('A', 61), "GET", "/api/v1/user/robots")).Is(401);
        (await registry.Anonymous.WithTokenAsync(token[..^1] + (token[^1] == 'A' ? 'B' : 'A'), "GET", "/api/v1/user/robots")).Is(401);
    }

    [Fact]
    public async Task A_new_token_ends_the_former_one_and_what_was_made_with_it()
    {
        var (name, former) = await CreateAsync();
        var repository = await PushAsync();
        await GrantAsync(repository, name, 2);
        using var before = registry.ClientFor($"{registry.User.Name}+{name}", former);
        var bearer = await before.TokenAsync($"repository:{repository}:pull");
        (await registry.Anonymous.WithTokenAsync(bearer, "GET", $"/v2/{repository}/tags/list")).Is(200);

        var token = (await Me.SendAsync("POST", Path(name) + "/regenerate", [])).Is(200).Json.GetProperty("token").GetString()!;

        Assert.NotEqual(former, token);
        (await before.ReadAsync($"/v2/{repository}/tags/list")).Is(401);
        (await registry.Anonymous.WithTokenAsync(bearer, "GET", $"/v2/{repository}/tags/list")).Is(401);
        using var after = registry.ClientFor($"{registry.User.Name}+{name}", token);
        (await after.ReadAsync($"/v2/{repository}/tags/list")).Is(200);
        Assert.Equal(token, (await Me.ReadAsync(Path(name))).Json.GetProperty("token").GetString());
    }

    [Fact]
    public async Task A_deleted_robot_is_gone_at_once_and_the_next_of_that_name_has_none_of_its_grants()
    {
        var (name, token) = await CreateAsync();
        var repository = await PushAsync();
        await GrantAsync(repository, name, 3);
        using var robot = registry.ClientFor($"{registry.User.Name}+{name}", token);
        var bearer = await robot.TokenAsync($"repository:{repository}:pull,push");

        (await Me.SendAsync("DELETE", Path(name))).Is(204);

        (await robot.ReadAsync($"/v2/{repository}/tags/list")).Is(401);
        (await registry.Anonymous.WithTokenAsync(bearer, "GET", $"/v2/{repository}/tags/list")).Is(401);
        (await Me.ReadAsync(Path(name))).Is(400);
        var next = (await Me.SendAsync("PUT", Path(name))).Is(201).Json.GetProperty("token").GetString()!;
        using var successor = registry.ClientFor($"{registry.User.Name}+{name}", next);
        (await successor.ReadAsync($"/v2/{repository}/tags/list")).Is(403);
    }

    [Fact]
    public async Task The_list_has_tokens_permissions_and_pages_on_request()
    {
        var user = await registry.CreateUserAsync();
        foreach (var name in (string[])["aa", "bb", "cc"])
            (await user.Client.SendAsync("PUT", $"/api/v1/user/robots/{name}")).Is(201);
        await user.Client.PushImageAsync($"{user.Name}/app", "v1");
        await GrantAsync($"{user.Name}/app", "bb", 2, user.Name);

        var plain = (await user.Client.ReadAsync("/api/v1/user/robots?token=false")).Is(200).Json.GetProperty("robots");
        var full = (await user.Client.ReadAsync("/api/v1/user/robots?permissions=true")).Is(200).Json.GetProperty("robots");
        var first = (await user.Client.ReadAsync("/api/v1/user/robots?limit=2")).Is(200).Json;
        var second = (await user.Client.ReadAsync($"/api/v1/user/robots?limit=2&next_page={first.GetProperty("next_page").GetString()}")).Is(200).Json;

        Assert.Equal([$"{user.Name}+aa", $"{user.Name}+bb", $"{user.Name}+cc"], plain.EnumerateArray().Select(static r => r.GetProperty("name").GetString()));
        Assert.All(plain.EnumerateArray(), static r => Assert.False(r.TryGetProperty("token", out _) || r.TryGetProperty("teams", out _) || r.TryGetProperty("unstructured_metadata", out _)));
        Assert.Equal(["app"], full[1].GetProperty("repositories").Strings());
        Assert.Empty(full[0].GetProperty("repositories").Strings());
        Assert.Matches("^[A-Z0-9]{64}$", full[0].GetProperty("token").GetString());
        Assert.Equal(2, first.GetProperty("robots").GetArrayLength());
        Assert.Equal($"{user.Name}+cc", second.GetProperty("robots")[0].GetProperty("name").GetString());
        Assert.False(second.TryGetProperty("next_page", out _));
        foreach (var query in (string[])["limit=0", "limit=1001", "limit=x", "next_page=..%2F"])
            (await user.Client.ReadAsync("/api/v1/user/robots?" + query)).Is(400);
        var grants = (await user.Client.ReadAsync("/api/v1/user/robots/bb/permissions")).Is(200).Text;
        Assert.Equal("""{"permissions":[{"repository":{"name":"app","is_public":false},"role":"write"}]}""", grants);
    }

    [Fact]
    public async Task Where_only_hashes_are_kept_the_token_is_shown_once_and_left_out_after_that()
    {
        var user = await registry.CreateUserAsync();
        await using (var database = await registry.OpenDatabaseAsync())
            await FirstSchema.ExecuteAsync(database, $"UPDATE namespace SET robot_secrets = 'hashed' WHERE name = '{user.Name}'");

        var token = (await user.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;

        Assert.False((await user.Client.ReadAsync("/api/v1/user/robots/ci")).Is(200).Json.TryGetProperty("token", out _));
        Assert.False((await user.Client.ReadAsync("/api/v1/user/robots")).Is(200).Json.GetProperty("robots")[0].TryGetProperty("token", out _));
        (await user.Client.ReadAsync("/api/v1/user/robots/ci/credentials/docker-config")).Is(400);
        using var robot = registry.ClientFor($"{user.Name}+ci", token);
        (await robot.ReadAsync("/v2/auth?service=wharf")).Is(200);
        await using var after = await registry.OpenDatabaseAsync();
        Assert.Equal(DBNull.Value, await FirstSchema.ScalarAsync(after, $"SELECT r.sealed_token FROM robot r JOIN namespace n ON n.id = r.id WHERE n.name = '{user.Name}+ci'"));
    }

    [Fact]
    public async Task The_database_never_has_the_token_as_it_is()
    {
        var (name, token) = await CreateAsync();

        await using var database = await registry.OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = "SELECT r.* FROM robot r WHERE r.name = '" + name + "'";
        await using var reader = await command.ExecuteReaderAsync(Ct);
        Assert.True(await reader.ReadAsync(Ct));
        for (var i = 0; i < reader.FieldCount; i++)
        {
            var text = reader.GetValue(i) is byte[] bytes ? Encoding.Latin1.GetString(bytes) : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)!;
            Assert.DoesNotContain(token[16..], text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain(token[16..], registry.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_robot_is_refused_everywhere_until_its_end_is_moved()
    {
        var (name, token) = await CreateAsync();
        var full = $"{registry.User.Name}+{name}";
        using var robot = registry.ClientFor(full, token);
        var soon = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3600);

        var moved = (await Me.SendJsonAsync("PATCH", Path(name), $$"""{"expiration":{{soon.ToUnixTimeSeconds()}},"description":"for an hour"}""")).Is(200).Json;
        Assert.Equal(soon.ToString("ddd, dd MMM yyyy HH:mm:ss '-0000'", CultureInfo.InvariantCulture), moved.GetProperty("expires").GetString());
        Assert.Equal("for an hour", moved.GetProperty("description").GetString());
        (await robot.ReadAsync("/v2/auth?service=wharf")).Is(200);
        (await Me.SendJsonAsync("PATCH", Path(name), """{"expiration":1}""")).Is(200);
        (await robot.ReadAsync("/v2/auth?service=wharf")).Is(401);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/api/v1/user/robots")).Is(401);
        var why = (await Me.ReadAsync($"/api/v1/permission/explain?subject={Uri.EscapeDataString(full)}&repository={registry.User.Name}/app&action=pull")).Is(200).Json;
        Assert.False(why.GetProperty("allowed").GetBoolean());
        Assert.Contains("expired", why.GetProperty("limits")[0].GetString(), StringComparison.Ordinal);
        (await Me.SendJsonAsync("PATCH", Path(name), """{"expiration":0}""")).Is(200);
        (await robot.ReadAsync("/v2/auth?service=wharf")).Is(200);
        (await Me.SendJsonAsync("PUT", Path(NewName()), """{"expiration":1}""")).Is(400);
    }

    [Fact]
    public async Task A_robot_that_was_at_work_until_its_end_stops_then()
    {
        var (name, token) = await CreateAsync();
        using var robot = registry.ClientFor($"{registry.User.Name}+{name}", token);
        (await Me.SendJsonAsync("PATCH", Path(name), $$"""{"expiration":{{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 4}}}""")).Is(200);
        (await robot.ReadAsync("/v2/auth?service=wharf")).Is(200);

        await Poll.UntilAsync(async () => (int)(await robot.ReadAsync("/v2/auth?service=wharf")).Status == 401, TimeSpan.FromSeconds(12));
    }

    [Fact]
    public async Task Metadata_that_could_not_be_shown_again_is_400()
    {
        var name = NewName();

        foreach (var body in (byte[][])[
            """{"unstructured_metadata":{"a":"\ud800"}}"""u8.ToArray(), """{"unstructured_metadata":{"\udc00":1}}"""u8.ToArray(), [.. """{"unstructured_metadata":{"a":" """u8, 0xff, .. "\"}}"u8],
            """{"unstructured_metadata":{"a":[{"b":"\ud83d\ud83d"}]}}"""u8.ToArray()])
            (await Me.SendAsync("PUT", Path(name), body, ("Content-Type", "application/json"))).Is(400);

        (await Me.SendJsonAsync("PUT", Path(name), """{"unstructured_metadata":{"a":"\ud83d\ude00"}}""")).Is(201);
        (await Me.ReadAsync(Path(name))).Is(200);
    }

    [Theory]
    [InlineData("x", "{}")]
    [InlineData("UPPER", "{}")]
    [InlineData("with+plus", "{}")]
    [InlineData("per%25cent", "{}")]
    [InlineData("%C3%A9t%C3%A9", "{}")]
    [InlineData("two..dots", "{}")]
    [InlineData("fine", """{"description":5}""")]
    [InlineData("fine", """{"unstructured_metadata":[1]}""")]
    [InlineData("fine", """{"unstructured_metadata":{"a":"\u0000"}}""")]
    [InlineData("fine", """{"expiration":-1}""")]
    [InlineData("fine", """{"expiration":99999999999999}""")]
    [InlineData("fine", "not json")]
    [InlineData("fine", """{"description":"two\nlines"}""")]
    public async Task A_bad_name_or_body_is_400(string name, string body) => (await Me.SendJsonAsync("PUT", Path(name), body)).Is(400);

    [Fact]
    public async Task A_name_of_255_characters_with_all_separators_works_through_Basic()
    {
        var name = "a.b_c-d" + new string('x', 248);
        var token = (await Me.SendAsync("PUT", Path(name))).Is(201).Json.GetProperty("token").GetString()!;
        using var robot = registry.ClientFor($"{registry.User.Name}+{name}", token);

        var answer = await robot.ReadAsync("/v2/auth?service=wharf");

        answer.Is(200);
        (await Me.SendAsync("PUT", Path(name + "x"))).Is(400);
    }

    [Fact]
    public async Task Credential_files_are_ready_to_use()
    {
        var (name, token) = await CreateAsync();
        var full = $"{registry.User.Name}+{name}";

        var docker = (await Me.ReadAsync(Path(name) + "/credentials/docker-config")).Is(200);
        var kubernetes = (await Me.ReadAsync(Path(name) + "/credentials/kubernetes-secret")).Is(200);
        var podman = (await Me.ReadAsync(Path(name) + "/credentials/podman-login")).Is(200);

        var auth = docker.Json.GetProperty("auths").GetProperty(registry.Host).GetProperty("auth").GetString()!;
        Assert.Equal($"{full}:{token}", Encoding.UTF8.GetString(Convert.FromBase64String(auth)));
        Assert.Equal($"attachment; filename={full.Replace('+', '-')}-auth.json; filename*=UTF-8''{full.Replace('+', '-')}-auth.json", docker.Header("Content-Disposition"));
        Assert.Equal("no-store", docker.Header("Cache-Control"));
        var data = kubernetes.Text.Split('\n').Single(static l => l.Contains(".dockerconfigjson:", StringComparison.Ordinal)).Split(": ")[1];
        Assert.Equal(docker.Text, Encoding.UTF8.GetString(Convert.FromBase64String(data)));
        Assert.Contains("type: kubernetes.io/dockerconfigjson", kubernetes.Text, StringComparison.Ordinal);
        Assert.Equal($"printf %s '{token}' | podman login -u '{full}' --password-stdin {registry.Host}\n", podman.Text);
        (await Me.ReadAsync(Path(name) + "/credentials/ini")).Is(400);
    }

    [Fact]
    public async Task A_disabled_owner_has_no_working_robots()
    {
        var user = await registry.CreateUserAsync();
        var token = (await user.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        await using (var database = await registry.OpenDatabaseAsync())
            await FirstSchema.ExecuteAsync(database, $"UPDATE account SET enabled = 0 WHERE id = (SELECT id FROM namespace WHERE name = '{user.Name}')");
        using var robot = registry.ClientFor($"{user.Name}+ci", token);

        (await robot.ReadAsync("/v2/auth?service=wharf")).Is(401);
    }

    private static string Path(string name) => $"/api/v1/user/robots/{name}";

    private static string NewName() => "robot" + Convert.ToHexStringLower(Requests.RandomBytes(5));

    private async Task<(string Name, string Token)> CreateAsync()
    {
        var name = NewName();
        return (name, (await Me.SendAsync("PUT", Path(name))).Is(201).Json.GetProperty("token").GetString()!);
    }

    private async Task<string> PushAsync()
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");
        return repository;
    }

    // Straight into the table, before anybody has asked for this robot.
    private async Task GrantAsync(string repository, string robot, int role, string? owner = null)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await FirstSchema.ExecuteAsync(database, $"""
            INSERT INTO account_grant (namespace_id, repository_id, account_id, role, granted_by, granted_ms)
            SELECT r.namespace_id, r.id, b.id, {role}, r.namespace_id, 1
              FROM repository r JOIN namespace n ON n.id = r.namespace_id, namespace b
             WHERE n.name = '{repository.Split('/')[0]}' AND r.name = '{repository.Split('/')[1]}' AND b.name = '{owner ?? registry.User.Name}+{robot}'
            """);
    }
}
