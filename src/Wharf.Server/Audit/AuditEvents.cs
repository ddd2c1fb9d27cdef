using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.Data;

namespace Wharf.Server.Audit;

/// <summary>
/// Audits changes from the outbox (contract 10): each event becomes an entry in the transaction that moves the cursor, so that none is
/// told twice or left out. Every process tries; who loses the move leaves it to the others for a while.
/// </summary>
internal sealed partial class AuditEvents(Database db, AuditStore store, AuditWriter writer, AuditDatabase audit, TimeProvider clock, ILogger<AuditEvents> logger) : BackgroundService
{
    private const string Cursor = "events";
    private const int Page = 500;
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_yield = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>The column of event that says its place. On SQLite that is the row's own id.</summary>
    public string Position => audit.HasPartitions ? "seq" : "id";

    /// <summary>The last event that is in the trail.</summary>
    public ValueTask<long> ToldAsync(CancellationToken ct) => store.CursorAsync(Cursor, ct);

    /// <summary>Waits until what was committed by now is in the trail, on whichever process; two seconds at most.</summary>
    public async Task SettleAsync(CancellationToken ct)
    {
        // What comes while this waits is not waited for.
        var last = audit.HasPartitions ? await db.OneAsync("SELECT coalesce(max(id), 0) FROM event WHERE seq IS NULL", static r => r.GetInt64(0), ct) : 0;
        for (var waited = TimeSpan.Zero; waited < s_settle; waited += s_step)
        {
            var isSequenced = last == 0 || await db.OneAsync("SELECT 1 FROM event WHERE seq IS NULL AND id <= @last LIMIT 1", static r => r.GetInt32(0), ct, ("last", last)) == 0;
            if (isSequenced && await CatchUpAsync(ct))
                break;
            await Task.Delay(s_step, clock, ct);
        }
        await writer.FlushAsync(ct);
    }

    /// <summary>Reads what there is now.</summary>
    /// <returns>False when another process is at it.</returns>
    public async Task<bool> CatchUpAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            while (true)
            {
                var from = await store.CursorAsync(Cursor, ct);
                var (entries, to, more) = await ReadAsync(from, ct);
                if (to == from)
                    return true;
                if (!await writer.AppendAsync(entries, new CursorMove(Cursor, from, to), ct))
                    return false;
                if (!more)
                    return true;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _turn.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(await CatchUpAsync(stoppingToken) ? s_every : s_yield, clock, stoppingToken);
            }
            catch (DatabaseException e)
            {
                Log.Failed(logger, e);
                await Task.WhenAny(Task.Delay(s_yield, clock, stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async ValueTask<(List<AuditEntry> Entries, long To, bool More)> ReadAsync(long from, CancellationToken ct)
    {
        var position = Position;
        var events = await db.ListAsync($"""
            SELECT e.{position}, e.kind, e.namespace_id, e.repository_id, r.name, e.digest, e.at_ms, e.payload, e.origin
              FROM event e LEFT JOIN repository r ON r.id = e.repository_id
             WHERE e.{position} > @from ORDER BY e.{position} LIMIT {Page}
            """, static r => new Event(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3), r.IsDBNull(4) ? null : r.GetString(4),
                r.IsDBNull(5) ? null : new Digest(r.GetFieldValue<byte[]>(5)), r.GetInt64(6), Parse(r.GetString(7)), r.IsDBNull(8) ? null : Parse(r.GetString(8))), ct, ("from", from));
        if (events.Count == 0)
            return ([], from, false);
        var names = await NamesAsync([.. events.SelectMany(static e => new[] { e.By, AuditKinds.About(e.Kind, e.Payload, e.NamespaceId) ?? 0 }).Where(static id => id != 0).Distinct()], ct);
        return ([.. events.Select(e => Entry(e, names)).OfType<AuditEntry>()], events[^1].Position, events.Count == Page);
    }

    private static AuditEntry? Entry(Event e, Dictionary<long, string> names)
    {
        if (AuditKinds.Of(e.Kind, e.Payload) is not { } kind)
            return null;
        var metadata = AuditKinds.Metadata(e.Kind, e.Payload, e.Repository);
        foreach (var (from, to) in (ReadOnlySpan<(string, string)>)[("auth", "auth_type"), ("auth_id", "auth_id"), ("app", "oauth_token_application_id"), ("granted_by", AuditTrail.GrantedBy), ("request", "request_id")])
            if (e.Origin?[from] is { } value)
                metadata[to] = value.DeepClone();
        var about = AuditKinds.About(e.Kind, e.Payload, e.NamespaceId);
        return new AuditEntry(kind, kind == "logout_success" ? AuditClass.Access : AuditClass.Change, e.AtMs, e.NamespaceId, e.RepositoryId,
            new AuditPerson(e.By, names.GetValueOrDefault(e.By), e.Origin?["ip"]?.ToString(), e.Origin?["ua"]?.ToString()))
        {
            Digest = e.Digest,
            About = about is { } id ? new AuditPerson(id, names.GetValueOrDefault(id)) : null,
            Metadata = metadata.ToJsonString(),
        };
    }

    private async ValueTask<Dictionary<long, string>> NamesAsync(long[] ids, CancellationToken ct)
    {
        var names = new Dictionary<long, string>();
        foreach (var chunk in ids.Chunk(500))
            foreach (var (id, name) in await db.ListAsync(
                $"SELECT id, name FROM namespace WHERE id IN ({string.Join(", ", chunk.Select(static id => id.ToString(CultureInfo.InvariantCulture)))})", static r => (r.GetInt64(0), r.GetString(1)), ct))
                names[id] = name;
        return names;
    }

    private static JsonObject Parse(string json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject ?? [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private sealed record Event(long Position, string Kind, long NamespaceId, long? RepositoryId, string? Repository, Digest? Digest, long AtMs, JsonObject Payload, JsonObject? Origin)
    {
        public long By => Payload["by"] is JsonValue value && value.TryGetValue(out long id) ? id : 0;
    }

    private static partial class Log
    {
        [LoggerMessage(331, LogLevel.Warning, "Changes could not be audited; they wait in the outbox")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
