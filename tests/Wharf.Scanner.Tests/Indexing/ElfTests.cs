using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Wharf.Scanner.Tests.Indexing;

public sealed class ElfTests
{
    private const string Modules = """
        path	example.com/cmd/app
        mod	example.com/app	(devel)
        dep	golang.org/x/net	v0.7.0	h1:abc
        dep	github.com/old/thing	v1.0.0
        =>	github.com/new/thing	v1.2.3+incompatible	h1:def
        dep	example.com/local	v0.1.0
        =>	./local
        build	-compiler=gc

        """;

    private const string Expected = "Go example.com/app (devel), Go golang.org/x/net 0.7.0, Go github.com/new/thing 1.2.3+incompatible, Go example.com/local (devel)";

    [Theory]
    [InlineData("go1.21.3", "Go stdlib 1.21.3, ")]
    [InlineData("go1.22rc1 X:boringcrypto", "Go stdlib 1.22.0-rc.1, ")]
    [InlineData("go1.19.4 (Red Hat 1.19.4-1.el9)", "Go stdlib 1.19.4, ")]
    [InlineData("devel go1.23-0123abc Fri", "Go stdlib 1.23, ")]
    [InlineData("devel +0123abc", "")]
    public async Task Modules_of_a_Go_program_are_found_with_their_replacements(string toolchain, string stdlib)
    {
        var layer = await new TarBuilder().File("usr/bin/app", Elf((".go.buildinfo", GoInfo(toolchain, Modules)))).IndexAsync();

        Assert.Equal(stdlib + Expected, LanguageTests.Packages(layer));
    }

    [Fact]
    public async Task Modules_are_found_by_the_mark_when_the_section_has_no_name()
    {
        var layer = await new TarBuilder().File("app", Elf((".data", [.. new byte[32], .. GoInfo("go1.21.3", Modules)]))).IndexAsync();

        Assert.Equal("Go stdlib 1.21.3, " + Expected, LanguageTests.Packages(layer));
    }

    [Fact]
    public async Task Modules_are_found_where_the_head_of_older_Go_points_to()
    {
        var layer = await new TarBuilder().File("app", Elf((".data", GoPointers("go1.17.2"u8, Encoding.UTF8.GetBytes(Modules))))).IndexAsync();

        Assert.Equal("Go stdlib 1.17.2, " + Expected, LanguageTests.Packages(layer));
    }

    [Fact]
    public async Task Crates_of_a_Rust_program_are_found()
    {
        var layer = await new TarBuilder().File("app", File.ReadAllBytes(TestData.Path("pkgdb", "rust", "uses_serde_json.elf"))).IndexAsync();

        Assert.Equal(
            "Cargo itoa 1.0.14, Cargo memchr 2.7.4, Cargo proc-macro2 1.0.92, Cargo quote 1.0.38, Cargo ryu 1.0.18, Cargo serde 1.0.217, "
            + "Cargo serde_derive 1.0.217, Cargo serde_json 1.0.135, Cargo syn 2.0.95, Cargo unicode-ident 1.0.14, Cargo uses_json 0.1.0", LanguageTests.Packages(layer));
    }

    [Fact]
    public async Task A_crate_that_only_ran_at_the_build_is_left_out()
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write("""{"packages":[{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},{"name":"libc","version":"0.2.1","source":"crates.io"}]}"""u8);

        var layer = await new TarBuilder().File("app", Elf((".dep-v0", packed.ToArray()))).IndexAsync();

