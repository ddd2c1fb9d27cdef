using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Wharf.Tests.Server.Access;

/// <summary>The token service: Docker's token authentication (GET) and its OAuth2 form (POST).</summary>
public sealed class TokenTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Client => registry.UserClient;

    [Fact]
    public async Task A_token_is_an_ES256_JWT_that_proves_who_asks_and_names_what_was_granted()
    {
        var repository = registry.NewRepository();

        var answer = (await Client.ReadAsync($"/v2/auth?service=wharf&scope=repository:{repository}:pull,push")).Is(200).Json;

        var token = answer.GetProperty("token").GetString()!;
        var (header, claims) = (Part(token, 0), Part(token, 1));
        Assert.Equal(token, answer.GetProperty("access_token").GetString());
        Assert.Equal(300, answer.GetProperty("expires_in").GetInt32());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", answer.GetProperty("issued_at").GetString());
        Assert.Equal("ES256", header.GetProperty("alg").GetString());
        Assert.Equal(registry.User.Name, claims.GetProperty("sub").GetString());
        Assert.Equal(300, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
        Assert.Equal([$"repository {repository} pull,push"], Access(claims));
    }

    [Theory]
    [InlineData("scope=repository:NAME/a:pull&scope=repository:NAME/b:push")]
    [InlineData("scope=repository:NAME/a:pull%20repository:NAME/b:push")]
    [InlineData("scope=repository:NAME/a:pull+repository:NAME/b:push")]
    public async Task Several_scopes_come_repeated_or_separated_by_spaces(string query)
    {
        var answer = (await Client.ReadAsync("/v2/auth?" + query.Replace("NAME", registry.User.Name, StringComparison.Ordinal))).Is(200);

        Assert.Equal([$"repository {registry.User.Name}/a pull", $"repository {registry.User.Name}/b push"], Access(Part(answer.Json.GetProperty("token").GetString()!, 1)));
    }

    [Fact]
    public async Task What_is_not_allowed_is_left_out_and_is_no_error()
    {
        var other = await registry.CreateUserAsync();
        await other.Client.PushImageAsync($"{other.Name}/open", "v1");
        await other.Client.SetPublicAsync($"{other.Name}/open", isPublic: true);

        var claims = Part(await Client.TokenAsync($"repository:{other.Name}/open:pull,push", $"repository:{other.Name}/closed:pull,push,delete,*", "registry:catalog:*,delete"), 1);

        Assert.Equal([$"repository {other.Name}/open pull", $"repository {other.Name}/closed ", "registry catalog *"], Access(claims));
    }

    [Fact]
    public async Task The_OAuth2_form_takes_a_password_grant_and_tells_the_granted_scope()
    {
        var repository = registry.NewRepository();

        var answer = (await PostAsync(("grant_type", "password"), ("service", "wharf"), ("client_id", "test"), ("username", registry.User.Name), ("password", registry.User.Password),
            ("scope", $"repository:{repository}:pull,push repository:nobody/x:pull"))).Is(200).Json;

        var token = answer.GetProperty("access_token").GetString()!;
        Assert.Equal($"repository:{repository}:pull,push", answer.GetProperty("scope").GetString());
        (await registry.Anonymous.WithTokenAsync(token, "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(202);
    }

    [Fact]
    public async Task The_OAuth2_form_refuses_other_grants_bodies_and_passwords()
    {
        (await PostAsync(("grant_type", "refresh_token"), ("refresh_token", "x"))).Is(400, "UNSUPPORTED");
        (await PostAsync()).Is(400, "UNSUPPORTED");
        (await registry.Anonymous.SendAsync("POST", "/v2/auth", "{}"u8.ToArray(), ("Content-Type", "application/json"))).Is(400, "INVALID_REQUEST");
        (await PostAsync(("grant_type", "password"), ("username", registry.User.Name), ("password", "wrong password"))).Is(401, "UNAUTHORIZED");
        (await PostAsync(("grant_type", "password"), ("username", registry.User.Name))).Is(401, "UNAUTHORIZED");
    }

    [Fact]
    public async Task A_wrong_password_is_401_with_a_Basic_challenge()
    {
        var answer = (await registry.ClientFor(registry.User.Name, "wrong password").ReadAsync("/v2/auth?service=wharf")).Is(401, "UNAUTHORIZED");

        Assert.StartsWith("Basic realm=", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_anonymous_caller_gets_a_token_for_public_repositories_only()
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var closed = await registry.Anonymous.TokenAsync($"repository:{repository}:pull");
        await Client.SetPublicAsync(repository, isPublic: true);
        var open = await registry.Anonymous.TokenAsync($"repository:{repository}:pull,push");

        Assert.Equal([$"repository {repository} "], Access(Part(closed, 1)));
        Assert.Equal([$"repository {repository} pull"], Access(Part(open, 1)));
        (await registry.Anonymous.WithTokenAsync(open, "GET", $"/v2/{repository}/manifests/v1")).Is(200);
        (await registry.Anonymous.WithTokenAsync(open, "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(401, "UNAUTHORIZED");
    }

    [Fact]
    public async Task An_anonymous_caller_who_asks_for_nothing_is_asked_to_sign_in() => (await registry.Anonymous.ReadAsync("/v2/auth?service=wharf")).Is(401, "UNAUTHORIZED");

    [Fact]
    public async Task A_token_begets_no_token()
    {
        var token = await Client.TokenAsync();

        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/auth?scope=registry:catalog:*")).Is(401, "UNAUTHORIZED");
    }

    [Fact]
    public async Task A_token_made_before_the_repository_pushes_it_into_being()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        var token = await Client.TokenAsync($"repository:{repository}:pull,push");
        (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(404, "NAME_UNKNOWN");

        foreach (var content in new[] { image.Config, image.Layer })
        {
            (await registry.Anonymous.WithTokenAsync(token, "POST", $"/v2/{repository}/blobs/uploads/?digest={Wharf.Oci.Digest.Of(content)}", content)).Is(201);
        }
        (await registry.Anonymous.WithTokenAsync(token, "PUT", $"/v2/{repository}/manifests/v1", image.Manifest, ("Content-Type", Wharf.Oci.MediaTypes.OciManifest))).Is(201);

        (await registry.Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1")).Is(200);
        (await registry.Anonymous.ReadAsync($"/v2/{repository}/manifests/v1")).Is(401);
    }

    [Fact]
    public async Task A_name_of_one_part_in_a_scope_is_in_the_namespace_library() =>
        Assert.Equal(["repository library/busybox "], Access(Part(await Client.TokenAsync("repository:busybox:pull"), 1)));

    [Theory]
    [InlineData("repository")]
    [InlineData("repository:a/b")]
    [InlineData("plugin:a/b:pull")]
    [InlineData("registry:other:*")]
    [InlineData("repository:A/B:pull")]
    public async Task A_malformed_scope_is_400(string scope) => (await Client.ReadAsync("/v2/auth?scope=" + scope)).Is(400, "INVALID_REQUEST");

    private async Task<Answer> PostAsync(params (string Name, string Value)[] fields) => await registry.Anonymous.SendAsync("POST", "/v2/auth",
        Encoding.ASCII.GetBytes(string.Join('&', fields.Select(f => $"{f.Name}={Uri.EscapeDataString(f.Value)}"))), ("Content-Type", "application/x-www-form-urlencoded"));

    private static JsonElement Part(string token, int index) => JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[index])).RootElement;

    private static string[] Access(JsonElement claims) => [.. claims.GetProperty("access").EnumerateArray()
        .Select(a => $"{a.GetProperty("type").GetString()} {a.GetProperty("name").GetString()} {string.Join(',', a.GetProperty("actions").Strings())}")];
}
