using Microsoft.Extensions.Primitives;

namespace Wharf.Server.Distribution;

/// <summary>If-None-Match (RFC 9110 13.1.2) against one strong entity tag.</summary>
internal static class ETags
{
    public static bool Match(StringValues header, string tag)
    {
        foreach (var line in header)
            foreach (var part in (line ?? "").Split(',', 64, StringSplitOptions.TrimEntries))
                if (part == "*" || (part.StartsWith("W/", StringComparison.Ordinal) ? part.AsSpan(2) : part).SequenceEqual(tag))
                    return true;
        return false;
    }
}
