using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Cors;

/// <summary>Which pages of other origins a browser lets read the API's answers.</summary>
public sealed class CorsTests(UserRegistry closed, PortalRegistry open) : IClassFixture<UserRegistry>, IClassFixture<PortalRegistry>
{
    private static readonly (string, string) s_portal = ("Origin", PortalRegistry.Portal), s_asks = ("Access-Control-Request-Method", "PUT");

    [Fact]
    public async Task Without_a_setting_no_page_of_another_origin_may_do_anything()
    {
        var preflight = await closed.Anonymous.SendAsync("OPTIONS", "/api/v1/user/", null, s_portal, s_asks);
        var answer = (await closed.UserClient.ReadAsync("/api/v1/user/", s_portal)).Is(200);

        Assert.True((int)preflight.Status is 405);
        Assert.DoesNotContain(preflight.Headers.Concat(answer.Headers), static h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_page_of_a_named_origin_may_ask_and_read()
    {
        var preflight = (await open.Anonymous.SendAsync("OPTIONS", "/api/v1/user/", null, s_portal, s_asks, ("Access-Control-Request-Headers", "authorization"))).Is(204);
        var answer = (await open.UserClient.ReadAsync("/api/v1/user/", s_portal)).Is(200);
        var refused = (await open.UserClient.ReadAsync("/api/v1/users/nobody-of-that-name", s_portal)).Is(404);

        Assert.Equal(PortalRegistry.Portal, preflight.Header("Access-Control-Allow-Origin"));
        Assert.Contains("PUT", preflight.Header("Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.Contains("Authorization", preflight.Header("Access-Control-Allow-Headers"), StringComparison.Ordinal);
        Assert.Equal("true", preflight.Header("Access-Control-Allow-Credentials"));
        Assert.Contains("Origin", preflight.Header("Vary"), StringComparison.Ordinal);
        Assert.Equal(PortalRegistry.Portal, answer.Header("Access-Control-Allow-Origin"));
        Assert.Contains("X-Request-Id", answer.Header("Access-Control-Expose-Headers"), StringComparison.Ordinal);
        Assert.Equal(PortalRegistry.Portal, refused.Header("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("https://portal.example.test.evil.test")]
    [InlineData("http://portal.example.test")]
    [InlineData("https://portal.example.test:8443")]
    [InlineData("https://PORTAL.example.test")]
    [InlineData("null")]
    [InlineData("*")]
    public async Task Any_other_origin_is_told_nothing(string origin)
    {
        var preflight = (await open.Anonymous.SendAsync("OPTIONS", "/api/v1/user/", null, ("Origin", origin), s_asks)).Is(403);
        var answer = (await open.UserClient.ReadAsync("/api/v1/user/", ("Origin", origin))).Is(200);

        Assert.DoesNotContain(preflight.Headers.Concat(answer.Headers), static h => h.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
        Assert.Contains("Origin", answer.Header("Vary"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_registry_protocol_is_not_for_pages()
    {
        var answer = (await open.UserClient.ReadAsync("/v2/", s_portal)).Is(200);

        Assert.Null(answer.Header("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("*", "true", "cannot go with the origin '*'")]
    [InlineData("https://portal.example.test/", "false", "is no origin")]
    [InlineData("portal.example.test", "false", "is no origin")]
    public async Task Settings_that_would_open_too_much_do_not_start(string origins, string credentials, string message)
    {
        using var directory = new TemporaryDirectory();
        var run = await RunningWharf.RunAsync(["serve", "--data", directory.File("data"), "--listen", "http://127.0.0.1:0"], directory.Path,
            [("WHARF__Cors__Origins", origins), ("WHARF__Cors__Credentials", credentials)]);

        Assert.NotEqual(0, run.Code);
        Assert.Contains(message, run.Errors, StringComparison.Ordinal);
    }
}
