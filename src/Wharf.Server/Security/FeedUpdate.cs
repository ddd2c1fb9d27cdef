using Wharf.Scanner.Feeds;
using Wharf.Server.Content;

namespace Wharf.Server.Security;

/// <summary>
/// Asks publishers for news, one feed after the other: what changed is fetched to a directory of its own, beside what did not change, and imported from there as
/// from any directory. Where one file cannot be had, its feed stays as it is.
/// </summary>
internal sealed class FeedUpdate(FeedDownload download, FeedImport import, FeedStore store, FeedsInUse feeds, StoredFiles files, SecurityOptions options) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>The feeds that the settings want.</summary>
    public IEnumerable<string> Wanted => options.Feeds.Count > 0 ? options.Feeds : FeedCatalogue.Fetched().Select(static f => f.Name);

    /// <param name="names">Of feeds.</param>
    /// <param name="force">Fetches also what did not change, and takes what is older or much smaller than what there is.</param>
    /// <returns>A line for each name.</returns>
    public async Task<IReadOnlyList<FeedOutcome>> RunAsync(IEnumerable<string> names, bool force, Action<string> progress, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        var directory = feeds.DirectoryOf("download");
        try
        {
            var outcomes = new List<FeedOutcome>();
            foreach (var name in names)
            {
                Empty(directory);
                outcomes.Add(await RunAsync(name, directory, force, progress, ct));
            }
            return outcomes;
        }
        finally
        {
            Empty(directory);
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<FeedOutcome> RunAsync(string name, string directory, bool force, Action<string> progress, CancellationToken ct)
    {
        if (FeedCatalogue.Find(name) is not { } feed)
            return new FeedOutcome(name, null, false, "There is no feed of that name.");
        try
        {
            return await FetchAsync(feed, directory, force, progress, ct);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            await store.CheckedAsync(name, e.Message, ct);
            return new FeedOutcome(name, null, false, e.Message);
        }
    }

    private async Task<FeedOutcome> FetchAsync(Feed feed, string directory, bool force, Action<string> progress, CancellationToken ct)
    {
        var before = await store.FindAsync(feed.Name, ct);
        var had = force || before is null ? [] : before.Files.ToDictionary(static f => f.Path, StringComparer.Ordinal);
        var same = new List<FeedFile>();
        var validators = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in feed.Sources)
        {
            progress($"{feed.Title}: asking for {source.Path}");
            var path = PathOf(directory, source.Path);
            var file = had.GetValueOrDefault(source.Path);
            if (await download.FetchAsync(source, file?.ETag, path, ct) is not { } fetched)
                same.Add(file!);
            else if (fetched.Validator is { } validator)
                validators.Add(source.Path, validator);
        }
        if (before is not null && same.Count == feed.Sources.Count)
        {
            await store.CheckedAsync(feed.Name, null, ct);
            return new FeedOutcome(feed.Name, new FeedInfo(before.Name, before.Revision, DateTimeOffset.FromUnixTimeMilliseconds(before.DateMs), before.Licence, before.Statements), false, null);
        }
        foreach (var file in same)
        {
            await files.CopyAsync(file, PathOf(directory, file.Path), ct);
            validators.Add(file.Path, file.ETag!);
        }
        return (await import.RunAsync(directory, force, validators, progress, ct)).Single(o => o.Name == feed.Name);
    }

    private static string PathOf(string directory, string file)
    {
        var path = Path.Join(directory, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    private static void Empty(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }
}
