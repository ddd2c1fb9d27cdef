using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Serialization;

namespace Wharf.Scanner.Feeds.Revisions;

/// <summary>
/// A revision's file, little endian: a header; the advisories; the statements, grouped by what they speak of; the keys of the groups, sorted by hash and then by name; where each
/// advisory begins and the last one ends; and a description in JSON up to the end. The header is the magic word and five numbers of 64 bits: where the keys are,
/// how many, where the advisories' places are, how many, and where the description is.
/// </summary>
internal static class FileLayout
{
    public const int HeaderSize = 48;

    /// <summary>Of keys, and of advisories: what one span can hold.</summary>
    public const int MaxCount = int.MaxValue / 24 - 1;

    public static ReadOnlySpan<byte> Magic => "WHARFDB2"u8;

    /// <summary>The order of names with one hash.</summary>
    public static int Compare((string Ecosystem, string Name) a, (string Ecosystem, string Name) b) =>
        string.CompareOrdinal(a.Ecosystem, b.Ecosystem) is var order and not 0 ? order : string.CompareOrdinal(a.Name, b.Name);

    public static ulong HashOf(string ecosystem, string name)
    {
        Span<byte> bytes = stackalloc byte[512];
        var hash = Add(Fnv.Start, ecosystem, bytes);
        return Add(Fnv.Add(hash, "\0"u8), name, bytes);

        static ulong Add(ulong hash, string text, Span<byte> bytes) =>
            text.Length * 3 <= bytes.Length ? Fnv.Add(hash, bytes[..Encoding.UTF8.GetBytes(text, bytes)]) : Fnv.Add(hash, Encoding.UTF8.GetBytes(text));
    }
}

/// <param name="Hash">Of ecosystem and name.</param>
/// <param name="Content">Of the name and all that the group says, in whatever order it was said: what has changed from one revision to the next is told without reading it.</param>
/// <param name="Offset">Of the group in the file.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Key(ulong Hash, ulong Content, long Offset);

internal sealed record RevisionInfo(FeedInfo Feed, string[] Ecosystems);

[JsonSourceGenerationOptions(RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RevisionInfo))]
internal sealed partial class RevisionJson : JsonSerializerContext;
