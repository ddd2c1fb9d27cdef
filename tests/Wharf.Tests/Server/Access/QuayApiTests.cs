using System.Text;
using System.Text.Json;
using Wharf.Tests.Server.OAuth;

namespace Wharf.Tests.Server.Access;

/// <summary>The first operations in Quay's shape, with Basic: users by the superuser, repositories, their visibility.</summary>
public sealed class QuayApiTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task A_repository_is_made_empty_with_the_visibility_asked_for()
    {
        var name = "made" + Guid.NewGuid().ToString("n");

        var made = (await PostAsync(registry.UserClient, "/api/v1/repository", $$"""{"repository":"{{name}}","visibility":"public","description":"a repository"}""")).Is(201).Json;

        Assert.Equal((registry.User.Name, name), (made.GetProperty("namespace").GetString(), made.GetProperty("name").GetString()));
        Assert.Empty((await registry.Anonymous.ReadAsync($"/v2/{registry.User.Name}/{name}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
        Problem((await PostAsync(registry.UserClient, "/api/v1/repository", $$"""{"repository":"{{name}}","visibility":"public","description":""}""")).Is(400), "invalid_request");
    }

    [Fact]
    public async Task Repositories_are_made_in_ones_own_namespace_only()
    {
        var other = await registry.CreateUserAsync();

        Problem((await PostAsync(registry.UserClient, "/api/v1/repository", $$"""{"repository":"x","namespace":"{{other.Name}}","visibility":"private","description":""}""")).Is(403), "insufficient_scope");
        Problem((await PostAsync(registry.UserClient, "/api/v1/repository", """{"repository":"x","namespace":"nobody","visibility":"private","description":""}""")).Is(403), "insufficient_scope");
        Problem((await PostAsync(registry.Anonymous, "/api/v1/repository", "{}")).Is(401), "invalid_token");
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"repository":null,"visibility":"private","description":""}""")]
    [InlineData("""{"repository":"UPPER","visibility":"private","description":""}""")]
    [InlineData("""{"repository":"../x","visibility":"private","description":""}""")]
    [InlineData("""{"repository":"x","visibility":"secret","description":""}""")]
    [InlineData("""{"repository":"x","visibility":"private","description":"a\u0000b"}""")]
    [InlineData("""{"repository":"x","visibility":"private","description":"\ud800"}""")]
    [InlineData("""{"repository":"x","visibility":"private","visibility":"public","description":""}""")]
    [InlineData("""{"repository":"x","namespace":"a\u0000b","visibility":"private","description":""}""")]
    public async Task A_malformed_repository_is_400(string body) => Problem((await PostAsync(registry.UserClient, "/api/v1/repository", body)).Is(400), "invalid_request");

    [Theory]
    [InlineData("""{"username":"UPPER","email":"a@b.test"}""")]
    [InlineData("""{"username":"a","email":"a@b.test"}""")]
    [InlineData("""{"username":"a__b","email":"a@b.test"}""")]
    [InlineData("""{"username":"a/b","email":"a@b.test"}""")]
    [InlineData("""{"username":"a\u0000b","email":"a@b.test"}""")]
    [InlineData("""{"username":"good-name","email":"nobody"}""")]
    [InlineData("""{"username":"good-name","email":"a\u0000@b.test"}""")]
    [InlineData("""{"username":"good-name","email":"a@b.test\ud800"}""")]
    [InlineData("""{"username":"good-name","email":"a@b.test","password":"short"}""")]
    [InlineData("""{"username":null,"email":"a@b.test"}""")]
    [InlineData("""{"email":"a@b.test"}""")]
    [InlineData("""{"username":"admin","email":"a@b.test"}""")]
    public async Task A_malformed_or_taken_user_is_400(string body) => Problem((await PostAsync(registry.Client, "/api/v1/superuser/users/", body)).Is(400), "invalid_request");

    [Fact]
    public async Task Users_are_made_by_a_superuser_only_and_the_first_one_only_once()
    {
        Problem((await PostAsync(registry.UserClient, "/api/v1/superuser/users/", """{"username":"someone","email":"s@b.test"}""")).Is(403), "insufficient_scope");
        Problem((await PostAsync(registry.Anonymous, "/api/v1/superuser/users/", """{"username":"someone","email":"s@b.test"}""")).Is(401), "invalid_token");
        Problem((await PostAsync(registry.Anonymous, "/api/v1/user/initialize", """{"username":"first","password":"a password","email":"f@b.test"}""")).Is(400), "invalid_request");
    }

    [Fact]
    public async Task A_registry_token_administers_nothing_that_its_scope_does_not_cover()
    {
        var repository = registry.NewRepository();
        await registry.UserClient.PushImageAsync(repository, "v1");
        var token = await registry.UserClient.TokenAsync($"repository:{repository}:pull,push,delete");

        var answer = await registry.Anonymous.WithTokenAsync(token, "POST", $"/api/v1/repository/{repository}/changevisibility", """{"visibility":"public"}"""u8.ToArray(), ("Content-Type", "application/json"));

        Problem(answer.Is(401), "invalid_token");
        (await registry.Anonymous.ReadAsync($"/v2/{repository}/manifests/v1")).Is(401);
    }

    [Fact]
    public async Task Without_an_initial_admin_the_first_user_is_made_over_HTTP()
    {
        await using var empty = await Registry.StartAsync<EmptyRegistry>();

        var made = (await PostAsync(empty.Anonymous, "/api/v1/user/initialize", """{"username":"first","password":"a password","email":"f@b.test"}""")).Is(200);
        (await empty.ClientFor("first", made.Json.GetProperty("encrypted_password").GetString()!).ReadAsync("/v2/")).Is(200);
        Problem((await PostAsync(empty.Anonymous, "/api/v1/user/initialize", """{"username":"second","password":"a password","email":"s@b.test"}""")).Is(400), "invalid_request");

        var third = (await PostAsync(empty.ClientFor("first", "a password"), "/api/v1/superuser/users/", """{"username":"third","email":"t@b.test"}""")).Is(200);
        (await empty.ClientFor("third", third.Json.GetProperty("encrypted_password").GetString()!).ReadAsync("/v2/")).Is(200);
    }

    [Fact]
    public async Task The_first_user_gets_a_token_that_does_everything()
    {
        await using var empty = await Registry.StartAsync<EmptyRegistry>();
        var made = (await empty.Anonymous.SendJsonAsync("POST", "/api/v1/user/initialize", """{"username":"first","password":"a password","email":"f@b.test","access_token":true}""")).Is(200);
        var bearer = empty.BearerOf(made.Json.GetProperty("access_token").GetString()!);

        Assert.True((await bearer.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("super_user").GetBoolean());
        (await bearer.SendJsonAsync("POST", "/api/v1/superuser/users/", """{"username":"second"}""")).Is(200);
        (await bearer.SendJsonAsync("POST", "/api/v1/organization/", """{"name":"company"}""")).Is(201);
        Assert.Equal("automation", (await bearer.ReadAsync("/api/v1/user/authorizations")).Is(200).Json.GetProperty("authorizations")[0].GetProperty("application").GetProperty("name").GetString());
    }

    private static Task<Answer> PostAsync(HttpClient client, string path, string body) => client.SendAsync("POST", path, Encoding.UTF8.GetBytes(body), ("Content-Type", "application/json"));

    // RFC 7807, with the members that Quay's clients read.
    private static void Problem(Answer answer, string type)
    {
        Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal(type, answer.Json.GetProperty("error_type").GetString());
        Assert.Equal((int)answer.Status, answer.Json.GetProperty("status").GetInt32());
        foreach (var name in new[] { "detail", "error_message", "title", "type" })
        {
            Assert.Equal(JsonValueKind.String, answer.Json.GetProperty(name).ValueKind);
        }
    }

    private sealed class EmptyRegistry : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Accounts:InitialAdmin"] = "false", ["Auth:PasswordRounds"] = "1000" };
    }
}
