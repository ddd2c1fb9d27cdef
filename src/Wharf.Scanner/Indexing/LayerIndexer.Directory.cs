using Wharf.Scanner.Indexing.Elf;

namespace Wharf.Scanner.Indexing;

public sealed partial class LayerIndexer
{
    private const int PartSize = 1 << 20;

    private static readonly EnumerationOptions s_everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true, ReturnSpecialDirectories = false };

    /// <summary>Indexes a directory as if it were a layer. It has no diff id, and hides nothing.</summary>
    /// <exception cref="LayerException">It meets one of the limits.</exception>
    internal static LayerIndex IndexDirectory(DirectoryInfo root, IndexLimits limits, CancellationToken ct)
    {
        var indexer = new LayerIndexer(limits);
        var files = new List<IndexedFile>();
        using var buffer = new FileBuffer();
        foreach (var info in root.EnumerateFiles("*", s_everything))
        {
            ct.ThrowIfCancellationRequested();
            indexer._budget.CountEntry();
            var path = Path.GetRelativePath(root.FullName, info.FullName);
            try
            {
                if (indexer.Read(info, path, buffer) is { } file)
                    files.Add(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                files.Add(new IndexedFile { Path = path, Problem = $"cannot be read: {e.Message}" });
            }
        }
        return new LayerIndex { DiffId = default, Size = 0, Files = [.. files.OrderBy(static f => f.Path, StringComparer.Ordinal)] };
    }

    private IndexedFile? Read(FileInfo info, string path, FileBuffer buffer)
    {
        var kind = FileKinds.Of(path);
        if (kind == FileKind.None)
        {
            // Also what may not be executed: libraries, and what was copied without its mode
            if (info.Length < 64)
                return null;
            Span<byte> head = stackalloc byte[4];
            using var opened = info.OpenRead();
            if (opened.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || !FileKinds.IsElf(head))
                return null;
            kind = FileKind.Executable;
        }
        // A device or pipe would be read for ever.
        if (info.Attributes.HasFlag(FileAttributes.Device))
            return null;
        _budget.CheckTime();
        var max = FileKinds.MaxSize(kind, _budget.Limits);
        using var stream = info.OpenRead();
        if (info.Length <= max)
        {
            var content = buffer.Reserve((int)info.Length);
            return FileReader.Read(kind, content[..stream.ReadAtLeast(content.Span, content.Length, throwOnEndOfStream: false)], new FileReport(path, _budget));
        }
        var report = TooLarge(path, kind, max);
        if (kind == FileKind.Executable)
        {
            var go = new GoBuildInfoStream();
            var part = buffer.Reserve(PartSize).Span;
            for (int read; (read = stream.Read(part)) > 0;)
            {
                go.Write(part[..read]);
                _budget.CheckTime();
            }
            go.Report(report);
        }
        return report.ToFile();
    }
}
