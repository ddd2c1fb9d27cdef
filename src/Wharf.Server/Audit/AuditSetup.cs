using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Audit.Exports;
using Wharf.Server.Audit.Sinks;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Audit;

internal static class AuditSetup
{
    public static void AddAudit(this WebApplicationBuilder builder)
    {
        var options = builder.AddSection<AuditOptions>("Audit");
        builder.AddSinks(options);
        builder.Services
            .AddSingleton<AuditDatabase>().AddSingleton<SinkStore>()
            .AddSingleton(new StartupStep("audit trail", (services, _) =>
            {
                Open(services, options);
                return Task.CompletedTask;
            }))
            .AddSingleton<AuditStore>().AddSingleton<AuditWriter>().AddSingleton<AuditTrail>().AddSingleton<AuditEvents>().AddSingleton<AuditSeals>()
            .AddSingleton<AuditFile>().AddSingleton<AuditRotator>().AddSingleton<AuditVerifier>().AddSingleton<AuditErasure>().AddSingleton<PersonTrail>().AddSingleton<LogStore>().AddSingleton<LogExports>().AddHostedService<LogExporter>()
            .AddSingleton(static s => new PullListener(s.GetRequiredService<AuditTrail>().PulledAsync, s.GetRequiredService<AuditTrail>().PulledBlobAsync))
            .AddHostedService(static s => s.GetRequiredService<AuditWriter>())
            .AddHostedService(static s => s.GetRequiredService<AuditEvents>())
            .AddHostedService<AuditSealer>()
            .AddHostedService(static s => s.GetRequiredService<AuditRotator>())
            .AddSingleton(new AdminCommand("audit.verify", VerifyAsync))
            .AddSingleton(new AdminCommand("audit.rotate", RotateAsync))
            .AddSingleton(new AdminCommand("audit.erase", EraseAsync));
    }

    private static void AddSinks(this WebApplicationBuilder builder, AuditOptions options)
    {
        foreach (var sink in options.Sinks)
            builder.Services.AddSingleton<IHostedService>(s => ActivatorUtilities.CreateInstance<SinkWorker>(s, sink));
    }

    private static void Open(IServiceProvider services, AuditOptions options)
    {
        var (audit, metadata) = (services.GetRequiredService<AuditDatabase>(), services.GetRequiredService<Database>());
        if (metadata is PostgresDatabase)
        {
            audit.Open(metadata, owned: false);
            return;
        }
        try
        {
            audit.Open(new SqliteDatabase(services.GetRequiredService<DataDirectory>().File("audit.db"), services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<ILogger<SqliteDatabase>>(), Migration.Audit(), durable: options.Strict), owned: true);
        }
        catch (DatabaseException e)
        {
            throw new CannotStartException($"The audit trail cannot be opened: {e.Message}", e);
        }
    }

    private static async Task<AdminResult> VerifyAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        (long, byte[])? expected = null;
        if (arguments.TryGetProperty("seal", out var seal) && seal.GetString() is { } text)
        {
            var parts = text.Split(':', 2);
            if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var n) || parts[1].Length != 64 || !parts[1].All(char.IsAsciiHexDigit))
                return new AdminResult(false, "Give the seal as the log tells it: --seal NUMBER:CODE, the code in 64 hexadecimal digits.");
            expected = (n, Convert.FromHexString(parts[1]));
        }
        // What is in memory is brought down first, so that what is proved is all there is.
        await services.GetRequiredService<AuditEvents>().SettleAsync(ct);
        var report = await services.GetRequiredService<AuditVerifier>().VerifyAsync(expected, ct);
        var numbers = $"{report.Entries} entries in {report.Batches} batches of {report.Writers} writers, {report.Segments} rotated files, {report.Seals} seals, {report.ErasedPersons} erased persons";
        var data = new JsonObject
        {
            ["entries"] = report.Entries,
            ["batches"] = report.Batches,
            ["writers"] = report.Writers,
            ["segments"] = report.Segments,
            ["seals"] = report.Seals,
            ["erased_persons"] = report.ErasedPersons,
            ["findings"] = new JsonArray([.. report.Findings.Select(static f => (JsonNode)f)]),
        };
        return report.Findings.Count == 0
            ? new AdminResult(true, $"The audit trail is whole: {numbers}.", data)
            : new AdminResult(false, $"The audit trail was changed ({numbers}):\n{string.Join('\n', report.Findings.Select(static f => "  " + f))}{(report.Findings.Count == AuditVerifier.MaxFindings ? "\n  and more" : "")}", data);
    }

    private static async Task<AdminResult> RotateAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var days = arguments.TryGetProperty("days", out var given) ? given.GetInt32() : services.GetRequiredService<AuditOptions>().RotateDays;
        var before = (int)(services.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeMilliseconds() / AuditBatch.DayMs) - Math.Max(days, 1) + 1;
        var rotated = 0;
        while (await services.GetRequiredService<AuditRotator>().RotateAsync(before, ct))
            rotated++;
        return new AdminResult(true, $"{rotated} days were moved to the blob storage.", new JsonObject { ["days"] = rotated });
    }

    private static async Task<AdminResult> EraseAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var name = arguments.GetProperty("name").GetString() ?? "";
        var accounts = await services.GetRequiredService<LogStore>().AccountsAsync([name], ct);
        if (accounts.Count == 0)
            return new AdminResult(false, $"There is and was nobody called {name}.");
        var (erasure, erased) = (services.GetRequiredService<AuditErasure>(), 0);
        foreach (var account in accounts)
            if (await erasure.FindHoldAsync(account, ct) is { } hold)
                return new AdminResult(false, $"Nothing was erased: there is a legal hold, {hold}.");
        foreach (var account in accounts)
            erased += (await erasure.EraseAsync(account, ct)).Erased;
        return new AdminResult(true, $"{erased} records of {name} were erased from the audit trail: name, addresses and user agents. What was done stays, under a number.", new JsonObject { ["records"] = erased });
    }
}
