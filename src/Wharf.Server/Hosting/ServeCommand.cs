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
        await using var app = await ServerApp.StartAsync(launch, wharf, ct);
        await Console.Out.WriteLineAsync($"Wharf is ready at {app.Services.GetRequiredService<Listeners>().ReadyUrl}");

        var drain = app.Services.GetRequiredService<Drain>();
        var left = await drain.WaitAsync(app.Lifetime.ApplicationStopping);
        using var closing = new CancellationTokenSource(left > s_closing ? left : s_closing);
        await app.StopAsync(closing.Token);
        return drain.Started ? 0 : 2;
    }
}
