using System.Text;

namespace Wharf.Scanner.Indexing.Java;

/// <summary>An entry of a zip's directory. Names stay bytes: of a jar's thousands only a few are looked at.</summary>
/// <param name="Packed">Bytes in the file.</param>
/// <param name="Size">Bytes unpacked, as the directory says.</param>
/// <param name="Offset">Of the entry's own header in the file.</param>
internal readonly record struct ZipEntry(ReadOnlyMemory<byte> Name, int Method, long Packed, long Size, long Offset)
{
    public string Path => Encoding.UTF8.GetString(Name.Span);
}
