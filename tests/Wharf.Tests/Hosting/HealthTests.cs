using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Hosting.Health;

namespace Wharf.Tests.Hosting;

public sealed class HealthTests
{
    [Fact]
    public async Task It_is_alive_ready_and_knows_its_version()
    {
        await using var wharf = await RunningWharf.StartAsync();

        Assert.Equal("live", (string?)(await JsonAsync(wharf.Client, "/health/live"))["status"]);
        Assert.Equal("ready", (string?)(await JsonAsync(wharf.Client, "/health/ready"))["status"]);
        Assert.NotEmpty((string)(await JsonAsync(wharf.Client, "/version"))["version"]!);
        var instance = await JsonAsync(wharf.Client, "/health/instance");
        Assert.Equal(200, (int)instance["status_code"]!);
        Assert.All(instance["data"]!["services"]!.AsObject(), service => Assert.True((bool)service.Value!));
    }

    [Fact]
    public async Task A_management_listener_serves_them_alone()
    {
        var port = FreePort();
        await using var wharf = await RunningWharf.StartAsync(["--management-listen", $"http://127.0.0.1:{port}"]);
        using var management = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        foreach (var path in new[] { "/health/live", "/health/ready", "/health/instance", "/metrics", "/version" })
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(management, path));
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(wharf.Client, path));
        }

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(management, "/v2/"));
        Assert.NotEqual(HttpStatusCode.NotFound, await StatusAsync(wharf.Client, "/v2/"));
    }

    [Theory]
    [InlineData("broken", false)]
    [InlineData(null, true)]
    public async Task A_check_that_fails_makes_it_not_ready_and_tells_why_in_the_log_only(string? reason, bool ready)
    {
        await using var wharf = await HostedWharf.StartAsync(_ => { }, add: builder => builder.Services.AddSingleton(new ReadinessCheck("part", _ => ValueTask.FromResult(reason))));

        using var answer = await wharf.Client.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        using var instance = await wharf.Client.GetAsync("/health/instance", TestContext.Current.CancellationToken);

        var status = ready ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable;
        Assert.Equal((status, status), (answer.StatusCode, instance.StatusCode));
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains($"\"part\":{(ready ? "true" : "false")}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("broken", text, StringComparison.Ordinal);
        lock (wharf.Log) Assert.Equal(!ready, wharf.Log.Any(l => l.Contains("part: broken", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_check_that_hangs_or_throws_has_failed()
    {
        await using var wharf = await HostedWharf.StartAsync(_ => { }, add: builder =>
        {
            builder.Services.AddSingleton(new ReadinessCheck("hangs", async ct =>
            {
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
                return null;
            }));
            builder.Services.AddSingleton(new ReadinessCheck("throws", _ => throw new InvalidOperationException("secret")));
        });

        using var answer = await wharf.Client.GetAsync("/health/ready", TestContext.Current.CancellationToken);

        Assert.Equal("""{"status":"not ready","checks":{"hangs":false,"throws":false}}""", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<JsonNode> JsonAsync(HttpClient client, string path) => JsonNode.Parse(await client.GetStringAsync(path, TestContext.Current.CancellationToken))!;

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
