using System.Buffers.Binary;
using Wharf.Scanner.Indexing.Languages;

namespace Wharf.Scanner.Indexing.Elf;

/// <summary>
/// A .NET application that was published as a single file: the host, with all files behind it and their table at a place that the host has before a mark
/// (https://github.com/dotnet/designs/blob/main/accepted/2020/single-file/bundler.md).
/// </summary>
internal static class DotnetBundle
{
    private const int MinMajor = 2; // .NET 5; before, the table does not say where the deps.json is

    // SHA-256 of ".net core bundle"
    private static ReadOnlySpan<byte> Mark =>
    [
        0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
        0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
    ];

    /// <exception cref="InvalidDataException">The deps.json in it is no JSON.</exception>
    public static void Read(ReadOnlyMemory<byte> file, FileReport report)
    {
        var at = file.Span.IndexOf(Mark);
        if (at < 8) return;
        var table = BinaryPrimitives.ReadInt64LittleEndian(file.Span[(at - 8)..]);
        if (table <= 0 || table > file.Length - 64) return; // 0: a host that waits for its bundle
        var head = file.Span[(int)table..];
        if (BinaryPrimitives.ReadUInt32LittleEndian(head) < MinMajor) return;
        var id = head[12]; // length of the bundle's id, always shorter than 128
        var (offset, size) = (BinaryPrimitives.ReadInt64LittleEndian(head[(13 + id)..]), BinaryPrimitives.ReadInt64LittleEndian(head[(21 + id)..]));
        if (offset <= 0 || size <= 0 || offset > file.Length - size || size > report.Budget.Limits.Json) return;
        DotnetDeps.Read(file.Slice((int)offset, (int)size), report);
    }
}
