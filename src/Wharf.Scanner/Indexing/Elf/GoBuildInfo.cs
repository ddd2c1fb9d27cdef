using System.Text;

namespace Wharf.Scanner.Indexing.Elf;

/// <summary>
/// The modules that Go writes into the programs that it links. Since Go 1.18 the two strings follow a head of 32 bytes; before, the head points to them
/// (https://pkg.go.dev/debug/buildinfo, https://go.dev/src/internal/buildinfo).
/// </summary>
internal static class GoBuildInfo
{
    internal const int HeadSize = 32;
    internal const int Alignment = 16;
    internal const int MaxText = 4 << 20; // of a program with 2,000 modules it has 0.3 MB

    // Go's word for a main module that was not built from a tag.
    private const string Unknown = "(devel)";

    private static readonly byte[] s_magic = [0xff, .. " Go buildinf:"u8];

    internal static ReadOnlySpan<byte> Magic => s_magic;

    public static void Read(ElfFile elf, FileReport report)
    {
        if (Find(elf) is not { IsEmpty: false } info) return;
        var (version, modules) = IsInline(info.Span) ? Inline(info.Span[HeadSize..]) : Pointed(elf, info.Span);
        Report(version, modules, report);
    }

    /// <summary>Whether the two strings follow the head.</summary>
    internal static bool IsInline(ReadOnlySpan<byte> head) => (head[15] & 2) != 0;

    internal static void Report(string version, string modules, FileReport report)
    {
        if (Toolchain(version) is { } toolchain) report.Add(new Package { Type = PackageType.Go, Name = "stdlib", Version = toolchain });
        ReadModules(modules, report);
    }

    // The section's name may be stripped; then it is where the linker puts it, in data that programs write to.
    private static ReadOnlyMemory<byte> Find(ElfFile elf)
    {
        if (elf.Section(".go.buildinfo"u8) is { IsEmpty: false } section) return From(section);
        foreach (var segment in elf.WritableSegments())
        {
            if (From(segment) is { IsEmpty: false } found) return found;
        }
        return default;
    }

    private static ReadOnlyMemory<byte> From(ReadOnlyMemory<byte> data)
    {
        for (var start = 0; ;)
        {
            var at = data.Span[start..].IndexOf(s_magic);
            if (at < 0) return default;
            start += at;
            if (start % Alignment == 0 && data.Length - start >= HeadSize) return data[start..];
            start++;
        }
    }

    private static (string Version, string Modules) Inline(ReadOnlySpan<byte> rest) => (Take(ref rest), Modules(Bytes(ref rest)));

    private static string Take(ref ReadOnlySpan<byte> rest) => Encoding.UTF8.GetString(Bytes(ref rest));

    private static ReadOnlySpan<byte> Bytes(ref ReadOnlySpan<byte> rest)
    {
        var length = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            if (rest.IsEmpty || shift > 28) return default;
            var b = rest[0];
            rest = rest[1..];
            length |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) break;
        }
        if (length > MaxText || length > (ulong)rest.Length) return default;
        var bytes = rest[..(int)length];
        rest = rest[(int)length..];
        return bytes;
    }

    private static (string Version, string Modules) Pointed(ElfFile elf, ReadOnlySpan<byte> head)
    {
        int size = head[14];
        if (size is not (4 or 8) || (head[15] & 1) != 0 != elf.IsBigEndian) return ("", "");
        return (Encoding.UTF8.GetString(Follow(elf, elf.Address(head[16..], size), size)), Modules(Follow(elf, elf.Address(head[(16 + size)..], size), size)));
    }

    // A Go string: where its bytes are, and how many.
    private static ReadOnlySpan<byte> Follow(ElfFile elf, ulong address, int size)
    {
        if (elf.At(address, 2 * (ulong)size).Span is not { IsEmpty: false } pair) return default;
        var length = elf.Address(pair[size..], size);
        return length <= MaxText ? elf.At(elf.Address(pair, size), length).Span : default;
    }

    // Marks of 16 bytes stand around the text, by which tools find it without this head.
    internal static string Modules(ReadOnlySpan<byte> bytes) => bytes.Length >= 33 && bytes[^17] == '\n' ? Encoding.UTF8.GetString(bytes[16..^16]) : "";

    private static void ReadModules(string text, FileReport report)
    {
        (string Name, string Version)? module = null;
        foreach (var line in text.Split('\n'))
        {
            switch (line.Split('\t'))
            {
                case ["mod" or "dep", var name, var version, ..]:
                    Add(module, report);
                    module = (name, version);
                    break;
                case ["=>", var name, { Length: > 0 } version, ..]: // stands for the module above
                    module = (name, version);
                    break;
                case ["=>", ..] when module is not null: // a directory does, in which anything may be
                    module = (module.Value.Name, Unknown);
                    break;
            }
        }
        Add(module, report);
    }

    private static void Add((string Name, string Version)? module, FileReport report)
    {
        if (module is not var (name, version)) return;
        if (version.Length == 0) version = Unknown;
        report.Add(new Package { Type = PackageType.Go, Name = name, Version = version.StartsWith('v') ? version[1..] : version });
    }

    /// <summary><c>go1.21.3</c>, <c>go1.22rc1 X:boringcrypto</c>, <c>devel go1.23-0123abc</c>; releases to be as semver, which advisories compare by.</summary>
    private static string? Toolchain(string version)
    {
        var word = version.Split(' ').FirstOrDefault(static w => w.StartsWith("go", StringComparison.Ordinal) && w.Length > 2 && char.IsAsciiDigit(w[2]));
        if (word is null) return null;
        var number = word[2..].Split('-', '+')[0];
        foreach (var kind in (ReadOnlySpan<string>)["rc", "beta"])
        {
            if (number.IndexOf(kind, StringComparison.Ordinal) is > 0 and var at)
                return $"{number[..at]}{(number.AsSpan(0, at).Count('.') == 1 ? ".0" : "")}-{kind}.{number[(at + kind.Length)..]}";
        }
        return number;
    }
}
