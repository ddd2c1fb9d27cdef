using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Wharf.Server.Immutability;

/// <summary>
/// A regular expression that a whole tag name matches or not. It takes time linear in the name's length where .NET can do that; one that
/// looks around, refers back or would be too large an automaton has a second.
/// </summary>
internal sealed class TagPattern
{
    public const int MaxLength = 256;

    /// <summary>Quay's.</summary>
    private const int LimitSeconds = 1;

    private readonly Regex _regex;

    private TagPattern(Regex regex) => _regex = regex;

    /// <summary>Whether it is one whose time is bounded by nothing but the limit.</summary>
    private bool MayBacktrack => !_regex.Options.HasFlag(RegexOptions.NonBacktracking);

    /// <summary>The pattern, or what is wrong with it.</summary>
    public static (TagPattern? Pattern, string? Problem) Parse(string text)
    {
        if (text.Length == 0)
            return (null, "tagPattern is required and must be a non-empty string.");
        if (text.Length > MaxLength)
            return (null, $"tagPattern has at most {MaxLength} characters.");
        if (text.Any(char.IsControl))
            return (null, "tagPattern has no control characters.");
        try
        {
            // By itself first: what closes a group that it has not opened would change what is around it.
            _ = new Regex(text, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(LimitSeconds));
            var whole = $@"\A(?:{text})\z";
            try
            {
                return (new TagPattern(new Regex(whole, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromSeconds(LimitSeconds))), null);
            }
            catch (NotSupportedException)
            {
                return (new TagPattern(new Regex(whole, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(LimitSeconds))), null);
            }
        }
        catch (ArgumentException e)
        {
            return (null, $"tagPattern is no regular expression: {e.Message}");
        }
    }

    /// <summary>Whether the name matches. As in Quay, it does not when the time is over before that is known.</summary>
    /// <param name="spent">How much time patterns that may backtrack have taken for this name; together they have one limit.</param>
    public bool Matches(string tag, ref TimeSpan spent)
    {
        if (!MayBacktrack)
            return IsMatch(tag);
        if (spent.TotalSeconds >= LimitSeconds)
            return false;
        var started = Stopwatch.GetTimestamp();
        var matches = IsMatch(tag);
        spent += Stopwatch.GetElapsedTime(started);
        return matches;
    }

    private bool IsMatch(string tag)
    {
        try
        {
            return _regex.IsMatch(tag);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
