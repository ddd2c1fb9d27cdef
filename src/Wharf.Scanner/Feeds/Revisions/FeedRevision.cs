using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Wharf.Scanner.Feeds.Revisions;

/// <summary>One state of a feed, mapped from its file: looking something up touches a few pages, and costs no memory that the system could not take back.</summary>
public sealed unsafe class FeedRevision : IDisposable
{
    private const int RecentSlots = 2048; // some 1 KiB each

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long _length;
    private readonly long _keys;
    private readonly int _keyCount;
    private readonly long _advisories;
    private readonly int _advisoryCount;
    private byte* _start;

    // An update is of many packages of one image: it is read once for most of them. Each slot changes as one, so that threads need no lock.
    private readonly Recent?[] _recent = new Recent?[RecentSlots];

    private FeedRevision(string path)
    {
        _length = new FileInfo(path).Length;
        if (_length < FileLayout.HeaderSize)
            throw Damaged(path);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        try
        {
            var header = Slice(0, FileLayout.HeaderSize);
            _keys = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
            var keyCount = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
            _advisories = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
            var advisoryCount = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
            var info = BinaryPrimitives.ReadInt64LittleEndian(header[40..]);
            // Each number is bounded before it is part of a sum, which could wrap around.
            if (!header.StartsWith(FileLayout.Magic) || _keys < FileLayout.HeaderSize || _keys > _length || keyCount is < 0 or > FileLayout.MaxCount || advisoryCount is < 0 or > FileLayout.MaxCount
                || _advisories != _keys + keyCount * sizeof(Key) || info != _advisories + (advisoryCount + 1) * sizeof(long) || info > _length)
                throw Damaged(path);
            _keyCount = (int)keyCount;
            _advisoryCount = (int)advisoryCount;
            var described = JsonSerializer.Deserialize(Slice(info, _length - info), RevisionJson.Default.RevisionInfo) ?? throw Damaged(path);
            Info = described.Feed;
            Ecosystems = described.Ecosystems;
            Rank = FeedCatalogue.RankOf(Info.Name);
        }
        catch (Exception e)
        {
            Dispose();
            throw e is JsonException ? Damaged(path, e) : e;
        }
    }

    public FeedInfo Info { get; }

    /// <summary>How much it is trusted: <see cref="FeedCatalogue.RankOf"/>.</summary>
    internal int Rank { get; }

    /// <summary>Of what it speaks.</summary>
    public IReadOnlyList<string> Ecosystems { get; }

    /// <exception cref="InvalidDataException">The file is no compiled feed. What is damaged further in is told by the methods that read it, by the same exception.</exception>
    public static FeedRevision Open(string path) => new(path);

    /// <summary>What the feed says of a name, which is folded (<see cref="Ecosystem.Fold"/>).</summary>
    public IReadOnlyList<Statement> Find(string ecosystem, string name)
    {
        for (var at = FirstKey(FileLayout.HashOf(ecosystem, name), out var hash); at < _keyCount && Keys[at].Hash == hash; at++)
        {
            var reader = Group(Keys[at].Offset, out var of, out var called, out var count);
            if (of != ecosystem || called != name)
                continue;
            var found = new Statement[count];
            for (var i = 0; i < found.Length; i++)
            {
                var number = (int)reader.Number();
                found[i] = new Statement(this, number, Records.ReadAffected(ref reader, ecosystem, name));
            }
            return found;
        }
        return [];
    }

    /// <summary>What the feed adds to a CVE.</summary>
    public Enrichment? FindEnrichment(string cve)
    {
        for (var at = FirstKey(FileLayout.HashOf(Ecosystem.Cve, cve), out var hash); at < _keyCount && Keys[at].Hash == hash; at++)
        {
            var reader = Group(Keys[at].Offset, out var of, out var called, out _);
            if (of != Ecosystem.Cve || called != cve)
                continue;
            reader.Number();
            return Records.ReadEnrichment(ref reader, cve);
        }
        return null;
    }

    /// <summary>The (ecosystem, name) pairs of which this revision says something else than <paramref name="before"/>: all when there is none before.</summary>
    public IEnumerable<(string Ecosystem, string Name)> ChangesFrom(FeedRevision? before)
    {
        int mine = 0, theirs = 0;
        while (mine < _keyCount || theirs < (before?._keyCount ?? 0))
        {
            var order = mine == _keyCount ? 1 : before is null || theirs == before._keyCount ? -1 : Keys[mine].Hash.CompareTo(before.Keys[theirs].Hash);
            if (order == 0 && Keys[mine].Content != before!.Keys[theirs].Content)
                order = FileLayout.Compare(NameAt(mine), before.NameAt(theirs));
            else if (order == 0)
            {
                mine++;
                theirs++;
                continue;
            }
            yield return order > 0 ? before!.NameAt(theirs) : NameAt(mine);
            if (order <= 0)
                mine++;
            if (order >= 0)
                theirs++;
        }
    }

    /// <summary>All that the feed speaks of.</summary>
    public IEnumerable<(string Ecosystem, string Name)> Names() => ChangesFrom(null);

    internal Advisory AdvisoryAt(int number)
    {
        if ((uint)number >= (uint)_advisoryCount)
            throw new InvalidDataException("The feed's file names an advisory that it does not have.");
        if (_recent[number % RecentSlots] is { } recent && recent.Number == number)
            return recent.Advisory;
        var places = MemoryMarshal.Cast<byte, long>(Slice(_advisories + (long)number * sizeof(long), 2 * sizeof(long)));
        var advisory = Records.ReadAdvisory(Slice(places[0], places[1] - places[0]));
        _recent[number % RecentSlots] = new Recent(number, advisory);
        return advisory;
    }

    public void Dispose()
    {
        if (_start is null)
            return;
        _start = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private ReadOnlySpan<Key> Keys => MemoryMarshal.Cast<byte, Key>(Slice(_keys, (long)_keyCount * sizeof(Key)));

    private int FirstKey(ulong hash, out ulong sought)
    {
        sought = hash;
        var keys = Keys;
        int low = 0, high = keys.Length;
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) / 2);
            if (keys[middle].Hash < hash)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private (string Ecosystem, string Name) NameAt(int key)
    {
        Group(Keys[key].Offset, out var ecosystem, out var name, out _);
        return (ecosystem, name);
    }

    private RecordReader Group(long offset, out string ecosystem, out string name, out int count)
    {
        if (offset < FileLayout.HeaderSize || offset > _keys)
            throw Outside();
        var reader = new RecordReader(Slice(offset, Math.Min(_keys - offset, int.MaxValue)));
        ecosystem = reader.Text();
        name = reader.Text();
        // What follows is read in its own bounds, so that a damaged count cannot ask for more memory than its group explains.
        reader = new RecordReader(reader.Utf8());
        count = reader.Count();
        return reader;
    }

    private ReadOnlySpan<byte> Slice(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        return offset >= 0 && offset <= _length && length is >= 0 and <= int.MaxValue && length <= _length - offset ? new ReadOnlySpan<byte>(_start + offset, (int)length) : throw Outside();
    }

    private static InvalidDataException Outside() => new("The feed's file points outside of itself.");

    private static InvalidDataException Damaged(string path, Exception? inner = null) => new($"{path} is no compiled feed, or one that was cut off.", inner);

    private sealed record Recent(int Number, Advisory Advisory);
}
