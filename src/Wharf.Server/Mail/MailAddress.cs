namespace Wharf.Server.Mail;

/// <summary>Addresses that mail can be sent to: of RFC 5321's shape, without quoted parts, comments and literals, which nobody has and which have smuggled headers and recipients.</summary>
internal static class MailAddress
{
    private const int MaxLength = 254;
    private const int MaxLocal = 64;

    public static bool IsValid(string text)
    {
        if (text.Length > MaxLength || text.IndexOf('@', StringComparison.Ordinal) is not (> 0 and <= MaxLocal and var at))
            return false;
        return IsDotted(text.AsSpan(0, at), static c => char.IsLetterOrDigit(c) || "!#$%&'*+/=?^_`{|}~-".Contains(c, StringComparison.Ordinal))
            && IsDotted(text.AsSpan(at + 1), static c => char.IsLetterOrDigit(c) || c == '-')
            && text[at + 1] != '-' && text[^1] != '-';
    }

    private static bool IsDotted(ReadOnlySpan<char> text, Func<char, bool> isPart)
    {
        var last = '.';
        foreach (var c in text)
        {
            if (c == '.' ? last == '.' : !isPart(c))
                return false;
            last = c;
        }
        return last != '.';
    }
}
