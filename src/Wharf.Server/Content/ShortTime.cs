using System.Globalization;

namespace Wharf.Server.Content;

/// <summary>Lengths of time as Quay has them in labels and policies: a whole number and <c>s</c>, <c>m</c>, <c>h</c>, <c>d</c>, <c>w</c> or <c>y</c> (365 days).</summary>
internal static class ShortTime
{
    /// <summary>The length in milliseconds; null for what is none, or longer than <paramref name="maxMs"/>.</summary>
    public static long? Parse(string? text, long maxMs)
    {
        if (text is not { Length: >= 2 and <= 12 } || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;
        var seconds = text[^1] switch
        {
            's' => 1L,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            'y' => 365 * 86_400,
            _ => 0,
        };
        return seconds > 0 && number <= maxMs / 1000 / seconds ? number * seconds * 1000 : null;
    }
}
