using Wharf.Scanner.Indexing.Elf;
using Wharf.Scanner.Indexing.Tar;

namespace Wharf.Scanner.Indexing;

/// <summary>
/// Indexes a layer in one pass over its stream. <see cref="LayerContent"/> unpacks and hashes, <see cref="TarReader"/> splits it into files, <see cref="FileKinds"/>
/// picks those worth reading, <see cref="FileReader"/> reads each from memory, and <see cref="Image"/> puts layers together.
/// </summary>
public sealed partial class LayerIndexer
{
    /// <summary>Grows whenever an index of the same layer would come out different.</summary>
    public const int Version = 2;

    private const int MaxProblems = 1000;

    private readonly IndexBudget _budget;
    private readonly PathSetBuilder _paths = new();
    private readonly Dictionary<string, IndexedFile> _files = [];
    private readonly List<string> _problems = [];
    private int _broken;

    private LayerIndexer(IndexLimits limits) => _budget = new IndexBudget(limits);

    /// <param name="layer">A tar, plain or compressed with gzip or zstd. It is read once to its end and not disposed.</param>
    /// <exception cref="LayerException">It is no such thing, or meets one of the limits.</exception>
    public static async Task<LayerIndex> IndexAsync(Stream layer, IndexLimits limits, CancellationToken ct)
    {
        var indexer = new LayerIndexer(limits);
        await using var content = await LayerContent.OpenAsync(layer, indexer._budget, ct);
        using (var tar = new TarReader(content, indexer._budget)) await indexer.WalkAsync(tar, ct);
        return new LayerIndex
        {
            DiffId = await content.FinishAsync(ct),
            Size = content.Length,
            Files = [.. indexer._files.Values.OrderBy(static f => f.Path, StringComparer.Ordinal)],
            Problems = indexer._problems,
            Paths = indexer._paths.Build(),
        };
    }

    private async Task WalkAsync(TarReader tar, CancellationToken ct)
    {
        while (await tar.NextAsync(ct) is { } entry)
        {
            if (Place(entry.Name) is not { Length: > 0 } path || !_paths.Add(path, entry.Type == TarEntryType.Directory)) continue;
            _files.Remove(path); // the last entry of a name counts
            var file = entry.Type switch
            {
                TarEntryType.File => await ReadAsync(tar, entry, path, ct),
                TarEntryType.HardLink => Link(entry.Target, path),
                TarEntryType.Sparse when FileKinds.Of(path) != FileKind.None => new IndexedFile { Path = path, Problem = "is stored as a sparse file" },
                _ => null,
            };
            if (file is not null && IsKept(file)) _files[path] = file;
        }
    }

    private string? Place(string name)
    {
        if (name.Length > _budget.Limits.PathLength) throw new LayerException($"The layer has a path of more than {_budget.Limits.PathLength} characters.");
        if (LayerPath.Clean(name) is not { } path)
        {
            if (_problems.Count < MaxProblems) _problems.Add("left out an entry whose path leads out of the image");
            return null;
        }
        if (path.AsSpan().Count('/') > _budget.Limits.Depth) throw new LayerException($"The layer has a path of more than {_budget.Limits.Depth} directories.");
        return path;
    }

    private async ValueTask<IndexedFile?> ReadAsync(TarReader tar, TarEntry entry, string path, CancellationToken ct)
    {
        var kind = FileKinds.Of(path);
        if (kind == FileKind.None && entry.Size >= 64 && FileKinds.IsElf((await tar.PeekAsync(4, ct)).Span)) kind = FileKind.Executable;
        if (kind == FileKind.None) return null;
        _budget.CheckTime();
        var max = FileKinds.MaxSize(kind, _budget.Limits);
        if (entry.Size <= max) return FileReader.Read(kind, await tar.ReadAsync(ct), new FileReport(path, _budget));
        var report = TooLarge(path, kind, max);
        if (kind == FileKind.Executable)
        {
            var go = new GoBuildInfoStream();
            await tar.EachPartAsync(go.Write, ct);
            go.Report(report);
        }
        return report.ToFile();
    }

    private FileReport TooLarge(string path, FileKind kind, int max)
    {
        var report = new FileReport(path, _budget);
        report.Problem($"is larger than {max} bytes{(kind == FileKind.Executable ? ": only the modules of Go were looked for" : "")}");
        return report;
    }

    // Files that say nothing but that they are broken are not bounded by the number of packages.
    private bool IsKept(IndexedFile file)
    {
        if (file.Problem is null || file.Packages.Count > 0 || _broken++ < MaxProblems) return true;
        if (_broken == MaxProblems + 1) _problems.Add($"more than {MaxProblems} files cannot be read");
        return false;
    }

    // A hard link is the same file under another name: it says the same when its name is one that would have been read.
    private IndexedFile? Link(string target, string path)
    {
        if (LayerPath.Clean(target) is not { } from || !_files.TryGetValue(from, out var file)) return null;
        return FileKinds.Of(path) == FileKinds.Of(from) ? Repeat(file, path) : null;
    }

    private IndexedFile Repeat(IndexedFile file, string path)
    {
        foreach (var _ in file.Packages) _budget.CountPackage();
        return file with { Path = path };
    }
}
