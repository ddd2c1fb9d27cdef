using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Wharf.Server.Pruning;

/// <summary>
/// A regular expression that people give for names of tags. It matches anywhere in the name, as in Quay, in time that grows with the
/// name alone: there is no way back (lookarounds, references to groups) in these.
/// </summary>
internal sealed class PrunePattern
{
    public const int MaxLength = 256;

    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(1);

    // A pattern of a few letters can stand for an automaton of millions of states: a{1000}{1000}.
    private const int MaxRepeats = 1000;

    private readonly Regex _regex;

    private PrunePattern(Regex regex) => _regex = regex;

    public string Text => _regex.ToString();

    public static bool TryParse(string text, [NotNullWhen(true)] out PrunePattern? pattern, [NotNullWhen(false)] out string? problem)
    {
        (pattern, problem) = (null, null);
        if (text.Length is 0 or > MaxLength || text.Any(char.IsControl))
            problem = $"has 1 to {MaxLength} characters without control characters.";
        else if (Repeats(text) > MaxRepeats)
            problem = $"repeats too much: all numbers in its braces, multiplied, are {MaxRepeats} at most.";
        else
            try
            {
                pattern = new PrunePattern(new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, s_timeout));
                return true;
            }
            catch (RegexParseException e)
            {
                problem = $"is no regular expression: {e.Message}";
            }
            catch (NotSupportedException)
            {
                problem = "has a lookaround, an atomic group or a reference to a group; those are not allowed here.";
            }
        return false;
    }

    public bool IsMatch(string tag) => _regex.IsMatch(tag);

    /// <summary>What the groups of the pattern match, or all that it matches where it has none; null when it does not match.</summary>
    public string? Group(string tag)
    {
        var match = _regex.Match(tag);
        return !match.Success ? null
            : match.Groups.Count == 1 ? match.Value
            : match.Groups.Count == 2 ? match.Groups[1].Value
            : string.Join('\0', match.Groups.Values.Skip(1).Select(static g => g.Value));
    }

    private static long Repeats(string text)
    {
        var product = 1L;
        for (var at = text.IndexOf('{', StringComparison.Ordinal); at >= 0; at = text.IndexOf('{', at + 1))
        {
            var most = 0L;
            for (var i = at + 1; i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == ','); i++)
                most = text[i] == ',' ? most > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]) ? 0 : most : Math.Min(most * 10 + text[i] - '0', MaxRepeats + 1);
            product = Math.Min(product * Math.Max(most, 1), MaxRepeats + 1);
        }
        return product;
    }
}
