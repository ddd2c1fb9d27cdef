using System.Globalization;
using System.Text;
using System.Text.Json;
using Wharf.Server.Content;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Scrub;

internal static class ScrubSetup
{
    private const int MostShown = 200;

    public static void AddScrub(this WebApplicationBuilder builder)
    {
        var options = builder.AddSection<ScrubOptions>("Scrub");
        builder.Services.AddSingleton<Quarantine>().AddSingleton<ScrubStore>().AddSingleton<Scrubber>()
            .AddSingleton(new AdminCommand("scrub", RunAsync));
        if (options.Enabled)
            builder.Services.AddHostedService<ScrubWorker>();
    }

    private static async Task<AdminResult> RunAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var full = arguments.TryGetProperty("full", out var given) && given.GetBoolean();
        var run = await services.GetRequiredService<Scrubber>().RunAsync(full, static r => CommandProgress.Tell(string.Create(CultureInfo.InvariantCulture,
            $"{r.Phase}: {r.Blobs} blobs, {r.Manifests} manifests, {r.Bytes} bytes read, {r.Findings} findings")), ct);
        var findings = await services.GetRequiredService<ScrubStore>().FindingsAsync(run.Id, 0, MostShown, ct);
        var data = JsonSerializer.SerializeToNode(new ScrubReport(null, run, findings, null), ScrubJson.Default.ScrubReport)!.AsObject();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{run.Blobs} blobs and {run.Manifests} manifests were {(full ? "read again" : "compared, without reading them (--full does)")}");
        if (run.Unnamed > 0)
            text.Append(CultureInfo.InvariantCulture, $"; {run.Unnamed} old objects with {run.UnnamedBytes} bytes have no row, and will be deleted");
        text.Append(run.Findings == 0 ? ". All is well." : string.Create(CultureInfo.InvariantCulture, $". {run.Findings} findings, {run.Repaired} of them repaired:"));
        foreach (var finding in findings)
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"  {finding.Kind} {finding.Digest} {finding.Name}: {finding.Detail}{(finding.State == "repaired" ? " It was repaired." : "")}");
        return new AdminResult(run.Findings == run.Repaired, text.ToString(), data);
    }
}
