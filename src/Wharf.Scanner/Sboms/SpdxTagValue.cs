using System.Text;

namespace Wharf.Scanner.Sboms;

/// <summary>SPDX 2 as lines of <c>Tag: value</c> (https://spdx.github.io/spdx-spec/v2.3/conformance/), a value of several lines being in <c>&lt;text&gt;</c>.</summary>
internal static class SpdxTagValue
{
    private const int LongestValue = 4096;
    private const int HeadLength = 4096;

    /// <summary>Whether the version of SPDX is among the first lines.</summary>
    public static bool Is(ReadOnlySpan<byte> text) => text[..Math.Min(text.Length, HeadLength)].IndexOf("SPDXVersion:"u8) >= 0;

    public static void Read(ReadOnlySpan<byte> text, SbomInventory inventory)
    {
        SbomEntry? entry = null;
        while (!text.IsEmpty)
        {
            var line = Cut(ref text, "\n"u8).Trim(" \t\r"u8);
            var colon = line.IndexOf((byte)':');
            if (colon < 0 || line[0] == '#')
                continue;
            var tag = line[..colon];
            var value = line[(colon + 1)..].Trim(" \t"u8);
            if (value.StartsWith("<text>"u8))
            {
                value = value[6..];
                var end = value.IndexOf("</text>"u8);
                if (end >= 0)
                    value = value[..end];
                else
                    Cut(ref text, "</text>"u8);
            }

            if (tag.SequenceEqual("PackageName"u8))
            {
                if (entry is not null)
                    inventory.Add(entry);
                entry = new SbomEntry { Name = Text(value) };
            }
            else if (entry is not null)
            {
                Set(entry, tag, value);
            }
        }
        if (entry is not null)
            inventory.Add(entry);
    }

    private static void Set(SbomEntry entry, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> value)
    {
        if (tag.SequenceEqual("SPDXID"u8))
            entry.SpdxId ??= Text(value);
        else if (tag.SequenceEqual("PackageVersion"u8))
            entry.Version = Text(value);
        else if (tag.SequenceEqual("PrimaryPackagePurpose"u8))
            entry.Type = Text(value);
        else if (tag.SequenceEqual("PackageSourceInfo"u8))
            entry.SourceInfo = Text(value);
        else if (tag.SequenceEqual("ExternalRef"u8) && Text(value)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var type, var locator, ..] && type.EndsWith("purl", StringComparison.Ordinal))
            entry.Purl ??= locator;
    }

    private static ReadOnlySpan<byte> Cut(scoped ref ReadOnlySpan<byte> text, ReadOnlySpan<byte> mark)
    {
        var at = text.IndexOf(mark);
        var left = at < 0 ? text : text[..at];
        text = at < 0 ? [] : text[(at + mark.Length)..];
        return left;
    }

    private static string? Text(ReadOnlySpan<byte> value) => value.Length <= LongestValue ? Encoding.UTF8.GetString(value) : null;
}
