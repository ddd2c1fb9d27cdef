using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Wharf.Server.Hosting.Admin;

/// <summary>
/// Runs a command where it belongs. 1. A server listens on the socket: it runs there. 2. None does: the lock is taken, and it
/// runs here. 3. The lock is held and nobody listens: a server is starting or stopping, or another command runs; asked again
/// for ten seconds.
/// </summary>
internal static class AdminClient
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <exception cref="CannotStartException">Neither server nor lock could be had, or the server failed.</exception>
    public static async Task<AdminResult> RunAsync(Launch launch, Composition wharf, string command, JsonObject arguments, CancellationToken ct)
    {
        var prepared = ServerApp.Prepare(launch, wharf);
        var data = prepared.Data;
        var socket = new AdminSocket(data);
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await socket.ConnectAsync(ct) is { } connection) return await SendAsync(connection, command, arguments, ct);
            if (data.TryOpen() is not { } owner) return await RunHereAsync(prepared, command, arguments, ct);
            if (TimeProvider.System.GetElapsedTime(began) > s_patience)
            {
                throw new CannotStartException($"{data.Path} is in use by process {owner}, which does not answer.");
            }

            await Task.Delay(s_pause, ct);
        }
    }

    /// <summary>Runs what no server may run beside: on a data directory that nobody uses, after the <see cref="StartupStep"/>s.</summary>
    /// <param name="open">False for what makes the database, and so comes before those steps.</param>
    /// <exception cref="CannotStartException">The directory is in use.</exception>
    public static async Task<AdminResult> RunAloneAsync(Launch launch, Composition wharf, bool open, Func<IServiceProvider, CancellationToken, Task<AdminResult>> run, CancellationToken ct)
    {
        var prepared = ServerApp.Prepare(launch, wharf);
        prepared.Data.Open();
        await using var app = prepared.BuildForCommand();
        if (open)
            await ServerApp.RunStartupStepsAsync(app, ct);
        CommandProgress.ListenBy(Console.Error.WriteLine);
        return await run(app.Services, ct);
    }

    private static async Task<AdminResult> RunHereAsync(Prepared prepared, string command, JsonObject arguments, CancellationToken ct)
    {
        await using var app = prepared.BuildForCommand();
        var known = app.Services.GetServices<AdminCommand>().FirstOrDefault(c => c.Name == command)
            ?? throw new CannotStartException($"There is no command {command}.");
        await ServerApp.RunStartupStepsAsync(app, ct);
        using var document = JsonDocument.Parse(arguments.ToJsonString());
        CommandProgress.ListenBy(Console.Error.WriteLine);
        return await known.Run(app.Services, document.RootElement, ct);
    }

    private static async Task<AdminResult> SendAsync(Socket connection, string command, JsonObject arguments, CancellationToken ct)
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new NetworkStream(connection, ownsSocket: true)), UseProxy = false };
        // Some commands take hours.
        using var client = new HttpClient(handler) { BaseAddress = new Uri("http://localhost"), Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            using var body = new StringContent(arguments.ToJsonString(), Encoding.UTF8, "application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, $"commands/{command}") { Content = body };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
            JsonNode? answer = null;
            while (await lines.ReadLineAsync(ct) is { } line)
            {
                answer = JsonNode.Parse(line);
                if (answer?["progress"] is { } progress)
                    await Console.Error.WriteLineAsync((string?)progress);
            }
            return response.IsSuccessStatusCode && answer?["done"] is not null
                ? new AdminResult((bool)answer!["done"]!, (string)answer["message"]!, answer["data"] as JsonObject)
                : throw new CannotStartException($"The server failed: {answer?["detail"]} (request {answer?["request_id"]})");
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or IOException)
        {
            throw new CannotStartException($"The server did not answer: {fault.Message}", fault);
        }
    }
}
