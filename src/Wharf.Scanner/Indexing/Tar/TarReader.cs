using System.Text;

namespace Wharf.Scanner.Indexing.Tar;

/// <summary>
/// Reads the entries of a tar in order: ustar, pax, GNU long names. Only what an index needs; System.Formats.Tar keeps every extended attribute and believes a
/// long name's size.
/// </summary>
internal sealed class TarReader(LayerContent content, IndexBudget budget) : IDisposable
{
    // Go's reader, which is what runtimes unpack with, allows as much.
    private const int MaxMeta = 1 << 20;

    private readonly FileBuffer _file = new();
    private long _left;

    /// <summary>The next entry, or null at the end. What is left of the one before is passed over.</summary>
    /// <exception cref="LayerException">It is no tar, it ends too early, or a limit is met.</exception>
    public async ValueTask<TarEntry?> NextAsync(CancellationToken ct)
    {
        await PassAsync(ct);
        var pax = default(PaxRecords);
        string? longName = null, longTarget = null;
        while (true)
        {
            if (await HeaderAsync(ct) is not { } header) return null;
            switch (header.Flag)
            {
                case 'g': // of all entries that follow; nothing in it may be a path
                    await MetaAsync(header.Entry.Size, ct);
                    break;
                case 'x':
                    pax = PaxRecords.Parse((await MetaAsync(header.Entry.Size, ct)).Span);
                    break;
                case 'L':
                    longName = Text(await MetaAsync(header.Entry.Size, ct));
                    break;
                case 'K':
                    longTarget = Text(await MetaAsync(header.Entry.Size, ct));
                    break;
                default:
                    var entry = header.Entry;
                    return Begin(entry with
                    {
                        Type = pax.IsSparse ? TarEntryType.Sparse : entry.Type,
                        Name = pax.Path ?? longName ?? entry.Name,
                        Target = pax.Target ?? longTarget ?? entry.Target,
                        Size = HasContent(header.Flag) ? pax.Size ?? entry.Size : 0,
                    });
            }
        }
    }

    /// <summary>The first bytes of the current file, at most <paramref name="count"/>, which stay to be read.</summary>
    /// <exception cref="LayerException">The layer ends too early, or a limit is met.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(int count, CancellationToken ct)
    {
        count = (int)Math.Min(count, _left);
        if (await content.FillAsync(count, ct) < count) throw Truncated();
        var head = _file.Reserve(count);
        content.Buffered[..count].CopyTo(head.Span);
        return head;
    }

    /// <summary>The current file, in memory that the next call uses again.</summary>
    /// <exception cref="LayerException">The layer ends too early, or a limit is met.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken ct)
    {
        var padded = _left;
        var file = await TakeAsync((int)_left, ct);
        _left = 0;
        await PassPaddingAsync(padded, ct);
        return file;
    }

    /// <summary>The current file, part by part.</summary>
    /// <exception cref="LayerException">The layer ends too early, or a limit is met.</exception>
    public async ValueTask EachPartAsync(Action<ReadOnlySpan<byte>> read, CancellationToken ct)
    {
        var size = _left;
        while (_left > 0)
        {
            if (await content.FillAsync(1, ct) == 0) throw Truncated();
            var part = (int)Math.Min(content.Buffered.Length, _left);
            read(content.Buffered[..part]);
            content.Advance(part);
            _left -= part;
        }
        await PassPaddingAsync(size, ct);
    }

    public void Dispose() => _file.Dispose();

    private async ValueTask<(char Flag, TarEntry Entry)?> HeaderAsync(CancellationToken ct)
    {
        var ready = await content.FillAsync(TarHeader.Size, ct);
        if (ready == 0) return null;
        if (ready < TarHeader.Size) throw Truncated();
        if (IsEmpty())
        {
            content.Advance(TarHeader.Size);
            // The end is two such blocks; one that is followed by something else is not a tar for Go's reader either.
            return await content.FillAsync(TarHeader.Size, ct) < TarHeader.Size || IsEmpty() ? null : throw NoTar();
        }
        budget.CountEntry();
        var (flag, entry, isExtended) = ParseHeader();
        content.Advance(TarHeader.Size);
        while (isExtended)
        {
            if (await content.FillAsync(TarHeader.Size, ct) < TarHeader.Size) throw Truncated();
            isExtended = content.Buffered[504] != 0;
            content.Advance(TarHeader.Size);
        }
        return (flag, entry);
    }

    private bool IsEmpty() => !content.Buffered[..TarHeader.Size].ContainsAnyExcept((byte)0);

    private (char Flag, TarEntry Entry, bool IsExtended) ParseHeader()
    {
        var header = new TarHeader(content.Buffered[..TarHeader.Size]);
        if (!header.IsValid) throw NoTar();
        var name = header.Name;
        var type = header.Type switch
        {
            '\0' when name.EndsWith('/') => TarEntryType.Directory, // before ustar
            '\0' or '0' or '7' => TarEntryType.File,
            '1' => TarEntryType.HardLink,
            '5' => TarEntryType.Directory,
            'S' => TarEntryType.Sparse,
            _ => TarEntryType.Other,
        };
        var size = HasContent(header.Type) ? header.ContentSize : 0;
        if (size < 0) throw new LayerException("An entry of the tar has a size that is none.");
        return (header.Type, new TarEntry(type, name, size, type == TarEntryType.HardLink ? header.Target : ""), header.Type == 'S' && header.IsExtended);
    }

    // Links, devices and directories have none, whatever their size says.
    private static bool HasContent(char flag) => flag is not (>= '1' and <= '6');

    private TarEntry Begin(TarEntry entry)
    {
        if (entry.Size > budget.Limits.Bytes) throw new LayerException($"An entry of the tar is larger than {budget.Limits.Bytes} bytes.");
        _left = entry.Size;
        return entry;
    }

    private async ValueTask PassAsync(CancellationToken ct)
    {
        var size = _left;
        if (!await content.SkipAsync(size, ct)) throw Truncated();
        _left = 0;
        await PassPaddingAsync(size, ct);
    }

    // umoci writes neither what fills the last file's block nor the blocks of the end, and Go's reader, which runtimes use, takes that.
    private async ValueTask PassPaddingAsync(long size, CancellationToken ct) => await content.SkipAsync(Padding(size), ct);

    private async ValueTask<ReadOnlyMemory<byte>> MetaAsync(long size, CancellationToken ct)
    {
        if (size > MaxMeta) throw new LayerException("The tar has a name or an extended header of more than 1 MiB.");
        var meta = await TakeAsync((int)size, ct);
        if (!await content.SkipAsync(Padding(size), ct)) throw Truncated();
        return meta;
    }

    private async ValueTask<ReadOnlyMemory<byte>> TakeAsync(int size, CancellationToken ct)
    {
        var file = _file.Reserve(size);
        for (var taken = 0; taken < size;)
        {
            if (await content.FillAsync(1, ct) == 0) throw Truncated();
            var part = content.Buffered;
            part = part[..Math.Min(part.Length, size - taken)];
            part.CopyTo(file.Span[taken..]);
            content.Advance(part.Length);
            taken += part.Length;
        }
        return file;
    }

    private static long Padding(long size) => -size & (TarHeader.Size - 1);

    private static string Text(ReadOnlyMemory<byte> meta)
    {
        var end = meta.Span.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? meta.Span : meta.Span[..end]);
    }

    private static LayerException NoTar() => new("The layer is not a tar, or it is damaged.");

    private static LayerException Truncated() => new("The layer ends in the middle of an entry.");
}
