using System.Formats.Tar;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Red Hat's archive of all CSAF documents, a tar in zstd (https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/), read as it stands: unpacked
/// it has many gigabytes.
/// </summary>
public static class CsafArchive
{
    public const string Extension = ".tar.zst";

    private const int MaxDocuments = 2_000_000;
    private const long MaxDocument = 256L << 20;
    private const long MaxUnpacked = 256L << 30;
    // 128 MiB: what zstd itself takes without being asked.
    private const int MaxWindowLog = 27;

    /// <exception cref="InvalidDataException">The archive is not whole.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        using var zstd = new DecompressionStream(stream, leaveOpen: true);
        zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxWindowLog);
        using var bounded = new BoundedStream(zstd, MaxUnpacked);
        using var tar = new TarReader(bounded);
        for (var count = 0; Next(tar, path) is { } entry;)
        {
            if (entry.DataStream is not { } content || !entry.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
                continue;
            if (++count > MaxDocuments || entry.Length > MaxDocument)
                throw new InvalidDataException($"{path}: more or larger documents than there can be.");
            foreach (var advisory in Advisories(content, entry.Name, path, problem))
                yield return advisory;
        }
    }

    private static List<Advisory> Advisories(Stream content, string name, string path, Action<string>? problem)
    {
        using var document = new MemoryStream();
        Whole(path, () => content.CopyTo(document));
        document.Position = 0;
        try
        {
            return [.. RedHatCsaf.Read(document, name, problem)];
        }
        catch (InvalidDataException e)
        {
            // One odd document among thousands; the archive itself is whole.
            problem?.Invoke(e.Message);
            return [];
        }
    }

    private static TarEntry? Next(TarReader tar, string path)
    {
        TarEntry? entry = null;
        Whole(path, () => entry = tar.GetNextEntry());
        return entry;
    }

    private static void Whole(string path, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is ZstdException or IOException or FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            throw new InvalidDataException($"{path}: the archive is not whole: {e.Message}", e);
        }
    }
}
