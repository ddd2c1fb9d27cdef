using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;

namespace Wharf.Tests.Hosting;

public sealed class AdminTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<string> _ran = [];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Commands_run_in_the_server_that_uses_the_directory()
    {
        var launch = new Launch { Data = _directory.File("data"), Listen = ["http://127.0.0.1:0"] };
        await using (await ServerApp.StartAsync(launch, Composition("server"), Ct))
        {
            var result = await AdminClient.RunAsync(launch, Composition("here"), "greet", new JsonObject { ["name"] = "Ada" }, Ct);

            Assert.Equal((true, "Hello Ada from server", 5), (result.Done, result.Message, (int?)result.Data?["n"]));
        }

        Assert.Equal(["step server"], _ran);
    }

    [Fact]
    public async Task Without_a_server_they_take_the_lock_and_run_here_after_the_startup_steps()
    {
        var launch = new Launch { Data = _directory.File("data") };

        var result = await AdminClient.RunAsync(launch, Composition("here"), "greet", new JsonObject { ["name"] = "" }, Ct);

        Assert.Equal((false, "Nobody to greet"), (result.Done, result.Message));
        Assert.Equal(["step here"], _ran);
        // And they let go of it.
        await using var server = await ServerApp.StartAsync(launch with { Listen = ["http://127.0.0.1:0"] }, Composition("server"), Ct);
    }

    [Fact]
    public async Task While_a_server_starts_they_wait_for_it()
    {
        var launch = new Launch { Data = _directory.File("data"), Listen = ["http://127.0.0.1:0"] };
        var (locked, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var starting = ServerApp.StartAsync(launch, Composition("server", async () =>
        {
            locked.SetResult();
            await go.Task;
        }), Ct);
        await locked.Task;

        var command = AdminClient.RunAsync(launch, Composition("here"), "greet", new JsonObject { ["name"] = "Ada" }, Ct);
        Assert.False(command.IsCompleted);
        go.SetResult();

        Assert.Equal("Hello Ada from server", (await command).Message);
        await using var server = await starting;
    }

    [Fact]
    public async Task A_fault_in_the_server_is_an_error_with_the_request_id()
    {
        var launch = new Launch { Data = _directory.File("data"), Listen = ["http://127.0.0.1:0"] };
        await using var server = await ServerApp.StartAsync(launch, Composition("server"), Ct);

        var fault = await Assert.ThrowsAsync<CannotStartException>(() => AdminClient.RunAsync(launch, Composition("here"), "fail", [], Ct));

        Assert.Matches("^The server failed: internal error.*\\(request [0-9a-f]{16}\\)$", fault.Message);
    }

    [Fact]
    public async Task The_socket_serves_commands_only_and_nothing_else_serves_them()
    {
        await using var wharf = await RunningWharf.StartAsync();
        using var admin = wharf.AdminClient();

        Assert.Equal(HttpStatusCode.OK, await PostAsync(admin, "/commands/version"));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(wharf.Client, "/commands/version"));
        using var health = await admin.GetAsync("/health/live", Ct);
        Assert.Equal(HttpStatusCode.NotFound, health.StatusCode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(wharf.Data, "wharf.sock")) & (UnixFileMode)0x1B6);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string path)
    {
        using var answer = await client.PostAsync(path, new StringContent("{}"), Ct);
        return answer.StatusCode;
    }

    private Composition Composition(string where, Func<Task>? step = null) => new(
        builder =>
        {
            builder.Services.AddSingleton(new StartupStep("step", async (_, _) =>
            {
                _ran.Add($"step {where}");
                await (step?.Invoke() ?? Task.CompletedTask);
            }));
            builder.Services.AddSingleton(new AdminCommand("greet", (_, arguments, _) => Task.FromResult(arguments.GetProperty("name").GetString() is { Length: > 0 } name
                ? new AdminResult(true, $"Hello {name} from {where}", new JsonObject { ["n"] = 5 })
                : new AdminResult(false, "Nobody to greet"))));
            builder.Services.AddSingleton(new AdminCommand("fail", (_, _, _) => throw new InvalidOperationException("secret")));
        },
        _ => { },
        _ => { });
}
