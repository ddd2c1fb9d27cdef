using Wharf.Server.Hosting.Network;

namespace Wharf.Server.Hosting;

/// <summary><c>wharf serve</c>: from the command line to the last answered request.</summary>
internal static class ServeCommand
{
    // After the grace: what is left to close connections and end workers.
    private static readonly TimeSpan s_closing = TimeSpan.FromSeconds(2);

    /// <returns>The exit code: 0 after a signal, 2 when a worker's fault ended the server.</returns>
    /// <exception cref="CannotStartException">It did not come to serving.</exception>
    public static async Task<int> RunAsync(Launch launch, Composition wharf, CancellationToken ct)
    {
        var prepared = ServerApp.Prepare(launch, wharf);
        prepared.Data.Open();
        StartTrace.Mark("data directory locked");

        await using var app = prepared.BuildServer();
        var services = app.Services;
        StartTrace.Mark("services built");
        var listeners = services.GetRequiredService<Listeners>();
        if (listeners.UseTls) services.GetRequiredService<Certificates>().Load();
        await ServerApp.RunStartupStepsAsync(app, ct);
        ServerApp.Map(app, wharf);
        await StartAsync(app, ct);
        StartTrace.Mark("listening");
        await Console.Out.WriteLineAsync($"Wharf is ready at {listeners.ReadyUrl}");

        var drain = services.GetRequiredService<Drain>();
        var left = await drain.WaitAsync(app.Lifetime.ApplicationStopping);
        using var closing = new CancellationTokenSource(left > s_closing ? left : s_closing);
        await app.StopAsync(closing.Token);
        return drain.Started ? 0 : 2;
    }

    private static async Task StartAsync(WebApplication app, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (IOException fault)
        {
            // Kestrel's message names the address: "Failed to bind to address http://...: address already in use."
            throw new CannotStartException($"{fault.Message} Give another address with --listen.", fault);
        }
        catch (System.Net.Sockets.SocketException fault)
        {
            throw new CannotStartException($"Cannot listen: {fault.Message}. Give another address with --listen.", fault);
        }
    }
}
