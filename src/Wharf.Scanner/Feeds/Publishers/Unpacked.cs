using System.IO.Compression;
using ICSharpCode.SharpZipLib.BZip2;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// A feed's file as it is inside its packing: gzip or bzip2 when the path ends so. Whatever is wrong with the packing is an <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class Unpacked : ForwardStream
{
    private const long MaxLength = 4L << 30; // SUSE's largest OVAL file is under 1 GiB

    private readonly BufferedStream? _bzip2;
    private readonly bool _owned;
    private Stream _inner;
    private long _read;

    private Unpacked(Stream inner, bool owned)
    {
        _inner = inner;
        _owned = owned;
    }

    private Unpacked(BufferedStream bzip2)
    {
        _bzip2 = bzip2;
        _owned = true;
        _inner = Null;
    }

    /// <summary>Closing it leaves <paramref name="stream"/> open.</summary>
    /// <remarks>Reading it is what throws, also beyond 4 GiB.</remarks>
    public static Unpacked Open(Stream stream, string path)
    {
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            return new Unpacked(new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true), owned: true);
        if (path.EndsWith(".bz2", StringComparison.OrdinalIgnoreCase))
            return new Unpacked(new BufferedStream(stream, 64 << 10));
        return new Unpacked(stream, owned: false);
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        int read;
        try
        {
            while ((read = _inner.Read(buffer)) == 0 && NextBzip2())
            {
            }
        }
        catch (Exception e) when (IsOfPacking(e))
        {
            throw new InvalidDataException($"The packing is broken: {e.Message}", e);
        }
        _read += read;
        return _read <= MaxLength ? read : throw new InvalidDataException($"Unpacked it is longer than {MaxLength} bytes.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _owned)
            _inner.Dispose();
        base.Dispose(disposing);
    }

    // One file may be several streams in a row: tools that pack with several threads write so.
    private bool NextBzip2()
    {
        if (_bzip2 is null)
            return false;
        try
        {
            _inner = new BZip2InputStream(_bzip2) { IsStreamOwner = false };
            return true;
        }
        catch (EndOfStreamException) when (_inner != Null)
        {
            return false;
        }
    }

    // SharpZipLib's bzip2 indexes its tables with what it reads, so that a broken block can end in any of these.
    private static bool IsOfPacking(Exception e) =>
        e is BZip2Exception or EndOfStreamException or IndexOutOfRangeException or NullReferenceException or ArgumentException or OverflowException;
}
