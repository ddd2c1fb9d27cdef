using Wharf.Server.Data;

namespace Wharf.Server.Security;

/// <summary>How many findings each repository had at the end of each day.</summary>
internal sealed class SecurityTrend(Database db, SecurityReports reports, FeedStore feeds)
{
    private const int Page = 200;
    private const int KeptDays = 400;

    /// <summary>Notes how many each repository has now, in the place of what was noted earlier today, and forgets what is too old.</summary>
    /// <param name="keep">Called often: keeps the lease.</param>
    public async Task NoteAsync(Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        var coverage = await feeds.CoverageAsync(ct);
        for (var after = 0L; ;)
        {
            var page = await db.ListAsync("SELECT id, namespace_id FROM repository WHERE id > @after AND deleted_ms IS NULL ORDER BY id LIMIT @count", static r => (Id: r.GetInt64(0), Namespace: r.GetInt64(1)), ct,
                ("after", after), ("count", Page));
            foreach (var (id, space) in page)
            {
                await keep(ct);
                if (await reports.SummarizeAsync(coverage, space, id, ct) is { Scanned: > 0 } counts)
                    await reports.NoteAsync(space, id, counts, ct);
            }
            if (page.Count < Page)
                break;
            after = page[^1].Id;
        }
        await db.WriteAsync(tx => tx.ExecuteAsync(
            "DELETE FROM security_trend WHERE day < now_ms() / 86400000 - @days OR NOT EXISTS (SELECT 1 FROM repository r WHERE r.id = security_trend.repository_id)", ("days", KeptDays)), ct);
    }
}
