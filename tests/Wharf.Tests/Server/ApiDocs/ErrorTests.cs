using System.Text;

namespace Wharf.Tests.Server.ApiDocs;

/// <summary>Errors of /api/v1 have Quay's members, wherever they come from, and each of their types is explained.</summary>
public sealed class ErrorTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Theory]
    [InlineData("GET", "/api/v1/nowhere", null, 404, "not_found")]
    [InlineData("GET", "/api/v1/", null, 404, "not_found")]
    [InlineData("GET", "/api/nothing", null, 404, "not_found")]
    [InlineData("GET", "/api/v1/organization/no-such-organization", null, 404, "not_found")]
    [InlineData("PATCH", "/api/v1/organization/", "{}", 405, "invalid_request")]
    [InlineData("POST", "/api/v1/organization/", "no JSON", 400, "invalid_request")]
    [InlineData("POST", "/api/v1/organization/", "{}", 400, "invalid_request")]
    [InlineData("GET", "/api/v1/repository?namespace=x&next_page=y", null, 400, "invalid_request")]
    [InlineData("GET", "/api/v1/superuser/users/", null, 403, "insufficient_scope")]
    [InlineData("GET", "/api/v1/error/no_such_error", null, 404, "not_found")]
    public async Task An_error_has_all_of_Quays_members_and_the_id_of_its_request(string method, string path, string? body, int status, string type)
    {
        var answer = (await registry.UserClient.SendAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), ("Content-Type", body is null ? "" : "application/json"))).Is(status);

        IsProblem(answer, status, type);
    }

    [Fact]
    public async Task So_has_the_one_without_a_credential_and_the_one_for_a_body_that_is_too_large()
    {
        IsProblem((await registry.Anonymous.ReadAsync("/api/v1/user/")).Is(401), 401, "invalid_token");
        IsProblem((await registry.UserClient.SendJsonAsync("POST", "/api/v1/organization/", new string(' ', 2 << 20))).Is(413), 413, "invalid_request");
    }

    [Fact]
    public async Task A_type_is_explained_to_programs_and_as_a_page_to_people()
    {
        var toProgram = (await registry.Anonymous.ReadAsync("/api/v1/error/not_found")).Is(200);
        var toBrowser = (await registry.Anonymous.ReadAsync("/api/v1/error/not_found", ("Accept", "text/html,application/xhtml+xml"))).Is(200);

        Assert.Equal(["type", "title", "description"], toProgram.Json.EnumerateObject().Select(static p => p.Name));
        Assert.Equal(new Uri(registry.Url, "/api/v1/error/not_found").ToString(), toProgram.Json.GetProperty("type").GetString());
        Assert.Equal("not_found", toProgram.Json.GetProperty("title").GetString());
        Assert.Equal("text/html", toBrowser.ContentHeaders.ContentType?.MediaType);
        Assert.Contains("<h1>not_found</h1>", toBrowser.Text, StringComparison.Ordinal);
        Assert.Contains("script-src 'self'", toBrowser.Header("Content-Security-Policy"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_type_that_the_program_gives_is_explained()
    {
        var source = Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "src", "Wharf.Server"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(static f => System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(f), "(?:Problem\\(|new\\()[0-9]{3}, \"(?<type>[a-z_]+)\"|=> \"(?<type>internal_error)\"").Select(static m => m.Groups["type"].Value)).Distinct().ToList();

        Assert.True(source.Count > 5);
        foreach (var type in source)
            (await registry.Anonymous.ReadAsync("/api/v1/error/" + type)).Is(200);
    }

    private static void IsProblem(Answer answer, int status, string type)
    {
        var body = answer.Json;
        Assert.Equal("application/problem+json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal(["detail", "error_message", "message", "error_type", "title", "type", "status", "request_id"], body.EnumerateObject().Select(static p => p.Name));
        Assert.Equal((status, type, type, "/api/v1/error/" + type), (body.GetProperty("status").GetInt32(), body.GetProperty("error_type").GetString(), body.GetProperty("title").GetString(), body.GetProperty("type").GetString()));
        Assert.True(body.GetProperty("detail").GetString()!.Length > 5);
        Assert.Equal(body.GetProperty("detail").GetString(), body.GetProperty("error_message").GetString());
        Assert.Equal(answer.Header("X-Request-Id"), body.GetProperty("request_id").GetString());
    }
}
