namespace Wharf.Scanner.Versions;

/// <summary>
/// The order of versions that Composer has first brought to four numbers (https://getcomposer.org/doc/articles/versions.md), so that 1.0 and 1.0.0 are one, and
/// the branch 1.0.x-dev is after all that was released of it.
/// </summary>
internal sealed class ComposerReleases : IComparer<string>
{
    public static readonly ComposerReleases Instance = new();

    private const int Numbers = 4;
    private const string OfBranch = ".9999999"; // as Composer\Semver\VersionParser::normalizeBranch() has it

    public int Compare(string? x, string? y) => ComposerVersions.Instance.Compare(Padded(x ?? ""), Padded(y ?? ""));

    private static string Padded(string version)
    {
        var plain = version.AsSpan().TrimStart("vV");
        var (at, numbers) = (0, 0);
        while (at < plain.Length && char.IsAsciiDigit(plain[at]) && numbers < Numbers)
        {
            var rest = plain[at..];
            Digits.Take(ref rest);
            at = plain.Length - rest.Length;
            numbers++;
            if (rest is ['.', 'x' or 'X' or '*', ..])
                return $"{plain[..at]}{string.Concat(Enumerable.Repeat(OfBranch, Numbers - numbers))}{rest[2..]}";
            if (rest is not ['.', var next, ..] || !char.IsAsciiDigit(next))
                break;
            at++;
        }
        return numbers is 0 or Numbers ? version : $"{plain[..at]}{string.Concat(Enumerable.Repeat(".0", Numbers - numbers))}{plain[at..]}";
    }
}
