using System.Text.RegularExpressions;

namespace Wharf.Tests.Server.Accounts;

/// <summary>Answers with what differs from run to run in place of itself, to be compared with what is expected to the letter.</summary>
internal static partial class Bodies
{
    public static string Masked(this Answer answer, params (string Value, string By)[] names)
    {
        var text = answer.Text;
        foreach (var (value, by) in names)
            text = text.Replace($"\"{value}\"", $"\"{by}\"", StringComparison.Ordinal).Replace($"\"{value}@", $"\"{by}@", StringComparison.Ordinal);
        text = Hash().Replace(text, "\"hash\":\"HASH\",\"color\":\"COLOR\"");
        return Date().Replace(text, "DATE");
    }

    [GeneratedRegex("""
        "hash":"[0-9a-f]{32}","color":"#[0-9a-f]{6}"
        """, RegexOptions.None, 1000)]
    private static partial Regex Hash();

    [GeneratedRegex(@"(?<="")[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000(?="")", RegexOptions.None, 1000)]
    private static partial Regex Date();
}
