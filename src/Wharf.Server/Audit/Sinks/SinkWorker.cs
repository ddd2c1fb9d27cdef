using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Wharf.Server.Data;
using Wharf.Server.Work;

namespace Wharf.Server.Audit.Sinks;

/// <summary>
/// Sends the trail to one sink, on one replica, at least once: a batch is done when the sink has it, and what it does not take waits in
/// the trail, which is the spool. Each writer's chain has its own place, so that no slow writer is overtaken unseen. Seals are sent
/// too: with them somebody who has only the sink can tell that a trail was cut.
/// </summary>
internal sealed partial class SinkWorker : BackgroundService
{
    private const int MaxEntries = 1000;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);
    private static readonly Meter s_meter = new("Wharf.Audit.Sinks");
    private static readonly Gauge<double> s_lag = s_meter.CreateGauge<double>("wharf.audit.sink.lag", "s", "Age of the oldest audit entry that a sink has not got.");
    private static readonly Gauge<long> s_waiting = s_meter.CreateGauge<long>("wharf.audit.sink.waiting", description: "Audit batches that a sink has not got.");
    private static readonly Counter<long> s_sent = s_meter.CreateCounter<long>("wharf.audit.sink.sent", description: "Audit entries that a sink has got.");
    private static readonly Counter<long> s_failures = s_meter.CreateCounter<long>("wharf.audit.sink.failures", description: "Deliveries that a sink did not take.");

    private readonly string _name;
    private readonly ISink _sink;
    private readonly SinkStore _places;
    private readonly AuditStore _store;
    private readonly LogStore _logs;
    private readonly Leases _leases;
    private readonly TimeProvider _clock;
    private readonly ILogger<SinkWorker> _logger;
    private readonly KeyValuePair<string, object?> _tag;

    public SinkWorker(SinkOptions options, SinkStore places, AuditStore store, LogStore logs, Leases leases, TimeProvider clock, ILogger<SinkWorker> logger)
    {
        (_name, _places, _store, _logs, _leases, _clock, _logger) = (options.Name, places, store, logs, leases, clock, logger);
        _sink = options.Kind switch
        {
            SinkKind.Syslog => new SyslogSink(options, clock),
            SinkKind.Splunk => new SplunkSink(options),
            _ => new ElasticsearchSink(options, logger),
        };
        _tag = new("sink", options.Name);
    }

    /// <summary>Sends what there is now.</summary>
    /// <exception cref="SinkException">The sink did not take all of it.</exception>
    public async Task SendAsync(CancellationToken ct)
    {
        while (true)
        {
            var waiting = await _places.WaitingAsync(_name, ct);
            s_waiting.Record(waiting.Sum(static w => w.Head - w.Sent), _tag);
            if (waiting.Count == 0)
            {
                s_lag.Record(0, _tag);
                await SendSealsAsync(ct);
                return;
            }
            foreach (var (writer, sent, head) in waiting)
                await SendAsync(writer, sent, head, ct);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _sink.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = s_every;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(pause, _clock, stoppingToken);
                if (await _leases.TryTakeAsync($"audit-sink-{_name}", s_lease, stoppingToken) is null)
                    continue;
                await SendAsync(stoppingToken);
                pause = s_every;
            }
            catch (Exception e) when (e is SinkException or DatabaseException or IOException)
            {
                s_failures.Add(1, _tag);
                Log.Failed(_logger, _name, e.Message);
                pause = pause * 2 < s_longest ? pause * 2 : s_longest;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task SendAsync(long writer, long sent, long head, CancellationToken ct)
    {
        while (sent < head)
        {
            await _leases.TryTakeAsync($"audit-sink-{_name}", s_lease, ct);
            var batches = new List<AuditBatch>();
            foreach (var batch in await _store.BatchesAsync(writer, sent, 100, ct))
                if (batches.Count == 0 || batches.Sum(static b => b.Count) + batch.Count <= MaxEntries)
                    batches.Add(batch);
                else
                    break;
            if (batches.Count == 0)
            {
                // Rotated before this sink had it: the file has it, and the sink's place goes on.
                Log.Missed(_logger, _name, AuditBatch.Name(writer), sent + 1, head);
                await _places.SentAsync(_name, writer, head, ct);
                return;
            }
            s_lag.Record(Math.Max(0, _clock.GetUtcNow().ToUnixTimeMilliseconds() - batches[0].FromMs) / 1000.0, _tag);
            var entries = await _logs.TellAsync(writer, batches[0].N, batches[^1].N, ct);
            await _sink.SendAsync([.. entries.Select(Tell)], ct);
            sent = batches[^1].N;
            await _places.SentAsync(_name, writer, sent, ct);
            s_sent.Add(entries.Count, _tag);
        }
    }

    private async Task SendSealsAsync(CancellationToken ct)
    {
        var place = $"seals-of-{_name}";
        var after = await _store.CursorAsync(place, ct);
        if (await _store.SealsAsync(after, MaxEntries, ct) is not { Count: > 0 } seals)
            return;
        await _sink.SendAsync([.. seals.Select(static s => new SinkEntry($"seal.{s.N}", DateTimeOffset.FromUnixTimeMilliseconds(s.AtMs), "audit_seal", false,
            new JsonObject { ["kind"] = "audit_seal", ["at"] = Iso(s.AtMs), ["seal"] = s.N, ["mac"] = Convert.ToHexStringLower(s.Mac) }.ToJsonString()))], ct);
        await _store.MoveCursorAsync(new CursorMove(place, after, seals[^1].N), ct);
    }

    private static SinkEntry Tell(LogEntry entry)
    {
        var view = LogsApi.View(entry, withNamespace: false);
        var json = new JsonObject { ["id"] = view.Id, ["at"] = view.At, ["kind"] = view.Kind, ["outcome"] = view.Outcome, ["metadata"] = view.Metadata };
        if (view.Performer is { } performer)
            json["performer"] = performer.Name;
        if (view.Tried is { } tried)
            json["tried"] = tried;
        if (view.Ip is { } ip)
            json["ip"] = ip;
        return new SinkEntry(view.Id, DateTimeOffset.FromUnixTimeMilliseconds(entry.Line.AtMs), view.Kind, view.Outcome != AuditEntry.Success, json.ToJsonString());
    }

    private static string Iso(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static partial class Log
    {
        [LoggerMessage(341, LogLevel.Warning, "The audit sink {Sink} did not take a delivery: {Problem}. What it has not got waits in the trail")]
        public static partial void Failed(ILogger logger, string sink, string problem);

        [LoggerMessage(342, LogLevel.Error, "The audit sink {Sink} never got batches {First} to {Last} of writer {Writer}: they were rotated before it took them, and are in the files of the blob storage")]
        public static partial void Missed(ILogger logger, string sink, string writer, long first, long last);
    }
}
