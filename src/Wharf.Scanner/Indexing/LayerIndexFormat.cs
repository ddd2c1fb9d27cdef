using System.IO.Compression;
using System.Text;
using Wharf.Oci;

namespace Wharf.Scanner.Indexing;

/// <summary>
/// The stored form of a <see cref="LayerIndex"/>: the version, then deflated numbers and strings. A string is written once and named by its number after that.
/// </summary>
internal static class LayerIndexFormat
{
    // A layer that meets every limit of IndexLimits stays below.
    private const int MaxSize = 512 << 20;
    private const int MaxString = 64 << 10;

    public static byte[] Write(LayerIndex index)
    {
        using var stream = new MemoryStream();
        stream.WriteByte(LayerIndexer.Version);
        using (var writer = new Writer(new DeflateStream(stream, CompressionLevel.Fastest, leaveOpen: true)))
        {
            writer.Write(index.DiffId.Span.Length);
            writer.Raw.Write(index.DiffId.Span);
            writer.Raw.Write7BitEncodedInt64(index.Size);
            writer.Write(index.Problems);
            writer.Write(index.Paths.Replaced);
            writer.Write(index.Paths.Opaque);
            writer.Write(index.Paths.Directories);
            writer.Write(index.Files.Count);
            foreach (var file in index.Files) Write(writer, file);
        }
        return stream.ToArray();
    }

    public static LayerIndex Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty || bytes.Span[0] != LayerIndexer.Version) throw new InvalidDataException("It is not a layer index of this version.");
        try
        {
            using var reader = new Reader(bytes[1..]);
            var diffId = new Digest(reader.Raw.ReadBytes(reader.Count(64)));
            var size = reader.Raw.Read7BitEncodedInt64();
            var problems = reader.Strings();
            var paths = new PathSet { Replaced = reader.Hashes(), Opaque = reader.Hashes(), Directories = reader.Hashes() };
            var files = reader.List(ReadFile);
            return new LayerIndex { DiffId = diffId, Size = size, Problems = problems, Paths = paths, Files = files };
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException or InvalidDataException)
        {
            throw new InvalidDataException("The layer index is damaged.", e);
        }
    }

    private static void Write(Writer writer, IndexedFile file)
    {
        writer.Write(file.Path);
        writer.Write(file.Problem);
        writer.Write(file.Distro?.Id);
        if (file.Distro is { } distro)
        {
            writer.Write(distro.Version);
            writer.Write(distro.Name);
        }
        writer.Write(file.Repositories);
        writer.Write(file.Packages.Count);
        foreach (var (package, inner) in file.Packages)
        {
            writer.Write((int)package.Type);
            writer.Write(package.Name);
            writer.Write(package.Version);
            writer.Write(package.Source);
            writer.Write(package.SourceVersion);
            writer.Write(package.Arch);
            writer.Write(package.Module);
            writer.Write(inner);
        }
        writer.Write(file.Owned.Count);
        foreach (var (hash, owner) in file.Owned)
        {
            writer.Raw.Write(hash);
            writer.Write(owner);
        }
    }

    private static IndexedFile ReadFile(Reader reader)
    {
        var path = reader.Text();
        var problem = reader.String();
        var distro = reader.String() is { } id ? new Distro(id, reader.Text(), reader.String()) : null;
        return new IndexedFile
        {
            Path = path,
            Problem = problem,
            Distro = distro,
            Repositories = reader.Strings(),
            Packages = reader.List(ReadPackage),
            Owned = reader.List(static r => new OwnedPath(r.Raw.ReadUInt64(), r.Text())),
        };
    }

    private static IndexedPackage ReadPackage(Reader reader)
    {
        var type = (PackageType)reader.Count((int)PackageType.Other);
        var package = new Package
        {
            Type = type,
            Name = reader.Text(),
            Version = reader.Text(),
            Source = reader.String(),
            SourceVersion = reader.String(),
            Arch = reader.String(),
            Module = reader.String(),
        };
        return new IndexedPackage(package, reader.Text());
    }

    private sealed class Writer(Stream stream) : IDisposable
    {
        // 0 is null, 1 a string that follows, and all above name the string with that number.
        private readonly Dictionary<string, int> _strings = new(StringComparer.Ordinal);

        public BinaryWriter Raw { get; } = new(new BufferedStream(stream, 64 << 10));

        public void Write(int count) => Raw.Write7BitEncodedInt(count);

        public void Write(string? text)
        {
            if (text is null)
            {
                Write(0);
            }
            else if (_strings.TryGetValue(text, out var number))
            {
                Write(number);
            }
            else
            {
                Write(1);
                Raw.Write(text);
                _strings[text] = _strings.Count + 2;
            }
        }

        public void Write(IReadOnlyList<string> texts)
        {
            Write(texts.Count);
            foreach (var text in texts) Write(text);
        }

        public void Write(ulong[] hashes)
        {
            Write(hashes.Length);
            foreach (var hash in hashes) Raw.Write(hash);
        }

        public void Dispose() => Raw.Dispose();
    }

    private sealed class Reader(ReadOnlyMemory<byte> bytes) : IDisposable
    {
        private readonly List<string> _strings = [];

        public BinaryReader Raw { get; } = new(new BoundedStream(new DeflateStream(new MemoryStream(bytes.ToArray()), CompressionMode.Decompress), MaxSize));

        public int Count(int max) => Raw.Read7BitEncodedInt() is var count && count >= 0 && count <= max ? count : throw new InvalidDataException("A count is out of range.");

        public string? String()
        {
            var number = Count(_strings.Count + 1);
            if (number == 0) return null;
            if (number > 1) return _strings[number - 2];
            var text = Encoding.UTF8.GetString(Raw.ReadBytes(Count(MaxString)));
            _strings.Add(text);
            return text;
        }

        public string Text() => String() ?? throw new InvalidDataException("A string is missing.");

        public List<string> Strings() => List(static reader => reader.Text());

        public ulong[] Hashes() => [.. List(static reader => reader.Raw.ReadUInt64())];

        // Lists grow as items come: a count alone takes no memory.
        public List<T> List<T>(Func<Reader, T> read)
        {
            var count = Count(int.MaxValue);
            var list = new List<T>();
            for (var i = 0; i < count; i++) list.Add(read(this));
            return list;
        }

        public void Dispose() => Raw.Dispose();
    }
}
