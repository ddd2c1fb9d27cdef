using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Wharf.Oci;

/// <summary>The bytes that a chunk of an upload claims to be, both ends inclusive.</summary>
/// <param name="Start">Offset of the first byte.</param>
/// <param name="End">Offset of the last byte, not before the first.</param>
public readonly record struct ContentRange(long Start, long End)
{
    /// <summary>The number of bytes.</summary>
    public long Length => End - Start + 1;

    /// <summary>
    /// Parses the Content-Range header of a chunk: <c>&lt;start&gt;-&lt;end&gt;</c> (distribution-spec 1.1.1, "Pushing a blob in chunks").
    /// RFC 9110's own form, <c>bytes start-end/size</c>, is taken as well, since HTTP libraries write it; a size it states must hold the range.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ContentRange range)
    {
        range = default;
        var rest = text.AsSpan().Trim(' ');
        if (rest.StartsWith("bytes ", StringComparison.OrdinalIgnoreCase))
        {
            rest = rest["bytes ".Length..];
            var slash = rest.IndexOf('/');
            if (slash < 0) return false;
            var size = long.MaxValue;
            if (rest[(slash + 1)..] is not "*" && !TryParseNumber(rest[(slash + 1)..], out size)) return false;
            return TryParse(rest[..slash], out range) && range.End < size;
        }
        return TryParse(rest, out range);
    }

    /// <summary>The form of the spec, <c>start-end</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Start}-{End}");

    private static bool TryParse(ReadOnlySpan<char> text, out ContentRange range)
    {
        range = default;
        var dash = text.IndexOf('-');
        if (dash < 0 || !TryParseNumber(text[..dash], out var start) || !TryParseNumber(text[(dash + 1)..], out var end)) return false;
        // An end of long.MaxValue would make Length overflow, and no blob is that long.
        if (end < start || end == long.MaxValue) return false;
        range = new ContentRange(start, end);
        return true;
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
