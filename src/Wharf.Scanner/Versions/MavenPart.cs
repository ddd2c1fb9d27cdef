using System.Buffers;

namespace Wharf.Scanner.Versions;

/// <summary>A number or a word of a Maven version.</summary>
/// <param name="Text">Lower case.</param>
/// <param name="Rank">Of a word: its place among Maven's own words; <see cref="Number"/> for numbers.</param>
/// <param name="Lists">How many lists open before it; 1 at most for words.</param>
/// <param name="Zeros">Before a word that opens no list: the zeros in front of it.</param>
internal readonly record struct MavenPart(ReadOnlyMemory<char> Text, int Rank, int Lists, int Zeros = 0)
{
    private static readonly SearchValues<char> s_endOfWord = SearchValues.Create(".-0123456789");

    private const int Release = 5;
    private const int Unknown = 7;
    private const int Number = 8;

    // Nothing, as a word or a number, falls away at the end and before a list
    private bool IsNothing => Rank == Release || (Rank == Number && Text.Span.TrimStart('0').IsEmpty);

    public static List<MavenPart> Parse(string version)
    {
        var text = version.ToLowerInvariant().AsMemory();
        var parts = new List<MavenPart>();
        var lists = 0;
        for (var at = 0; at < text.Length;)
        {
            var rest = text.Span[at..];
            var digits = Digits.Run(rest);
            var length = digits > 0 ? digits : rest.IndexOfAny(s_endOfWord);
            if (length < 0)
                length = rest.Length;
            var next = length < rest.Length ? rest[length] : '\0';
            if (digits > 0 || length == 0)
                Add(parts, new MavenPart(text.Slice(at, length), Number, lists));
            else
                Add(parts, new MavenPart(text.Slice(at, length), RankOf(rest[..length], char.IsAsciiDigit(next)), OpensList(at, lists, next) ? 1 : 0));

            at += length;
            lists = 1;
            if (at < text.Length && text.Span[at] is '.' or '-')
            {
                lists = text.Span[at] == '-' ? 1 : 0;
                at++;
            }
        }
        DropNothing(parts);
        return parts;
    }

    public int CompareTo(MavenPart other)
    {
        var order = Class - other.Class;
        if (order == 0)
            order = Rank == Number ? other.Lists - Lists : Zeros - other.Zeros;
        if (order == 0)
            order = Rank - other.Rank;
        if (order == 0)
            order = Rank == Number ? Digits.Compare(Text.Span, other.Text.Span) : Rank == Unknown ? Text.Span.SequenceCompareTo(other.Text.Span) : 0;
        return order != 0 ? order : Lists - other.Lists;
    }

    /// <summary>With the end of a version that is the same up to here.</summary>
    public int CompareToEnd() => Class < 2 ? -1 : 1;

    // In rising order: words before a release, (the end), words after a release, a list, a number; with zeros a word comes nearer to the numbers
    private int Class => Rank switch
    {
        < Release => Zeros == 0 ? 0 : 1,
        < Number => Zeros == 0 ? 2 : 4,
        _ => Lists > 0 ? 3 : 5,
    };

    // A word does unless dots, or a dot and a dash, are around it
    private static bool OpensList(int at, int lists, char next) => at > 0 && (lists > 0 || next is not ('.' or '-'));

    private static void Add(List<MavenPart> parts, MavenPart part)
    {
        if (part.Lists > 0)
        {
            var lists = part.Lists + DropNothing(parts);
            part = part with { Lists = part.Rank == Number ? lists : 1 };
        }
        else if (part.Rank != Number)
        {
            part = part with { Zeros = TakeZeros(parts) };
        }
        parts.Add(part);
    }

    // The lists that the dropped would have opened
    private static int DropNothing(List<MavenPart> parts)
    {
        var lists = 0;
        while (parts.Count > 0 && parts[^1].IsNothing)
        {
            lists += parts[^1].Lists;
            parts.RemoveAt(parts.Count - 1);
        }
        return lists;
    }

    private static int TakeZeros(List<MavenPart> parts)
    {
        var zeros = 0;
        for (; parts.Count > 0 && parts[^1] is { Rank: Number, Lists: 0, IsNothing: true }; zeros++)
            parts.RemoveAt(parts.Count - 1);
        return zeros;
    }

    private static int RankOf(ReadOnlySpan<char> word, bool beforeDigit) => word switch
    {
        "alpha" => 0,
        "beta" => 1,
        "milestone" => 2,
        "rc" or "cr" => 3,
        "snapshot" => 4,
        "" or "ga" or "final" or "release" => Release,
        "sp" => 6,
        "a" when beforeDigit => 0,
        "b" when beforeDigit => 1,
        "m" when beforeDigit => 2,
        _ => Unknown,
    };
}
