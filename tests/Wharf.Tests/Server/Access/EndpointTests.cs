using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Network;

namespace Wharf.Tests.Server.Access;

/// <summary>Walks every endpoint of the application as Program.cs composes it.</summary>
public sealed partial class EndpointTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    /// <summary>What anyone may use. A new line here is a decision.</summary>
    private static readonly string[] OpenToAll =
    [
        "/health/live", "/health/ready", "/health/instance", "/metrics", "/version", // for operators; Server.ManagementListen moves them away
        "/commands/{name}", // only through the unix socket
        "/secscan/_backfill_status", // a share, which Quay tells everyone too
        "/v2/auth", "/api/v1/signin", "/api/v1/user/initialize", // they read the credential themselves, or make the first one
        "/api/v1/messages", "/api/v1/superuser/registrystatus", // what is shown before somebody signs in
        "/csrf_token", "/config", // what a browser asks before it signs in
        "/api/v1/openapi.json", "/api/v1/discovery", "/api/v1/error/{error_type}", "/api/v1/registry/capabilities", // what the API says of itself
        "/api/docs", "/api/docs/docs.css", "/api/docs/docs.js", "/robots.txt", // the same as a page
        "/exportedlogs/{link}", // whoever has the link may have the file
        "/recovery", "/confirm", "/confirminvite", "/authrepoemail", // the mailed code is the credential
        "/oauth/access_token", // reads the credential of an application itself
        "/oauth/localapp.js", // the same text for everyone
        "/v2/{**rest}", // says only that there is nothing
        // The pages: the same document for everyone, which shows what the API gives to who looks.
        "/", "/signin", "/createaccount", "/setup", "/welcome", "/account", "/search", "/security", "/superuser",
        "/organization", "/organization/{**page}", "/user/{**page}", "/repository", "/repository/{**page}", "/assets/{name}", "/theme.js", "/wharf.svg", "/third-party.txt",
    ];

    [Fact]
    public async Task Every_endpoint_says_what_permission_it_needs()
    {
        var endpoints = await EndpointsAsync();

        Assert.True(endpoints.Count > 20);
        Assert.Empty(endpoints.Where(e => e.Metadata.GetMetadata<RequiresPermission>() is null).Select(e => e.DisplayName));
    }

    [Fact]
    public async Task Only_what_is_listed_is_open_to_all()
    {
        var open = (await EndpointsAsync()).Where(e => e.Metadata.GetMetadata<RequiresPermission>()!.Permission == Permission.Open).Select(e => e.RoutePattern.RawText!).Distinct();

        Assert.Equal(OpenToAll.Order(StringComparer.Ordinal), open.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Without_a_credential_every_other_endpoint_answers_401_with_a_challenge()
    {
        foreach (var (method, path, permission) in await RequestsAsync())
        {
            var answer = await registry.Anonymous.SendAsync(method, path, method is "POST" or "PUT" or "PATCH" ? [] : null);
            if (permission is not (Permission.Open or Permission.Anyone))
            {
                Assert.True((int)answer.Status == 401, $"{method} {path}: {(int)answer.Status}");
                Assert.NotNull(answer.Header("WWW-Authenticate"));
            }
            Assert.True((int)answer.Status < 500, $"{method} {path}: {(int)answer.Status}");
        }
    }

    [Fact]
    public async Task A_stranger_with_an_account_is_denied_what_is_not_his()
    {
        foreach (var (method, path, permission) in await RequestsAsync())
        {
            // What changes the own account would leave nobody to go on with.
            var stranger = permission == Permission.Person && method != "GET" ? (await registry.CreateUserAsync()).Client : registry.UserClient;
            var answer = await stranger.SendAsync(method, path, method is "POST" or "PUT" or "PATCH" ? [] : null);
            if (permission is not (Permission.Open or Permission.Anyone or Permission.Authenticated or Permission.SignedIn or Permission.Person or Permission.Catalog))
            {
                Assert.True((int)answer.Status == (permission == Permission.SeeOrganization ? 404 : 403), $"{method} {path}: {(int)answer.Status}");
            }
            Assert.True((int)answer.Status < 500, $"{method} {path}: {(int)answer.Status}");
        }
    }

    [Fact]
    public async Task Commands_are_not_there_for_the_network() =>
        (await registry.Client.SendAsync("POST", "/commands/keys.rotate", "{}"u8.ToArray(), ("Content-Type", "application/json"))).Is(404);

    [Fact]
    public async Task A_method_that_an_endpoint_does_not_have_is_405()
    {
        foreach (var (method, path, _) in (await RequestsAsync()).Where(r => r.Method is "POST" && r.Path.StartsWith("/api/", StringComparison.Ordinal)))
        {
            Assert.NotEmpty(method);
            (await registry.Client.SendAsync("PATCH", path, [])).Is(405);
        }
        (await registry.UserClient.SendAsync("PATCH", $"/v2/{registry.NewRepository()}/tags/list", [])).Is(405, "UNSUPPORTED");
    }

    // One request for each method of each endpoint, with a repository that is not the caller's.
    private static async Task<List<(string Method, string Path, Permission Permission)>> RequestsAsync() =>
    [
        .. from endpoint in await EndpointsAsync()
           let path = Parameter().Replace(endpoint.RoutePattern.RawText!.Replace("/repository/-", "/repository/nobody/app", StringComparison.Ordinal).Replace("/-/", "/nobody/app/", StringComparison.Ordinal), p => p.Groups["name"].Value switch
           {
               "digest" => "sha256:" + new string('0', 64),
               "id" => new string('0', 32),
               _ => "v1",
           })
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
           where endpoint.Metadata.GetMetadata<OnlyOn>()?.Kind != ListenerKind.Admin
           select (method, path, endpoint.Metadata.GetMetadata<RequiresPermission>()!.Permission),
    ];

    private static Task<IReadOnlyList<RouteEndpoint>> EndpointsAsync() => Operation.EndpointsAsync();

    [GeneratedRegex("/-(?=/|$)", RegexOptions.None, 1000)]
    private static partial Regex NoOnesRepository();

    [GeneratedRegex(@"\{\**(?<name>[a-z_]+)[^}]*\}", RegexOptions.None, 1000)]
    private static partial Regex Parameter();
}
