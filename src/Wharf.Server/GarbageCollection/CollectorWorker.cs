using System.Diagnostics.Metrics;
using Wharf.Server.Content;
using Wharf.Server.Work;

namespace Wharf.Server.GarbageCollection;

/// <summary>
/// Runs the collector all the time, a batch of each kind after the other. Back-pressure: a batch is as large as fits into 10 ms, and
/// after it the worker waits so that the database has most of its time for others and the rate is kept.
/// </summary>
internal sealed partial class CollectorWorker(CollectorRound round, GarbageCollectionOptions options, Inventory inventory, Leases leases, TimeProvider clock, ILogger<CollectorWorker> logger)
    : LeasedWorker("collector", options.Every, leases, clock, logger)
{
    private const int InventoryPage = 200;
    private static readonly TimeSpan s_batch = TimeSpan.FromMilliseconds(10);
    private static readonly Meter s_meter = new("Wharf.GarbageCollection");
    private static readonly Counter<long> s_reviews = s_meter.CreateCounter<long>("wharf_gc_reviews", description: "Reviews of what may be garbage");
    private static readonly Counter<long> s_missed = s_meter.CreateCounter<long>("wharf_gc_missed_reviews", description: "What the inventory found that no review waited for");
    private readonly TimeProvider _clock = clock;
    private int _batch = 100;
    private long? _inventoried;
    private bool _hasPassed;

    protected override async Task<bool> RunAsync(CancellationToken ct)
    {
        if (!options.Enabled)
            return false;
        var more = false;
        foreach (var kind in Collector.Kinds)
            more |= await PaceAsync(async () => (await round.ReviewAsync(kind, _batch, ct)).Reviewed, adapt: true, ct) > 0;
        more |= await PaceAsync(async () => await round.EndAsync(_batch, ct), adapt: false, ct) > 0;
        more |= await round.DeleteAsync(ct) > 0;
        if (_inventoried is { } last && _clock.GetElapsedTime(last) < options.InventoryEvery)
            return more;
        var (missing, goesOn) = (0, true);
        await PaceAsync(async () =>
        {
            (missing, goesOn) = await inventory.PageAsync(InventoryPage, ct);
            return InventoryPage;
        }, adapt: false, ct);
        s_missed.Add(missing);
        if (missing > 0 && _hasPassed)
            Log.Missed(logger, missing);
        if (!goesOn)
            (_inventoried, _hasPassed) = (_clock.GetTimestamp(), true);
        return true;
    }

    private async Task<int> PaceAsync(Func<Task<int>> workAsync, bool adapt, CancellationToken ct)
    {
        var began = _clock.GetTimestamp();
        var done = await workAsync();
        var took = _clock.GetElapsedTime(began);
        if (done == 0)
            return 0;
        s_reviews.Add(done);
        if (adapt && took > s_batch)
            _batch = Math.Max(10, _batch / 2);
        else if (adapt && done >= _batch && took < s_batch / 2)
            _batch = Math.Min(1000, _batch * 2);
        var rest = took * (100.0 / options.Duty - 1);
        var rate = TimeSpan.FromSeconds((double)done / options.PerSecond) - took;
        await Task.Delay(rest > rate ? rest : rate, _clock, ct);
        return done;
    }

    private static partial class Log
    {
        [LoggerMessage(340, LogLevel.Warning, "Nothing needs {Count} things and no review waited for them; they are looked at now. Please report this")]
        public static partial void Missed(ILogger logger, int count);
    }
}
