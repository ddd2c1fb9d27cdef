using System.Text;

namespace Wharf.Scanner.Indexing.Elf;

/// <summary>
/// The modules of a Go program that is too large to lie in memory: what <see cref="GoBuildInfo"/> finds by sections and pointers is looked for in the bytes as they
/// pass, so that only what Go since 1.18 writes, in one piece, is found.
/// </summary>
internal sealed class GoBuildInfoStream
{
    private const int MaxVersion = 1024;
    private const int MostHeld = 4 * GoBuildInfo.MaxText;

    private byte[] _buffer = new byte[1 << 20];
    private int _length;
    private int _from; // where to look on, which is aligned in the file as well
    private string? _version;
    private string _modules = "";

    public void Write(ReadOnlySpan<byte> part)
    {
        while (!part.IsEmpty && _version is null)
        {
            var taken = Math.Min(part.Length, _buffer.Length - _length);
            part[..taken].CopyTo(_buffer.AsSpan(_length));
            part = part[taken..];
            _length += taken;
            if (_length == _buffer.Length)
            {
                Search();
                MakeRoom();
            }
        }
    }

    /// <summary>To be called at the end.</summary>
    public void Report(FileReport report)
    {
        Search();
        if (_version is not null) GoBuildInfo.Report(_version, _modules, report);
    }

    private void Search()
    {
        while (_version is null)
        {
            var rest = _buffer.AsSpan(_from, _length - _from);
            var at = rest.IndexOf(GoBuildInfo.Magic);
            if (at < 0)
            {
                // One may have begun in the last bytes.
                _from += Math.Max(0, rest.Length - GoBuildInfo.Alignment) & -GoBuildInfo.Alignment;
                return;
            }
            if (at % GoBuildInfo.Alignment == 0 && !TryRead(rest[at..]))
            {
                _from += at;
                return;
            }
            var next = (at & -GoBuildInfo.Alignment) + GoBuildInfo.Alignment;
            if (next > rest.Length)
            {
                _from += at & -GoBuildInfo.Alignment;
                return;
            }
            _from += next;
        }
    }

    /// <summary>False when more bytes have to come to know what it is.</summary>
    private bool TryRead(ReadOnlySpan<byte> info)
    {
        if (info.Length < GoBuildInfo.HeadSize) return false;
        if (!GoBuildInfo.IsInline(info)) return true;
        info = info[GoBuildInfo.HeadSize..];
        if (!TryText(ref info, MaxVersion, out var version)) return false;
        // Programs that look for the mark have it in them, too.
        if (!version.StartsWith("go"u8) && !version.StartsWith("devel"u8)) return true;
        if (!TryText(ref info, GoBuildInfo.MaxText, out var modules)) return false;
        if (GoBuildInfo.Modules(modules) is { Length: > 0 } text) (_version, _modules) = (Encoding.UTF8.GetString(version), text);
        return true;
    }

    // Empty when it is none.
    private static bool TryText(ref ReadOnlySpan<byte> rest, int max, out ReadOnlySpan<byte> text)
    {
        text = default;
        var length = 0;
        for (var i = 0; i < 4; i++)
        {
            if (i == rest.Length) return false;
            length |= (rest[i] & 0x7f) << (7 * i);
            if (rest[i] >= 0x80) continue;
            if (length > max) return true;
            if (rest.Length - i - 1 < length) return false;
            text = rest.Slice(i + 1, length);
            rest = rest[(i + 1 + length)..];
            return true;
        }
        return true;
    }

    // What is held on to is moved to the front when that is much, so that each byte is moved a few times at most.
    private void MakeRoom()
    {
        if (_from < _length / 2 && _buffer.Length < MostHeld)
        {
            Array.Resize(ref _buffer, 2 * _buffer.Length);
            return;
        }
        _buffer.AsSpan(_from, _length - _from).CopyTo(_buffer);
        _length -= _from;
        _from = 0;
    }
}
