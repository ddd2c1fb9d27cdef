using System.Globalization;

namespace Wharf.Oci;

/// <summary>A Range header (RFC 9110, 14) resolved against content of a known size: sorted ranges that neither overlap nor touch.</summary>
public sealed class ByteRanges
{
    /// <summary>More ranges in one header are answered with all of the content. Lazy pulls ask for up to 1,000 in practice.</summary>
    public const int MaxRanges = 4096;

    private static readonly ByteRanges None = new(ByteRangesKind.None, []);
    private static readonly ByteRanges Unsatisfiable = new(ByteRangesKind.Unsatisfiable, []);

    private ByteRanges(ByteRangesKind kind, IReadOnlyList<ByteRange> ranges)
    {
        Kind = kind;
        Ranges = ranges;
    }

    /// <summary>What to answer.</summary>
    public ByteRangesKind Kind { get; }

    /// <summary>The ranges to send, in ascending order; empty unless the kind is Single or Multiple.</summary>
    public IReadOnlyList<ByteRange> Ranges { get; }

    /// <summary>Resolves a Range header; null is an absent one.</summary>
    /// <param name="header">The value of the header.</param>
    /// <param name="size">Length of the content in bytes.</param>
    public static ByteRanges Parse(string? header, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var text = header.AsSpan().Trim(" \t");
        var equals = text.IndexOf('=');
        if (equals < 0 || !text[..equals].Equals("bytes", StringComparison.OrdinalIgnoreCase)) return None;
        text = text[(equals + 1)..];

        var ranges = new List<ByteRange>();
        var specs = 0;
        var asked = 0L;
        foreach (var part in text.Split(','))
        {
            var spec = text[part].Trim(" \t");
            if (++specs > MaxRanges) return None;
            if (spec.IsEmpty) continue; // RFC 9110, 5.6.1.2: empty list elements are ignored
            if (!TryResolve(spec, size, out var range)) return None;
            if (range is not { } satisfiable) continue;
            // Overlapping ranges that add up to more than the content are an attack or a mistake (RFC 9110, 17.15; CVE-2011-3192).
            if (satisfiable.Length > size - asked) return None;
            asked += satisfiable.Length;
            ranges.Add(satisfiable);
        }
        if (text.Trim(" \t,").IsEmpty) return None;
        if (ranges.Count == 0) return Unsatisfiable;

        Coalesce(ranges);
        return new ByteRanges(ranges.Count == 1 ? ByteRangesKind.Single : ByteRangesKind.Multiple, ranges);
    }

    // False: not of the grammar. Null range: outside the content, or backwards.
    private static bool TryResolve(ReadOnlySpan<char> spec, long size, out ByteRange? range)
    {
        range = null;
        var dash = spec.IndexOf('-');
        if (dash < 0) return false;
        var first = spec[..dash];
        var last = spec[(dash + 1)..];
        if (first.IsEmpty)
        {
            if (!TryParseNumber(last, out var suffix)) return false;
            if (suffix > 0 && size > 0) range = new ByteRange(Math.Max(0, size - suffix), size - 1);
            return true;
        }
        var end = long.MaxValue;
        if (!TryParseNumber(first, out var start) || (!last.IsEmpty && !TryParseNumber(last, out end))) return false;
        // RFC 9110, 14.2: an invalid range may be refused instead of ignored. The conformance suite takes the whole blob for "no ranges here".
        if (start < size && start <= end) range = new ByteRange(start, Math.Min(end, size - 1));
        return true;
    }

    // A number too large for a long lies beyond any content, and so does long.MaxValue.
    private static bool TryParseNumber(ReadOnlySpan<char> text, out long number)
    {
        number = long.MaxValue;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9')) return false;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number)) number = long.MaxValue;
        return true;
    }

    private static void Coalesce(List<ByteRange> ranges)
    {
        ranges.Sort(static (a, b) => a.Start.CompareTo(b.Start));
        var kept = 0;
        for (var i = 1; i < ranges.Count; i++)
        {
            var (last, next) = (ranges[kept], ranges[i]);
            if (next.Start <= last.End + 1) ranges[kept] = last with { End = Math.Max(last.End, next.End) };
            else ranges[++kept] = next;
        }
        ranges.RemoveRange(kept + 1, ranges.Count - kept - 1);
    }
}
