using System.Text;
using System.Text.Json;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.Accounts;

/// <summary>Passwords encrypted for programs, and the setting that makes them a must.</summary>
public sealed class EncryptedPasswordTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private const string Path = "/api/v1/user/clientkey";

    [Fact]
    public async Task It_is_taken_in_place_of_the_password_by_both_APIs_and_the_token_service()
    {
        var user = await registry.CreateUserAsync();
        var made = (await user.Client.SendJsonAsync("POST", Path, $$"""{"password":"{{user.Password}}"}""")).Is(200);
        var key = made.Json.GetProperty("key").GetString()!;

        await Body.MatchesAsync(made, "generateUserClientKey", (key, "<key>"));
        Assert.Equal("no-store", made.Header("Cache-Control"));
        Assert.Matches("^[A-Za-z0-9_-]+$", key);
        foreach (var name in new[] { user.Name, $"{user.Name}@example.test" })
        {
            var client = registry.ClientFor(name, key);
            (await client.ReadAsync("/v2/")).Is(200);
            Assert.Equal(user.Name, (await client.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("username").GetString());
            (await registry.Anonymous.WithTokenAsync(await client.TokenAsync(), "GET", "/v2/")).Is(200);
        }
        var form = $"grant_type=password&service=wharf&client_id=test&username={user.Name}&password={key}";
        (await registry.Anonymous.SendAsync("POST", "/v2/auth", Encoding.UTF8.GetBytes(form), ("Content-Type", "application/x-www-form-urlencoded"))).Is(200);
    }

    [Fact]
    public async Task The_longest_password_can_be_encrypted()
    {
        var user = await registry.CreateUserAsync();
        var password = string.Concat(Enumerable.Repeat("\u65e5", 1024));
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", JsonSerializer.Serialize(new { password }))).Is(200);

        var key = await MakeAsync(registry.ClientFor(user.Name, password), password);

        (await registry.ClientFor(user.Name, key).ReadAsync("/v2/")).Is(200);
    }

    [Fact]
    public async Task It_is_void_when_the_password_changes_even_to_the_same_one()
    {
        var user = await registry.CreateUserAsync();
        var key = await MakeAsync(user.Client, user.Password);
        var client = registry.ClientFor(user.Name, key);
        (await client.ReadAsync("/v2/")).Is(200);

        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"password":"{{user.Password}}"}""")).Is(200);

        (await client.ReadAsync("/v2/")).Is(401);
        (await user.Client.ReadAsync("/v2/")).Is(200);
        (await client.ReadAsync("/v2/")).Is(401);
    }

    [Fact]
    public async Task It_is_for_its_own_person_and_this_registry_only()
    {
        var (user, other) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        (await other.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"password":"{{user.Password}}"}""")).Is(200);
        var key = await MakeAsync(user.Client, user.Password);

        (await registry.ClientFor(other.Name, user.Password).ReadAsync("/v2/")).Is(200);
        (await registry.ClientFor(other.Name, key).ReadAsync("/v2/")).Is(401);
        (await registry.ClientFor("$app", key).ReadAsync("/v2/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(key, "GET", "/api/v1/user/")).Is(401);
        foreach (var wrong in new[] { key[..^4], key[..20] + (key[20] == 'A' ? 'B' : 'A') + key[21..], key + key, new string('A', 200) })
            (await registry.ClientFor(user.Name, wrong).ReadAsync("/v2/")).Is(401);
        (await registry.ClientFor(user.Name, key).ReadAsync("/v2/")).Is(200);
    }

    [Fact]
    public async Task It_does_not_sign_in_and_proves_nothing_that_the_password_proves()
    {
        var user = await registry.CreateUserAsync();
        var key = await MakeAsync(user.Client, user.Password);
        var browser = await Browser.SignedInAsync(registry, user);

        (await new Browser(registry.Anonymous).SignInAsync(user.Name, key)).Is(403);
        (await browser.SendAsync("POST", "/api/v1/signin/verify", $$"""{"password":"{{key}}"}""")).Is(403);
        (await browser.SendAsync("POST", Path, $$"""{"password":"{{key}}"}""")).Is(400);
    }

    [Fact]
    public async Task A_wrong_password_is_not_encrypted()
    {
        var answer = (await registry.UserClient.SendJsonAsync("POST", Path, """{"password":"wrong password"}""")).Is(400);

        Assert.Equal("Invalid Username or Password", answer.Json.GetProperty("detail").GetString());
        foreach (var body in new[] { "", "{}", "[]", """{"password":null}""", """{"password":1}""", """{"password":""}""" })
            (await registry.UserClient.SendJsonAsync("POST", Path, body)).Is(400);
    }

    [Fact]
    public async Task A_password_that_looks_like_an_encrypted_one_is_a_password()
    {
        var user = await registry.CreateUserAsync();
        var password = "AQ" + new string('x', 120);
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"password":"{{password}}"}""")).Is(200);

        (await registry.ClientFor(user.Name, password).ReadAsync("/v2/")).Is(200);
    }

    [Fact]
    public async Task Where_it_is_a_must_the_password_itself_signs_in_with_a_browser_only()
    {
        await using var strict = await Registry.StartAsync<EncryptedOnlyRegistry>();
        var browser = await Browser.SignedInAsync(strict.Anonymous, Registry.Admin, strict.AdminPassword);
        var (robot, repository) = ($"{Registry.Admin}+ci", $"{Registry.Admin}/app");

        var refused = (await strict.Client.ReadAsync("/v2/")).Is(401, "UNAUTHORIZED");
        Assert.Contains("/api/v1/user/clientkey", refused.Text, StringComparison.Ordinal);
        Assert.Contains("/api/v1/user/clientkey", (await strict.Client.ReadAsync("/api/v1/user/")).Is(401).Text, StringComparison.Ordinal);
        Assert.Contains("/api/v1/user/clientkey", (await strict.Client.ReadAsync("/v2/auth?service=wharf")).Is(401).Text, StringComparison.Ordinal);
        // A wrong one is answered as the right one is.
        Assert.Equal(
            Masked((await strict.ClientFor(Registry.Admin, "wrong password").ReadAsync("/v2/")).Is(401)),
            Masked(refused));

        var key = (await browser.SendAsync("POST", Path, $$"""{"password":"{{strict.AdminPassword}}"}""")).Is(200).Json.GetProperty("key").GetString()!;
        var client = strict.ClientFor(Registry.Admin, key);
        await client.PushImageAsync(repository, "v1");
        (await client.ReadAsync("/v2/auth?service=wharf")).Is(200);
        // That the password was verified a moment ago changes nothing.
        (await strict.Client.ReadAsync("/v2/")).Is(401);

        var token = (await browser.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        (await strict.ClientFor(robot, token).ReadAsync("/v2/")).Is(200);
        var app = (await browser.SendAsync("POST", "/api/v1/user/apptoken", """{"title":"laptop"}""")).Is(200).Json.GetProperty("token").GetProperty("token_code").GetString()!;
        (await strict.ClientFor("$app", app).ReadAsync($"/v2/{repository}/tags/list")).Is(200);
    }

    private static async Task<string> MakeAsync(HttpClient client, string password) =>
        (await client.SendJsonAsync("POST", Path, JsonSerializer.Serialize(new { password }))).Is(200).Json.GetProperty("key").GetString()!;

    private static string Masked(Answer answer) => System.Text.RegularExpressions.Regex.Replace(answer.Text, "\"request_id\":\"[^\"]*\"", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));
}
