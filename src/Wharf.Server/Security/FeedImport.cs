using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;
using Wharf.Server.Content;

namespace Wharf.Server.Security;

/// <summary>
/// Takes what publishers serve from a directory: each feed is compiled, compared with what there is, and put in its place as a whole or not at all. What is not
/// whole, older than what there is, or suspiciously smaller is refused, and the last good revision stays.
/// </summary>
internal sealed class FeedImport(FeedStore store, FeedsInUse feeds, StoredFiles files)
{
    // A list that was cut off in the middle of a line looks whole. No publisher takes back as much at once.
    private const double LeastKept = 0.9;

    // What a killed process leaves goes after that.
    private static readonly TimeSpan s_unfinished = TimeSpan.FromDays(1);

    // Another that imports the same feed at the same time is done before long.
    private const int Attempts = 5;

    /// <param name="directory">In the layout of docs/feeds.md.</param>
    /// <param name="force">Also what is older or much smaller than what there is.</param>
    /// <param name="validators">What the publisher gave with the files, by path.</param>
    /// <returns>A line for each feed that the directory has files of.</returns>
    public async Task<IReadOnlyList<FeedOutcome>> RunAsync(string directory, bool force, IReadOnlyDictionary<string, string> validators, Action<string> progress, CancellationToken ct)
    {
        var work = feeds.DirectoryOf("import");
        Directory.CreateDirectory(work);
        var outcomes = new List<FeedOutcome>();
        foreach (var feed in new FeedDirectory(directory, work).List())
        {
            progress($"{feed.Feed.Title}: {feed.Files.Count} files, {feed.Files.Sum(static f => f.Size) / 1e6:0.0} MB");
            var compiled = Path.Join(work, $"{Guid.NewGuid():n}.feed");
            try
            {
                outcomes.Add(await RunAsync(directory, feed, compiled, force, validators, ct));
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                await store.CheckedAsync(feed.Feed.Name, e.Message, ct);
                outcomes.Add(new FeedOutcome(feed.Feed.Name, null, false, e.Message));
            }
            finally
            {
                File.Delete(compiled);
            }
        }
        return outcomes;
    }

    private async Task<FeedOutcome> RunAsync(string directory, FeedContent feed, string compiled, bool force, IReadOnlyDictionary<string, string> validators, CancellationToken ct)
    {
        var leftOut = 0;
        var info = feed.Compile(directory, compiled, _ => leftOut++);
        IReadOnlyList<string> ecosystems;
        using (var revision = FeedRevision.Open(compiled))
            ecosystems = revision.Ecosystems;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var before = await store.FindAsync(feed.Feed.Name, ct);
            var isSame = before?.Revision == info.Revision;
            if (isSame && !before!.Files.Any(f => validators.TryGetValue(f.Path, out var now) && now != f.ETag))
            {
                await store.CheckedAsync(info.Name, null, ct);
                return new FeedOutcome(info.Name, info, false, null);
            }
            if (before is not null && !isSame && !force && Refuse(before, info) is { } refusal)
            {
                await store.CheckedAsync(info.Name, refusal, ct);
                return new FeedOutcome(info.Name, null, false, refusal);
            }
            // A file that changed and says the same is kept for its validator: it would be fetched anew each time.
            var key = isSame ? before!.StorageKey : await StoreAsync(compiled, ct);
            var served = new List<FeedFile>();
            foreach (var file in feed.Files)
                served.Add(new FeedFile(file.Path, await StoreAsync(Path.Join(directory, file.Path), ct), file.Size, validators.GetValueOrDefault(file.Path), new DateTimeOffset(file.Changed).ToUnixTimeMilliseconds()));
            var isSet = await store.SetAsync(info, ecosystems, key, served, before, ct);
            if (isSet)
                return new FeedOutcome(info.Name, info, !isSame, leftOut == 0 ? null : $"{leftOut} records could not be read and were left out.");
            // Of two imports at once one is a moment later, and then compares with the other's.
            foreach (var unused in served)
                await files.RemoveAsync(unused.Key, ct);
            if (!isSame)
                await files.RemoveAsync(key, ct);
        }
        throw new InvalidDataException("Others import it all the time.");
    }

    private static string? Refuse(FeedRow before, FeedInfo now) =>
        now.Date.ToUnixTimeMilliseconds() < before.DateMs
            ? $"It is of {now.Date:yyyy-MM-dd HH:mm} and older than what there is, of {DateTimeOffset.FromUnixTimeMilliseconds(before.DateMs):yyyy-MM-dd HH:mm}. --force takes it all the same."
            : now.Statements < before.Statements * LeastKept
                ? $"It has {now.Statements} statements where there were {before.Statements}: it seems to be cut off. --force takes it all the same."
                : null;

    private async Task<string> StoreAsync(string path, CancellationToken ct)
    {
        await using var from = File.OpenRead(path);
        return await files.WriteAsync("feed", s_unfinished, async writer =>
        {
            var buffer = new byte[1 << 20];
            for (int n; (n = await from.ReadAsync(buffer, ct)) > 0;)
                await writer.WriteAsync(buffer.AsMemory(0, n), ct);
        }, ct);
    }
}

/// <param name="Info">The revision that there is now; null when what came was refused.</param>
/// <param name="IsNew">Whether it is another one than before.</param>
/// <param name="Problem">Why it was refused, or what was left out.</param>
internal sealed record FeedOutcome(string Name, FeedInfo? Info, bool IsNew, string? Problem);
