using System.IO.Compression;

namespace Wharf.Scanner.Indexing.Elf;

/// <summary>
/// The crates that cargo-auditable writes into a program: JSON under zlib in a section of its own
/// (https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md).
/// </summary>
internal static class CargoAuditable
{
    /// <exception cref="InvalidDataException">The section cannot be unpacked, or is no JSON.</exception>
    public static void Read(ElfFile elf, FileReport report)
    {
        if (elf.Section(".dep-v0"u8) is not { IsEmpty: false } section) return;
        using var json = Json.Parse(Inflate(section, report.Budget.Limits.Json));
        foreach (var package in json.RootElement.Get("packages").Items())
        {
            if (package.Text("kind") == "build") continue; // ran when the program was built and is not in it
            if (package.Text("name") is { Length: > 0 } name && package.Text("version") is { Length: > 0 } version)
                report.Add(new Package { Type = PackageType.Cargo, Name = name, Version = version });
        }
    }

    private static byte[] Inflate(ReadOnlyMemory<byte> packed, int max)
    {
        using var bounded = new BoundedStream(new ZLibStream(new MemoryView(packed), CompressionMode.Decompress), max);
        using var unpacked = new MemoryStream();
        bounded.CopyTo(unpacked);
        return unpacked.ToArray();
    }
}
