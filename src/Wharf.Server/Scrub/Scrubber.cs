using System.Buffers;
using System.Globalization;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Recovery;
using Wharf.Storage;

namespace Wharf.Server.Scrub;

/// <summary>
/// Walks through all that is stored and compares it with the database, both ways: 1. blobs of one location after the other, in the order of their storage keys,
/// hashed again where the walk does that; 2. objects that no row names; 3. manifests; 4. what else lies in the places, and the journal. A walk
/// goes on from its place after a restart. It deletes nothing: damaged blobs are taken out of service (<see cref="Quarantine"/>), the
/// rest is reported. A read that fails may succeed next time, and so is reported only.
/// </summary>
internal sealed partial class Scrubber(Database db, Locations locations, Placements placements, Quarantine quarantine, Orphans orphans, Journal journal, ScrubStore store, TimeProvider clock, ILogger<Scrubber> logger) : IDisposable
{
    private const int BufferSize = 256 << 10;
    private const int BlobPage = 50;
    private const int ManifestPage = 50;
    private const int ForeignPage = 200;
    private const int ShardPage = 16;
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(5);

    // A walk that somebody asked for has the worker's wait.
    private readonly SemaphoreSlim _turn = new(1);

    public void Dispose() => _turn.Dispose();

    /// <summary>Goes on with the worker's walk for some seconds.</summary>
    /// <returns>Whether there is more.</returns>
    public async Task<bool> StepAsync(ScrubOptions options, Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        if (!await _turn.WaitAsync(0, ct))
            return false;
        try
        {
            if (await store.OpenAsync(ct) is not { } run)
            {
                if (await store.SinceLastMsAsync(ct) < options.Every.TotalMilliseconds)
                    return false;
                run = await store.BeginAsync(byHand: false, hashes: true, ct);
            }
            var began = clock.GetTimestamp();
            while (run.Phase != "done" && clock.GetElapsedTime(began) < s_step)
                run = await PageAsync(run, options.BytesPerSecond.Bytes, keep, ct);
            return run.Phase != "done";
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A whole walk at full speed.</summary>
    /// <param name="progress">Told what it is at, after each page.</param>
    public async Task<ScrubRun> RunAsync(bool hashes, Action<ScrubRun> progress, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var run = await store.BeginAsync(byHand: true, hashes, ct);
            while (run.Phase != "done")
            {
                run = await PageAsync(run, long.MaxValue, static _ => Task.CompletedTask, ct);
                progress(run);
            }
            return (await store.LastAsync(ended: true, ct))!;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<ScrubRun> PageAsync(ScrubRun run, long bytesPerSecond, Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        run = run.Phase switch
        {
            "blobs" => await BlobsAsync(run, bytesPerSecond, keep, ct),
            "unnamed" => await UnnamedAsync(run, ct),
            "manifests" => await ManifestsAsync(run, ct),
            _ => await OtherAsync(run, ct),
        };
        await store.SaveAsync(run, ct);
        if (run.Phase == "done")
            Log.Done(logger, run.Blobs, run.Manifests, run.Bytes, run.Findings, run.Repaired);
        return run;
    }

    private async Task<ScrubRun> BlobsAsync(ScrubRun run, long bytesPerSecond, Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        var (location, after) = Find(run.Place);
        var page = await placements.ListAsync(location.Name, after, BlobPage, ct);
        var began = clock.GetTimestamp();
        foreach (var placed in page)
        {
            run = (await BlobAsync(run, location, placed, bytesPerSecond, keep, ct)) with { Place = $"{location.Name}:{placed.Key}" };
            // Blobs are large, and a restart should not have them read again.
            if (clock.GetElapsedTime(began) > s_step)
                return run;
        }
        return page.Count < BlobPage ? Next(run, location, "unnamed") : run;
    }

    // A place is LOCATION:REST; without a location it is of the first.
    private (Location Location, string Place) Find(string place)
    {
        var colon = place.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (locations.Primary, place) : locations.Find(place[..colon]) is { } location ? (location, place[(colon + 1)..]) : (locations.Primary, "");
    }

    /// <summary>The beginning of the next location, or of another phase behind the last.</summary>
    private ScrubRun Next(ScrubRun run, Location location, string phase) => locations.RankOf(location.Name) + 1 is { } next && next < locations.All.Count
        ? run with { Place = $"{locations.All[next].Name}:" } : run with { Phase = phase, Place = "" };

    // Where there are several.
    private string In(Location location) => locations.All.Count == 1 ? "" : $"In {location.Name}: ";

    private async Task<ScrubRun> BlobAsync(ScrubRun run, Location location, Placement placed, long bytesPerSecond, Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        run = run with { Blobs = run.Blobs + 1 };
        string? kind, detail;
        try
        {
            long read;
            (kind, detail, read) = await CheckAsync(location, placed, run.Hashes, bytesPerSecond, keep, ct);
            run = run with { Bytes = run.Bytes + read };
        }
        catch (StorageException e)
        {
            Log.Unreadable(logger, placed.Key, e);
            return await FoundAsync(run, "unreadable", placed.Digest, placed.Key, In(location) + e.Message, "open", ct);
        }
        if (kind is null)
        {
            // Only what was read is known to be sound.
            if (placed.State == "lost" && run.Hashes)
                await quarantine.MarkPresentAsync(location, placed.Digest, placed.Key, ct);
            return run;
        }
        var isMarked = placed.State == "lost" || await quarantine.MarkLostAsync(location, placed.Digest, placed.Key, detail!, ct);
        // Gone meanwhile, row and bytes, as it should be; or pushed anew.
        if (!isMarked)
            return run;
        Log.Lost(logger, placed.Digest, placed.Key, detail!);
        if (!await quarantine.RepairAsync(location, placed.Digest, placed.Size, placed.Key, ct))
            return await FoundAsync(run, kind, placed.Digest, placed.Key, In(location) + detail, "open", ct);
        return await FoundAsync(run with { Repaired = run.Repaired + 1 }, kind, placed.Digest, placed.Key, In(location) + detail, "repaired", ct);
    }

    /// <returns>The kind of the finding, null when all is well; what is wrong; and how many bytes were read.</returns>
    private async Task<(string? Kind, string? Detail, long Read)> CheckAsync(Location location, Placement placed, bool hashes, long bytesPerSecond, Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        if (await location.Driver.StatAsync(placed.Key, ct) is not { } size)
            return ("missing", "There is no object.", 0);
        if (size != placed.Size)
            return ("corrupt", string.Create(CultureInfo.InvariantCulture, $"It has {size} bytes where {placed.Size} were stored."), 0);
        if (!hashes)
            return default;
        await using var stream = await location.Driver.OpenAsync(placed.Key, 0, long.MaxValue, ct);
        if (stream is null)
            return ("missing", "There is no object.", 0);
        using var hash = new ResumableHash(placed.Digest.Algorithm);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var (began, read) = (clock.GetTimestamp(), 0L);
            for (int n; (n = await stream.ReadAsync(buffer.AsMemory(0, BufferSize), ct)) > 0;)
            {
                hash.Append(buffer.AsSpan(0, n));
                read += n;
                var early = TimeSpan.FromSeconds(read / (double)bytesPerSecond) - clock.GetElapsedTime(began);
                if (early > TimeSpan.FromMilliseconds(1))
                    await Task.Delay(early, clock, ct);
                await keep(ct);
            }
            return hash.Finish() == placed.Digest ? (null, null, read) : ("corrupt", "Its bytes have another digest.", read);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Counted only: the search for orphans (OrphanSweeper) has them deleted when they are old enough.
    private async Task<ScrubRun> UnnamedAsync(ScrubRun run, CancellationToken ct)
    {
        var (location, rest) = Find(run.Place);
        var shard = rest.Length == 0 ? 0 : int.Parse(rest, CultureInfo.InvariantCulture);
        var end = Math.Min(shard + ShardPage, Orphans.Shards);
        for (; shard < end; shard++)
        {
            var (count, bytes) = await orphans.CountAsync(location, shard, ct);
            run = run with { Unnamed = run.Unnamed + count, UnnamedBytes = run.UnnamedBytes + bytes };
        }
        return shard == Orphans.Shards ? Next(run, location, "manifests") : run with { Place = string.Create(CultureInfo.InvariantCulture, $"{location.Name}:{shard}") };
    }

    private async Task<ScrubRun> ManifestsAsync(ScrubRun run, CancellationToken ct)
    {
        var page = await db.ListAsync($"SELECT digest, content FROM manifest WHERE digest > @place ORDER BY digest LIMIT {ManifestPage.ToString(CultureInfo.InvariantCulture)}",
            static r => (Digest: new Digest(r.GetFieldValue<byte[]>(0)), Content: r.GetFieldValue<byte[]>(1)), ct, ("place", Convert.FromHexString(run.Place)));
        foreach (var (digest, content) in page)
        {
            run = run with { Manifests = run.Manifests + 1, Bytes = run.Bytes + content.Length };
            if (Digest.Of(content, digest.Algorithm) != digest)
                run = await FoundAsync(run, "manifest", digest, digest.ToString(), "The database has other bytes than the digest says: the database is damaged.", "open", ct);
        }
        return page.Count < ManifestPage ? run with { Phase = "other", Place = "" } : run with { Place = Convert.ToHexString(page[^1].Digest.Span) };
    }

    private async Task<ScrubRun> OtherAsync(ScrubRun run, CancellationToken ct)
    {
        foreach (var location in locations.All)
            await foreach (var page in location.Driver.ListForeignAsync(ct).Chunk(ForeignPage).WithCancellation(ct))
            {
                // What was adopted is a blob's.
                var named = await placements.NamedAsync(location.Name, Array.ConvertAll(page, static f => f.Key), ct);
                foreach (var foreign in page.Where(f => !named.Contains(f.Key)))
                    run = await FoundAsync(run, "foreign", null, foreign.Key, string.Create(CultureInfo.InvariantCulture, $"{In(location)}It is none of this registry's ({foreign.Size} bytes), and was left alone."), "open", ct);
            }
        if (run.Hashes)
            await foreach (var (name, problem) in journal.CheckAsync(ct))
                run = await FoundAsync(run, "journal", null, name, $"A recovery would leave it out: {problem}.", "open", ct);
        return run with { Phase = "done", Place = "" };
    }

    private async Task<ScrubRun> FoundAsync(ScrubRun run, string kind, Digest? digest, string name, string detail, string state, CancellationToken ct)
    {
        await store.AddAsync(run, kind, digest, name, detail, state, ct);
        return run with { Findings = run.Findings + 1 };
    }

    private static partial class Log
    {
        [LoggerMessage(360, LogLevel.Error, "The blob {Digest} (object {Key}) is not served any more: {Why} The next push of it brings it back")]
        public static partial void Lost(ILogger logger, Digest digest, string key, string why);

        [LoggerMessage(361, LogLevel.Warning, "The object {Key} could not be read")]
        public static partial void Unreadable(ILogger logger, string key, Exception e);

        [LoggerMessage(362, LogLevel.Information, "Scrubbed {Blobs} blobs and {Manifests} manifests, {Bytes} bytes: {Findings} findings, {Repaired} repaired")]
        public static partial void Done(ILogger logger, long blobs, long manifests, long bytes, long findings, long repaired);
    }
}
