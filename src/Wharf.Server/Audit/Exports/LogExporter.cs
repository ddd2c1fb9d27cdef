using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting;
using Wharf.Server.Mail;
using Wharf.Server.QuayApi;
using Wharf.Server.Work;
using Wharf.Storage;

namespace Wharf.Server.Audit.Exports;

/// <summary>
/// Makes the files and tells of them. 1. It writes the file, page by page. 2. It makes a link. 3. It calls back, or sends mail. What
/// fails is tried three times; how it ended is itself an entry (export_logs_success, export_logs_failure).
/// </summary>
internal sealed partial class LogExporter : QueueWorker
{
    private const int Page = 1000;
    private static readonly TimeSpan s_look = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_callback = TimeSpan.FromSeconds(10);
    private readonly LogExports _exports;
    private readonly LogStore _logs;
    private readonly StoredFiles _files;
    private readonly Database _db;
    private readonly AuditEvents _events;
    private readonly AuditWriter _writer;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;
    private readonly ILogger<LogExporter> _logger;

    public LogExporter(LogExports exports, LogStore logs, StoredFiles files, Database db, AuditEvents events, AuditWriter writer, AuditOptions options, TimeProvider clock, ILogger<LogExporter> logger) : base("log-exporter", s_look, logger)
    {
        (_exports, _logs, _files, _db, _events, _writer, _clock, _logger) = (exports, logs, files, db, events, writer, clock, logger);
        _client = Outgoing.Guarded([.. options.CallbackNetworks.Select(static n => IPNetwork.Parse(n))], s_callback);
        exports.Added += Nudge;
    }

    public override void Dispose()
    {
        GC.SuppressFinalize(this);
        base.Dispose();
        _client.Dispose();
    }

    protected override async Task<TimeSpan?> RunAsync(CancellationToken ct)
    {
        await _exports.SweepAsync(ct);
        await _files.SweepAsync(ct);
        if (await _exports.ClaimAsync(ct) is not { } export)
            return null;
        try
        {
            await RunAsync(export, ct);
        }
        catch (Exception e) when (e is StorageException or DatabaseException or HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            Log.Failed(_logger, export.Id, e.Message);
            if (export.Attempts >= LogExports.MaxAttempts)
            {
                await _exports.DoneAsync(export, null, ct);
                Tell(export, "export_logs_failure");
            }
            else
                await _exports.PutOffAsync(export, TimeSpan.FromSeconds(10 * export.Attempts), ct);
        }
        return TimeSpan.FromSeconds(1);
    }

    private async Task RunAsync(LogExport export, CancellationToken ct)
    {
        if (export.StorageKey is null)
        {
            await _events.SettleAsync(ct);
            await _exports.MadeAsync(export, await _files.WriteAsync("logs", TimeSpan.FromDays(1), writer => WriteAsync(export, writer, ct), ct), ct);
        }
        var link = await _exports.LinkAsync(export, ct);
        if (export.CallbackEmail is { } email)
            await _exports.DoneAsync(export, new Letter("logs", email, "The logs that you asked for", ["The logs that you asked for are ready. The link is good for an hour."], "/exportedlogs/" + link, "Get the logs"), ct);
        else
        {
            var body = Describe(export, await NameAsync(export, ct));
            body["exported_data_url"] = $"{export.BaseUrl}/exportedlogs/{link}";
            body["status"] = "success";
            using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            using var response = await _client.PostAsync(new Uri(export.CallbackUrl!), content, ct);
            response.EnsureSuccessStatusCode();
            await _exports.DoneAsync(export, null, ct);
        }
        Tell(export, "export_logs_success");
    }

    private async Task WriteAsync(LogExport export, IBlobWriter writer, CancellationToken ct)
    {
        var head = Describe(export, await NameAsync(export, ct)).ToJsonString();
        await writer.WriteAsync(Encoding.UTF8.GetBytes(head[..^1] + ",\"logs\":["), ct);
        var query = new LogQuery(export.FromMs, export.ToMs) { NamespaceId = export.NamespaceId, RepositoryId = export.RepositoryId, Filter = export.Filter, Count = Page };
        var isFirst = true;
        while (true)
        {
            var page = await _logs.ListAsync(query, ct);
            var text = new StringBuilder();
            foreach (var entry in page.Entries)
            {
                text.Append(isFirst ? "\n" : ",\n").Append(JsonSerializer.Serialize(LogsApi.View(entry, false), LogsJson.Default.LogView));
                isFirst = false;
            }
            await writer.WriteAsync(Encoding.UTF8.GetBytes(text.ToString()), ct);
            if (page.Next is not { } next)
                break;
            query = query with { Before = next };
        }
        await writer.WriteAsync("\n]}\n"u8.ToArray(), ct);
    }

    private static JsonObject Describe(LogExport export, (string Namespace, string? Repository) of) => new()
    {
        ["export_id"] = export.Id,
        ["start_time"] = QuayDate.Format(export.FromMs),
        ["end_time"] = QuayDate.Format(export.ToMs),
        ["namespace"] = of.Namespace,
        ["repository"] = of.Repository,
        // Whether it is all that was logged; by what it was narrowed, who asked for it knows.
        ["filtered"] = export.Filter.Narrows,
    };

    private ValueTask<(string Namespace, string? Repository)> NameAsync(LogExport export, CancellationToken ct) => _db.OneAsync(
        "SELECT n.name, (SELECT r.name FROM repository r WHERE r.id = @repo) FROM namespace n WHERE n.id = @ns", static r => (r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1)), ct,
        ("ns", export.NamespaceId), ("repo", export.RepositoryId ?? 0));

    private void Tell(LogExport export, string kind) => _writer.Add(new AuditEntry(kind, AuditClass.Access, _clock.GetUtcNow().ToUnixTimeMilliseconds(), export.NamespaceId, export.RepositoryId,
        new AuditPerson(export.RequestedBy, null))
    { Metadata = $$"""{"export_id":"{{export.Id}}"}""" });

    private static partial class Log
    {
        [LoggerMessage(343, LogLevel.Warning, "The export of logs {Id} failed: {Problem}")]
        public static partial void Failed(ILogger logger, string id, string problem);
    }
}
