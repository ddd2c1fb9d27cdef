using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Audit;

/// <summary>What the trail, rotated days included, has of what somebody did and what was done to them.</summary>
internal sealed class PersonTrail(AuditDatabase audit, AuditStore store, AuditFile file, AuditEvents events)
{
    private const int Page = 500;

    /// <summary>In no order. Rows first and then files, so that a day that is rotated meanwhile comes twice and not never.</summary>
    public async IAsyncEnumerable<JsonObject> ReadAsync(long accountId, [EnumeratorCancellation] CancellationToken ct)
    {
        await events.SettleAsync(ct);
        var after = (Writer: long.MinValue, N: 0L, I: 0);
        while (true)
        {
            var rows = await audit.Value.ListAsync($"""
                SELECT writer, n, i, line FROM audit_entry WHERE (performer_id = @id OR about_id = @id) AND (writer, n, i) > (@writer, @n, @i) ORDER BY writer, n, i LIMIT {Page}
                """, static r => (At: (r.GetInt64(0), r.GetInt64(1), r.GetInt32(2)), Line: r.GetFieldValue<byte[]>(3)), ct,
                ("id", accountId), ("writer", after.Writer), ("n", after.N), ("i", after.I));
            foreach (var entry in await TellAsync(accountId, rows.ConvertAll(static r => AuditLine.Parse(r.Line)), ct))
                yield return entry;
            if (rows.Count < Page)
                break;
            after = rows[^1].At;
        }
        foreach (var (_, segment) in await store.SegmentsAsync(ct))
            await foreach (var (_, lines) in file.ReadAsync(segment.StorageKey, static _ => { }, ct))
                foreach (var entry in await TellAsync(accountId, lines.ConvertAll(static l => AuditLine.Parse(l)), ct))
                    yield return entry;
    }

    private async ValueTask<List<JsonObject>> TellAsync(long accountId, List<AuditLine> lines, CancellationToken ct)
    {
        var about = lines.FindAll(l => l.PerformerId == accountId || l.AboutId == accountId);
        if (about.Count == 0)
            return [];
        // From where somebody else did it is nobody's affair here.
        var persons = await store.PersonsAsync(about.Where(l => l.PerformerId == accountId).Select(static l => l.Who), ct);
        return about.ConvertAll(line => new JsonObject
        {
            ["at"] = QuayDate.FormatIso(line.AtMs),
            ["kind"] = line.Kind,
            ["outcome"] = line.Outcome,
            ["by_this_person"] = line.PerformerId == accountId,
            ["person"] = line.PerformerId == accountId && persons.TryGetValue(Convert.ToHexStringLower(line.Who), out var row) ? JsonNode.Parse(row.Value) : null,
            ["digest"] = line.Digest?.ToString(),
            ["metadata"] = line.Metadata is { } metadata ? JsonNode.Parse(metadata) : null,
        });
    }
}
