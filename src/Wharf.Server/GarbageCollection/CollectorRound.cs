using Wharf.Server.Content;

namespace Wharf.Server.GarbageCollection;

/// <summary>The steps of the collector's work, for the worker and for <c>wharf gc run</c>.</summary>
internal sealed class CollectorRound(Collector collector, ContentStore content, Garbage garbage, DigestLeases leases)
{
    public Task<Collected> ReviewAsync(string kind, int count, CancellationToken ct) => collector.ReviewAsync(kind, count, ct);

    /// <summary>Ends what is over by its own time: leases, tags, history.</summary>
    public async Task<int> EndAsync(int count, CancellationToken ct) =>
        await leases.SweepAsync(ct) + await content.EndExpiredAsync(count, ct) + await content.ForgetHistoryAsync(count, ct);

    /// <summary>Deletes bytes; how many objects.</summary>
    public async Task<int> DeleteAsync(CancellationToken ct) => (await garbage.CollectAsync(ct)).Keys;

    /// <summary>Works until nothing is due any more.</summary>
    /// <param name="told">Gets the sums after each batch.</param>
    public async Task<RoundTotals> RunAsync(Action<RoundTotals> told, CancellationToken ct)
    {
        const int Batch = 500;
        var totals = new RoundTotals();
        for (var more = true; more;)
        {
            more = await EndAsync(Batch, ct) > 0;
            foreach (var kind in Collector.Kinds)
            {
                var done = await ReviewAsync(kind, Batch, ct);
                totals = totals.With(kind, done);
                more |= done.Reviewed > 0;
            }
            var (keys, bytes) = await garbage.CollectAsync(ct);
            totals = totals with { Objects = totals.Objects + keys, Bytes = totals.Bytes + bytes };
            more |= keys > 0;
            told(totals);
        }
        return totals;
    }

    /// <summary>What would become of what is due now.</summary>
    public async Task<RoundTotals> PreviewAsync(CancellationToken ct)
    {
        var totals = new RoundTotals();
        foreach (var kind in Collector.Kinds)
            for (long after = 0; ;)
            {
                var (would, last) = await collector.PreviewAsync(kind, after, 1000, ct);
                if (would.Reviewed == 0)
                    break;
                totals = totals.With(kind, would);
                after = last;
            }
        return totals;
    }
}

/// <summary>Sums of a run.</summary>
/// <param name="Released">What nothing needs and goes later.</param>
/// <param name="Objects">Objects that are gone from the store.</param>
internal readonly record struct RoundTotals(long Reviewed, long Kept, long Released, long Manifests, long Links, long Blobs, long Objects, long Bytes)
{
    public RoundTotals With(string kind, Collected done) => this with
    {
        Reviewed = Reviewed + done.Reviewed,
        Kept = Kept + done.Kept,
        Released = Released + done.Released,
        Manifests = Manifests + (kind == "manifest" ? done.Removed : 0),
        Links = Links + (kind == "link" ? done.Removed : 0),
        Blobs = Blobs + (kind == "blob" ? done.Removed : 0),
    };
}
