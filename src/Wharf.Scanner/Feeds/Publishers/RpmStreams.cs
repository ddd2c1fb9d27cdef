using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// The versions that stay affected when one package was fixed several times over, once in each minor release that was then supported: curl in 7.76.1-23.el9_2.4
/// and in 7.76.1-26.el9_3.2. What comes after the first fix is affected again from where the next minor release began (7.76.1-26), not before (7.76.1-23.el9_2.5).
/// </summary>
internal static class RpmStreams
{
    public static IReadOnlyList<VersionRange> Ranges(IEnumerable<string> fixedVersions)
    {
        var ordered = fixedVersions.Order(RpmVersions.Instance).DistinctBy(Build).ToArray();
        return [.. ordered.Select((version, at) => new VersionRange(at == 0 ? null : Begin(version, ordered[at - 1]), version))];
    }

    // One build of a module is several packages, one for each context that it was made in: 0.78-12.module+el8.10.0+23147+df114ff4 and ...+23147+20b7d289.
    // Which is the greater says nothing, so that the least stands for all.
    private static string Build(string version) =>
        version.Contains(".module", StringComparison.Ordinal) && version.LastIndexOf('+') is > 0 and var plus ? version[..plus] : version;

    private static string Begin(string version, string previous)
    {
        var (upstream, release) = Cut(version);
        var (previousUpstream, previousRelease) = Cut(previous);
        if (upstream != previousUpstream)
            return $"{upstream}-0";
        var number = Number(release);
        // 3.el9_2.1 and 3.el9_3: the later minor release began with the build of the earlier one, which is below both.
        return number == Number(previousRelease) && Minor(release) is { } minor && Minor(previousRelease) != minor
            ? $"{upstream}-{number}{minor}"
            : $"{upstream}-{number}";
    }

    private static (string Upstream, string Release) Cut(string version)
    {
        var dash = version.LastIndexOf('-');
        return dash < 0 ? (version, "") : (version[..dash], version[(dash + 1)..]);
    }

    private static string Number(string release) => release[..release.TakeWhile(char.IsAsciiDigit).Count()];

    // .el9_3 of 26.el9_3.2; null of 362.13.1.el9_3, where more than one number stands before it
    private static string? Minor(string release)
    {
        var rest = release[Number(release).Length..];
        if (!rest.StartsWith(".el", StringComparison.Ordinal))
            return null;
        var dot = rest.IndexOf('.', 1);
        return dot < 0 ? rest : rest[..dot];
    }
}