        Assert.Equal("Cargo libc 0.2.1", LanguageTests.Packages(layer));
    }

    [Fact]
    public async Task A_deps_json_in_a_single_file_application_is_read()
    {
        var deps = File.ReadAllBytes(TestData.Path("pkgdb", "dotnet", "self-contained.deps.json"));
        byte[] mark =
        [
            0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
            0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
        ];
        var host = Elf((".data", [.. new byte[8], .. mark]));
        var at = host.AsSpan().IndexOf(mark);
        BinaryPrimitives.WriteInt64LittleEndian(host.AsSpan(at - 8), host.Length + deps.Length);
        var table = new byte[128];
        table[0] = 6;
        table[12] = 4;
        BinaryPrimitives.WriteInt64LittleEndian(table.AsSpan(17), host.Length);
        BinaryPrimitives.WriteInt64LittleEndian(table.AsSpan(25), deps.Length);

        var layer = await new TarBuilder().File("app", [.. host, .. deps, .. table]).IndexAsync();

        Assert.Contains("NuGet Microsoft.NETCore.App.Runtime.linux-x64 8.0.0", LanguageTests.Packages(layer), StringComparison.Ordinal);
    }

    /// <summary>A file of 64 bits and little-endian, whose sections are all in one segment that is written to, the first at address 0x10000.</summary>
    internal static byte[] Elf(params (string Name, byte[] Content)[] sections)
    {
        const int HeadSize = 64, ProgramSize = 56, SectionSize = 64;
        byte[] names = [0, .. sections.SelectMany(static s => Encoding.ASCII.GetBytes(s.Name + "\0"))];
        var start = (HeadSize + ProgramSize + 15) & ~15;
        var body = new List<byte>(new byte[start]);
        var headers = new List<(int Name, int Offset, int Size)>();
        var name = 1;
        foreach (var section in sections)
        {
            body.AddRange(new byte[-body.Count & 15]);
            headers.Add((name, body.Count, section.Content.Length));
            body.AddRange(section.Content);
            name += section.Name.Length + 1;
        }
        var end = body.Count;
        headers.Add((0, body.Count, names.Length));
        body.AddRange(names);
        var table = body.Count;
        body.AddRange(new byte[headers.Count * SectionSize]);
        var file = body.ToArray();
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        Int64(32, HeadSize);
        Int64(40, table);
        Int16(54, ProgramSize);
        Int16(56, 1);
        Int16(58, SectionSize);
        Int16(60, headers.Count);
        Int16(62, headers.Count - 1);
        Int32(HeadSize, 1);
        Int32(HeadSize + 4, 6);
        Int64(HeadSize + 8, start);
        Int64(HeadSize + 16, 0x10000);
        Int64(HeadSize + 32, end - start);
        foreach (var (header, i) in headers.Select(static (h, i) => (h, i)))
        {
            var at = table + i * SectionSize;
            Int32(at, header.Name);
            Int32(at + 4, 1);
            Int64(at + 24, header.Offset);
            Int64(at + 32, header.Size);
        }
        return file;

        void Int16(int at, int value) => BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(at), (short)value);
        void Int32(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);
        void Int64(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
    }

    internal static byte[] GoInfo(string version, string modules)
    {
        var head = new byte[32];
        Encoding.Latin1.GetBytes("\u00ff Go buildinf:").CopyTo(head, 0);
        head[14] = 8;
        head[15] = 2;
        byte[] text = [.. new byte[16], .. Encoding.UTF8.GetBytes(modules), .. new byte[16]];
        return [.. head, .. Varint(version.Length), .. Encoding.UTF8.GetBytes(version), .. Varint(text.Length), .. text];
    }

    /// <summary>As Go before 1.18: the head, the two Go strings, their bytes; all at the address at which <see cref="Elf"/> puts its first section.</summary>
    internal static byte[] GoPointers(ReadOnlySpan<byte> version, ReadOnlySpan<byte> modules)
    {
        const int Address = 0x10000, VersionAt = 64, TextAt = 128;
        byte[] text = [.. new byte[16], .. modules, .. new byte[16]];
        var data = new byte[TextAt + text.Length];
        Encoding.Latin1.GetBytes("\u00ff Go buildinf:").CopyTo(data, 0);
        data[14] = 8;
        Pointer(16, Address + 32);
        Pointer(24, Address + 48);
        Pointer(32, Address + VersionAt);
        Pointer(40, version.Length);
        Pointer(48, Address + TextAt);
        Pointer(56, text.Length);
        version.CopyTo(data.AsSpan(VersionAt));
        text.CopyTo(data, TextAt);
        return data;

        void Pointer(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(at), value);
    }

    private static byte[] Varint(int value) => value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];
}
