using System.Security.Cryptography;
using System.Text;
using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Feeds;

/// <summary>
/// A directory that mirrors what publishers serve (docs/feeds.md has the layout), and the revisions compiled from it, which are kept beside each other and
/// made anew when a feed's files changed.
/// </summary>
/// <param name="root">The directory of feeds; only read.</param>
/// <param name="compiled">Where revisions are kept.</param>
public sealed class FeedDirectory(string root, string compiled)
{
    /// <summary>The feeds of which the directory has files.</summary>
    public IReadOnlyList<FeedContent> List()
    {
        var files = new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(f => new FeedContentFile(Path.GetRelativePath(root, f.FullName).Replace('\\', '/'), f.Length, f.LastWriteTimeUtc))
            .OrderBy(static f => f.Path, StringComparer.Ordinal)
            .ToList();
        var osv = Path.Join(root, "osv");
        var feeds = FeedCatalogue.Feeds.Concat(Directory.Exists(osv) ? Directory.GetDirectories(osv).Order(StringComparer.Ordinal).Select(static d => FeedCatalogue.OfOsv(Path.GetFileName(d))) : []);
        return [.. feeds.Select(feed => new FeedContent(feed, files.FindAll(f => feed.Owns(f.Path)))).Where(static f => f.Files.Count > 0)];
    }

    /// <summary>Opens the revision of each feed that has files, compiling those that changed.</summary>
    /// <param name="progress">Hears what is compiled.</param>
    /// <param name="problem">Hears what was left out.</param>
    /// <exception cref="InvalidDataException">A file of a feed is not whole.</exception>
    public IReadOnlyList<FeedRevision> Open(Action<string>? progress = null, Action<string>? problem = null)
    {
        Directory.CreateDirectory(compiled);
        var revisions = new List<FeedRevision>();
        foreach (var content in List())
            revisions.Add(Open(content, progress, problem));
        return revisions;
    }

    private FeedRevision Open(FeedContent content, Action<string>? progress, Action<string>? problem)
    {
        var path = Path.Join(compiled, $"{Uri.EscapeDataString(content.Feed.Name)}-{LooksOf(content.Files)}.feed");
        if (!File.Exists(path))
        {
            progress?.Invoke($"Compiling {content.Feed.Title} ({content.Files.Count} {(content.Files.Count == 1 ? "file" : "files")}, {content.Files.Sum(static f => f.Size) / 1e6:0.0} MB)");
            // Another process may compile the same: whoever is last wins, and both are equal.
            var mine = $"{path}.{Environment.ProcessId}";
            content.Compile(root, mine, problem);
            File.Move(mine, path, overwrite: true);
        }
        return FeedRevision.Open(path);
    }

    // Also of the place: two directories with files that look alike are two.
    private string LooksOf(IReadOnlyList<FeedContentFile> files)
    {
        var text = new StringBuilder().Append(Path.GetFullPath(root)).Append('\n').Append(RevisionWriter.Format).Append('\n');
        foreach (var file in files)
            text.Append(file.Path).Append('\t').Append(file.Size).Append('\t').Append(file.Changed.Ticks).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..24];
    }
}
