using System.Globalization;
using System.Security.Cryptography;

namespace Wharf.Tests.Server.Limits;

/// <summary>Who sends too much is told to wait, in the form of the API; others are not.</summary>
public sealed class LimitTests(TightRegistry registry) : IClassFixture<TightRegistry>
{
    private const int Burst = TightRegistry.Burst, AddressBurst = TightRegistry.AddressBurst;

    [Fact]
    public async Task A_user_who_sends_too_many_requests_to_the_API_gets_429_with_the_time_to_wait()
    {
        var user = await registry.CreateUserAsync();
        for (var i = 0; i < Burst; i++)
            (await user.Client.ReadAsync("/api/v1/user/")).Is(200);

        var refused = (await user.Client.ReadAsync("/api/v1/user/")).Is(429);

        Assert.InRange(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture), 90, 100);
        Assert.Equal("application/problem+json", refused.ContentHeaders.ContentType?.MediaType);
        Assert.Equal("too_many_requests", refused.Json.GetProperty("error_type").GetString());
        Assert.Equal(refused.Header("X-Request-Id"), refused.Json.GetProperty("request_id").GetString());
        (await registry.Anonymous.ReadAsync("/api/v1/error/too_many_requests", From(NewAddress()))).Is(200);
    }

    [Fact]
    public async Task The_registry_says_it_in_the_OCI_form_and_counts_by_itself()
    {
        var user = await registry.CreateUserAsync();
        for (var i = 0; i < Burst; i++)
            (await user.Client.ReadAsync("/v2/")).Is(200);

        var refused = (await user.Client.ReadAsync("/v2/")).Is(429, "TOOMANYREQUESTS");

        Assert.NotNull(refused.Header("Retry-After"));
        (await user.Client.ReadAsync("/api/v1/user/")).Is(200);
        (await user.Client.SendAsync("POST", $"/v2/{user.Name}/app/blobs/uploads/", [])).Is(202);
        (await user.Client.ReadAsync("/api/v1/find/all?query=x")).Is(200);
        await user.Client.TokenAsync();
    }

    [Fact]
    public async Task Others_behind_the_same_address_go_on_whatever_one_does()
    {
        var (greedy, other, address) = (await registry.CreateUserAsync(), await registry.CreateUserAsync(), From(NewAddress()));
        while ((await greedy.Client.ReadAsync("/api/v1/user/", address)).Status != System.Net.HttpStatusCode.TooManyRequests)
            ;
        while ((await registry.Anonymous.ReadAsync("/api/v1/registry/capabilities", address)).Status != System.Net.HttpStatusCode.TooManyRequests)
            ;

        (await other.Client.ReadAsync("/api/v1/user/", address)).Is(200);
    }

    [Fact]
    public async Task Who_shows_no_credential_is_counted_by_the_address_that_the_proxy_names()
    {
        var address = NewAddress();
        for (var i = 0; i < AddressBurst; i++)
            (await registry.Anonymous.ReadAsync("/v2/", From(address))).Is(401);

        (await registry.Anonymous.ReadAsync("/v2/", From(address))).Is(429, "TOOMANYREQUESTS");
        (await registry.Anonymous.ReadAsync("/v2/", From(NewAddress()))).Is(401);
    }

    [Fact]
    public async Task A_wrong_credential_is_no_way_around_it()
    {
        var address = From(NewAddress());
        for (var i = 0; i < AddressBurst; i++)
            (await registry.Anonymous.ReadAsync("/v2/", address, ("Authorization", "Bearer nonsense" + i))).Is(401);

        (await registry.Anonymous.ReadAsync("/v2/", address, ("Authorization", "Bearer other"))).Is(429, "TOOMANYREQUESTS");
    }

    [Fact]
    public async Task An_IPv6_address_stands_for_its_whole_network()
    {
        var network = $"2001:db8:{RandomNumberGenerator.GetInt32(0x10000):x}:{RandomNumberGenerator.GetInt32(0x10000):x}";
        for (var i = 0; i < AddressBurst; i++)
            (await registry.Anonymous.ReadAsync("/v2/", From($"{network}::{i + 1:x}"))).Is(401);

        (await registry.Anonymous.ReadAsync("/v2/", From($"{network}:1::9"))).Is(429, "TOOMANYREQUESTS");
    }

    [Fact]
    public async Task What_the_gate_refuses_counts_too()
    {
        var user = await registry.CreateUserAsync();
        for (var i = 0; i < Burst; i++)
            (await user.Client.ReadAsync($"/v2/nobody/app/tags/list?n={i}")).Is(403);

        (await user.Client.ReadAsync("/v2/nobody/app/tags/list")).Is(429, "TOOMANYREQUESTS");
    }

    [Fact]
    public async Task Tokens_are_counted_for_whom_they_are_made()
    {
        var (user, other, address) = (await registry.CreateUserAsync(), await registry.CreateUserAsync(), From(NewAddress()));
        for (var i = 0; i < Burst; i++)
            (await user.Client.ReadAsync("/v2/auth?service=wharf", address)).Is(200);

        (await user.Client.ReadAsync("/v2/auth?service=wharf", address)).Is(429, "TOOMANYREQUESTS");
        (await other.Client.ReadAsync("/v2/auth?service=wharf", address)).Is(200);
    }

    [Fact]
    public async Task Superusers_and_probes_have_no_limit_and_the_refusals_are_counted()
    {
        for (var i = 0; i < 2 * Burst; i++)
        {
            (await registry.Client.ReadAsync("/api/v1/user/")).Is(200);
            (await registry.Anonymous.ReadAsync("/health/live")).Is(200);
        }
        var user = await registry.CreateUserAsync();
        while ((await user.Client.ReadAsync("/api/v1/find/repositories")).Status != System.Net.HttpStatusCode.TooManyRequests)
            ;

        var metrics = (await registry.Anonymous.ReadAsync("/metrics")).Is(200).Text;

        Assert.Matches("wharf_limits_refused_total\\{class=\"Search\",caller=\"principal\"\\} [1-9]", metrics);
        Assert.Matches("wharf_limits_callers [1-9]", metrics);
    }

    private static string NewAddress() => $"198.{RandomNumberGenerator.GetInt32(18, 20)}.{RandomNumberGenerator.GetInt32(256)}.{RandomNumberGenerator.GetInt32(256)}";

    private static (string, string) From(string address) => ("X-Forwarded-For", address);
}
