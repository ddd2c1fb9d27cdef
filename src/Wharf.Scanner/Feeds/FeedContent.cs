using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Feeds;

/// <summary>The files that a directory has of a feed.</summary>
public sealed record FeedContent(Feed Feed, IReadOnlyList<FeedContentFile> Files)
{
    /// <summary>Compiles the feed into one file, which appears whole or not at all.</summary>
    /// <param name="root">The directory of feeds.</param>
    /// <param name="problem">Hears of records that were left out.</param>
    /// <exception cref="InvalidDataException">A file of the feed is not whole.</exception>
    public FeedInfo Compile(string root, string path, Action<string>? problem)
    {
        using var writer = new RevisionWriter(path);
        foreach (var file in Files)
        {
            using var stream = File.OpenRead(Path.Join(root, file.Path));
            foreach (var item in Feed.Read(stream, file.Path, problem))
            {
                if (item is Advisory advisory)
                    writer.Add(advisory);
                else
                    writer.Add((Enrichment)item);
            }
        }
        return writer.Complete(Feed.Name, Feed.Licence, new DateTimeOffset(Files.Max(static f => f.Changed), TimeSpan.Zero));
    }
}

/// <param name="Path">In the directory, with slashes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Changed">UTC.</param>
public sealed record FeedContentFile(string Path, long Size, DateTime Changed);
