using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using ZstdSharp;

namespace Wharf.Scanner.Tests.Indexing;

/// <summary>Files and layers that are made to hurt, and the archives that they are made of.</summary>
internal static class HostileFiles
{
    public static byte[] Jar(params (string Name, byte[] Content)[] entries) => Jar(CompressionLevel.Fastest, entries);

    public static byte[] Jar(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        }
        return stream.ToArray();
    }

    public static (string Name, byte[] Content) Pom(string group, string artifact, string version) =>
        ($"META-INF/maven/{group}/{artifact}/pom.properties", Encoding.UTF8.GetBytes($"version={version}\ngroupId={group}\nartifactId={artifact}\n"));

    /// <summary>A jar in a jar and so on, each with a package of its own: <c>a:at-0</c> is the outermost.</summary>
    public static byte[] NestedJar(int depth)
    {
        var jar = Jar(Pom("org.yaml", "snakeyaml", "1.26"));
        for (var n = 0; n < depth; n++) jar = Jar(("x.jar", jar), Pom("a", $"at-{depth - 1 - n}", "1"));
        return jar;
    }

    /// <summary>A small jar of many, each of which holds one great file.</summary>
    public static byte[] JarOfBombs()
    {
        var bomb = Jar(("a.jar", Jar(CompressionLevel.NoCompression, ("zeros", new byte[60 << 20]))));
        return Jar([.. Enumerable.Range(0, 200).Select(i => ($"{i}.jar", bomb))]);
    }

    /// <summary>A layer with one file of zeros.</summary>
    /// <param name="compression">gzip or zstd.</param>
    public static byte[] Bomb(string compression, long size)
    {
        // Zeros are packed once; both formats are read on where a piece ends.
        const int Piece = 64 << 20;
        using var packed = new MemoryStream();
        packed.Write(Pack(new TarBuilder().Header("a", '0', size).ToArray()));
        var zeros = Pack(new byte[Piece]);
        for (var written = 0L; written < size; written += Piece) packed.Write(zeros);
        return packed.ToArray();

        byte[] Pack(byte[] content)
        {
            if (compression == "gzip") return TarBuilder.Gzip(content);
            using var compressor = new Compressor();
            return compressor.Wrap(content).ToArray();
        }
    }

    /// <summary>A frame of zstd that wants a window of 2 GiB (RFC 8878 3.1.1.1): no content size; a raw block of one byte.</summary>
    public static byte[] GreatWindow() => [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x09, 0x00, 0x00, 0x00];

    /// <summary>An rpm database (SQLite, Berkeley DB or NDB, told by the name) whose pages lead in a circle.</summary>
    public static byte[] Circle(string name, byte[] file)
    {
        const int PageSize = 4096;
        if (name.EndsWith("sqlite", StringComparison.Ordinal))
        {
            // The first four bytes of an overflow page name the next: now itself. Pages of tables begin with their kind.
            for (var page = 1; page < file.Length / PageSize; page++)
                if (file[page * PageSize] == 0) BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(page * PageSize), page + 1);
        }
        else if (name.EndsWith("bdb", StringComparison.Ordinal))
        {
            for (var page = 1; page < file.Length / PageSize; page++)
                if (file[page * PageSize + 25] == 7) BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(page * PageSize + 16), page);
        }
        else
        {
            // Every slot is the one with the longest blob
            var slots = Enumerable.Range(2, PageSize / 16 - 2).Select(static i => i * 16).ToList();
            var longest = file.AsSpan(slots.MaxBy(at => BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 12))), 16).ToArray();
            slots.ForEach(at => longest.CopyTo(file, at));
        }
        return file;
    }

    /// <summary>An executable of 64 bits with as many segments as can be, each of which is all of the file and written to.</summary>
    public static byte[] Segments(int size)
    {
        const int Head = 64, Segment = 56, Count = 65535;
        var file = new byte[size];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), Head);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), Segment);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), Count);
        for (var i = 0; i < Count; i++)
        {
            var segment = file.AsSpan(Head + i * Segment, Segment);
            BinaryPrimitives.WriteInt32LittleEndian(segment, 1);
            BinaryPrimitives.WriteInt32LittleEndian(segment[4..], 6);
            BinaryPrimitives.WriteInt64LittleEndian(segment[32..], file.Length);
        }
        return file;
    }
}
