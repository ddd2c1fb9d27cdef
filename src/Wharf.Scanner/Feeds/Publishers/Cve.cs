namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>Names of the form CVE-YYYY-NNNN (https://www.cve.org/About/Process#CVERecordLifecycle), also as people mistype them.</summary>
internal static class Cve
{
    private const int MaxDigits = 19; // https://github.com/CVEProject/cve-schema: CVE-[0-9]{4}-[0-9]{4,19}

    /// <summary>Those that stand in a text, in its order: <c>CVE_2019-2426</c>, <c>CVE 2018-16859</c> and <c>CVE-2017-8073.patch</c> are understood.</summary>
    public static IEnumerable<string> In(string text)
    {
        for (var at = 0; (at = text.IndexOf("CVE", at, StringComparison.OrdinalIgnoreCase)) >= 0;)
        {
            var digits = Digits(text, at + 9);
            if (digits is >= 4 and <= MaxDigits && text[at + 3] is '-' or '_' or ' ' && text[at + 8] is '-' or '_' && Digits(text, at + 4) == 4)
                yield return $"CVE-{text.AsSpan(at + 4, 4)}-{text.AsSpan(at + 9, digits)}";
            at += 3;
        }
    }

    public static bool Is(string name) => name.Length <= 9 + MaxDigits && In(name).FirstOrDefault() == name;

    private static int Digits(string text, int start)
    {
        var at = start;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return at - start;
    }
}
