using System.Globalization;
using System.Text.RegularExpressions;

namespace Wharf.Tests.Server;

/// <summary>Everything that a server said on one connection.</summary>
/// <param name="Text">In Latin-1.</param>
/// <param name="Closed">Whether the server closed it, before the test lost patience.</param>
internal sealed partial record RawAnswer(string Text, bool Closed)
{
    /// <summary>The statuses of all the answers on the connection, in order.</summary>
    public int[] Statuses => [.. StatusLine().Matches(Text).Select(m => int.Parse(m.Groups["status"].Value, CultureInfo.InvariantCulture))];

    /// <summary>The first status, or 0 when the server closed without a word.</summary>
    public int Status => Statuses.FirstOrDefault();

    public string Head => Text.Split("\r\n\r\n", 2)[0];

    public string Body => Text.Split("\r\n\r\n", 2) is [_, var body] ? body : "";

    [GeneratedRegex("""(?<=^|\r\n|\n|\})HTTP/1\.1 (?<status>\d{3}) """, RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StatusLine();
}
