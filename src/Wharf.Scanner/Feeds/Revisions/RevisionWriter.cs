using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Wharf.Scanner.Feeds.Revisions;

/// <summary>
/// Compiles one state of a feed into a file that is looked up without reading it (<see cref="FeedRevision"/>). Three million statements take some 100 MB of
/// memory: only where each is, until all are there; they themselves wait in a second file. The file appears when it is whole, or not at all.
/// </summary>
public sealed class RevisionWriter : IDisposable
{
    /// <summary>Of the file and of what the parsers make of a feed: a new one compiles everything anew.</summary>
    public const int Format = 3;

    private readonly string _path;
    private readonly FileStream _output;
    private readonly FileStream _spill;
    private readonly RecordWriter _record = new();
    private readonly RecordWriter _row = new();
    private readonly List<long> _advisories = [];
    private readonly List<Row> _rows = [];
    private readonly SortedSet<string> _ecosystems = new(StringComparer.Ordinal);
    private byte[] _buffer = new byte[1 << 16];
    private long _spilled;
    private long _written;
    private bool _complete;

    /// <summary>Begins a revision; its file will be <paramref name="path"/>, and files beside it with a suffix until then.</summary>
    public RevisionWriter(string path)
    {
        _path = path;
        _output = new FileStream(path + ".new", FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 20);
        _spill = new FileStream(path + ".rows", FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 20, FileOptions.DeleteOnClose);
        Emit(new byte[FileLayout.HeaderSize]);
    }

    public long Statements => _rows.Count;

    public void Add(Advisory advisory)
    {
        _record.Clear();
        Records.Write(_record, advisory);
        var content = Fnv.Add(Fnv.Start, _record.Written);
        var number = (ulong)_advisories.Count;
        _advisories.Add(_written);
        Emit(_record.Written);
        foreach (var affected in advisory.Affected)
        {
            _row.Clear();
            Records.Write(_row, affected);
            Spill(affected.Ecosystem, affected.Name, number, _row.Written, Fnv.Add(content, _row.Written));
        }
    }

    public void Add(Enrichment enrichment)
    {
        _row.Clear();
        Records.Write(_row, enrichment);
        Spill(Ecosystem.Cve, enrichment.Cve, 0, _row.Written, Fnv.Add(Fnv.Start, _row.Written));
    }

    /// <summary>Writes the file, durably. Its revision comes from what it says and from nothing else.</summary>
    public FeedInfo Complete(string name, string licence, DateTimeOffset date)
    {
        _advisories.Add(_written);
        _spill.Flush();
        var keys = WriteGroups(out var digest);
        var info = new FeedInfo(name, digest.ToString("x16", null)[..12], date, licence, _rows.Count);

        Span<byte> header = stackalloc byte[FileLayout.HeaderSize];
        FileLayout.Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], _written);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], keys.Count);
        Emit(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(keys)));
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], _written);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], _advisories.Count - 1);
        Emit(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_advisories)));
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], _written);
        Emit(JsonSerializer.SerializeToUtf8Bytes(new RevisionInfo(info, [.. _ecosystems]), RevisionJson.Default.RevisionInfo));
        _output.Position = 0;
        _output.Write(header);
        _output.Flush(flushToDisk: true);
        _output.Dispose();
        File.Move(_path + ".new", _path, overwrite: true);
        _complete = true;
        return info;
    }

    public void Dispose()
    {
        _spill.Dispose();
        _output.Dispose();
        if (!_complete)
            File.Delete(_path + ".new");
    }

    private List<Key> WriteGroups(out ulong digest)
    {
        var keys = new List<Key>();
        digest = Fnv.Start;
        var rows = CollectionsMarshal.AsSpan(_rows);
        rows.Sort(static (a, b) => a.Hash != b.Hash ? a.Hash.CompareTo(b.Hash) : a.Content != b.Content ? a.Content.CompareTo(b.Content) : a.Offset.CompareTo(b.Offset));
        var groups = new List<Group>();
        for (var i = 0; i < rows.Length;)
        {
            groups.Clear();
            var hash = rows[i].Hash;
            for (; i < rows.Length && rows[i].Hash == hash; i++)
                Gather(groups, rows[i]);
            // Two names with one hash are two groups.
            if (groups.Count > 1)
                groups.Sort(static (a, b) => FileLayout.Compare(a.Name(), b.Name()));
            foreach (var group in groups)
            {
                keys.Add(new Key(hash, group.Content, _written));
                digest = Fnv.Add(Fnv.Add(digest, hash), group.Content);
                _row.Clear();
                _row.Number(group.Count);
                _record.Clear();
                _record.Bytes(group.Key);
                _record.Number((ulong)(_row.Written.Length + group.Rows.Written.Length));
                Emit(_record.Written);
                Emit(_row.Written);
                Emit(group.Rows.Written);
            }
        }
        return keys;
    }

    private void Gather(List<Group> groups, Row row)
    {
        var spilled = ReadSpilled(row.Offset);
        var reader = new RecordReader(spilled);
        var key = reader.Utf8();
        Group? group = null;
        foreach (var known in groups)
        {
            if (key.SequenceEqual(known.Key))
                group = known;
        }
        if (group is null)
            groups.Add(group = new Group(key.ToArray()));
        group.Rows.Bytes(spilled[^reader.Left..]);
        group.Content = Fnv.Add(group.Content, row.Content);
        group.Count++;
    }

    private ReadOnlySpan<byte> ReadSpilled(long offset)
    {
        // Nearly every row is there after one read.
        var read = RandomAccess.Read(_spill.SafeFileHandle, _buffer.AsSpan(0, 1024), offset);
        var length = sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(_buffer);
        if (length > _buffer.Length)
            Array.Resize(ref _buffer, length);
        while (read < length)
        {
            var more = RandomAccess.Read(_spill.SafeFileHandle, _buffer.AsSpan(read, length - read), offset + read);
            if (more == 0)
                throw new InvalidDataException("The rows of the feed that is compiled were cut off: is the disk full?");
            read += more;
        }
        return _buffer.AsSpan(sizeof(int), length - sizeof(int));
    }

    private void Spill(string ecosystem, string name, ulong number, ReadOnlySpan<byte> row, ulong content)
    {
        _ecosystems.Add(ecosystem);
        _record.Clear();
        _record.Text(ecosystem);
        _record.Text(name);
        var key = _record.Written.ToArray();
        _record.Clear();
        _record.Number((ulong)key.Length);
        _record.Bytes(key);
        _record.Number(number);
        _record.Bytes(row);
        Span<byte> size = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, _record.Written.Length);
        _spill.Write(size);
        _spill.Write(_record.Written);
        _rows.Add(new Row(FileLayout.HashOf(ecosystem, name), content, _spilled));
        _spilled += 4 + _record.Written.Length;
    }

    private void Emit(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _written += bytes.Length;
    }

    private sealed class Group(byte[] key)
    {
        /// <summary>Ecosystem and name as they are written.</summary>
        public byte[] Key { get; } = key;

        public RecordWriter Rows { get; } = new();

        public ulong Content { get; set; } = Fnv.Add(Fnv.Start, key);

        public ulong Count { get; set; }

        public (string Ecosystem, string Name) Name()
        {
            var reader = new RecordReader(Key);
            return (reader.Text(), reader.Text());
        }
    }

    private readonly record struct Row(ulong Hash, ulong Content, long Offset);
}
