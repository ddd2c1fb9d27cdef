namespace Wharf.Scanner.Versions;

/// <summary>
/// How the versions of each kind of package are ordered. Every order takes any string, null as the empty one, never throws, and is total: what an
/// ecosystem would refuse as a version has a place too, which its class names. Time is linear in the lengths; numbers may have any count of digits.
/// </summary>
public static class VersionOrder
{
    public static IComparer<string> Of(PackageType type) => type switch
    {
        PackageType.Deb => DpkgVersions.Instance,
        PackageType.Rpm => RpmVersions.Instance,
        PackageType.Apk => ApkVersions.Instance,
        PackageType.PyPI => Pep440Versions.Instance,
        PackageType.Maven => MavenVersions.Instance,
        PackageType.Gem => GemVersions.Instance,
        PackageType.NuGet => SemanticVersions.WithoutCase,
        PackageType.Composer => ComposerVersions.Instance,
        PackageType.Go => GoVersions.Instance,
        PackageType.Bitnami => BitnamiVersions.Instance,
        _ => SemanticVersions.Instance,
    };

    /// <summary>
    /// Whether it can be a version of a language's package, and is none of the words that stand for one that nobody knows: <c>latest</c>, <c>(devel)</c>,
    /// <c>${log4j.version}</c>, <c>git+https://...</c>. The orders have a place for these too, below every version, where all would be vulnerable.
    /// </summary>
    internal static bool Knows(PackageType type, ReadOnlySpan<char> version)
    {
        // Maven's may be named: Finchley.SR1
        if (type == PackageType.Maven)
            return version is [var first, ..] && char.IsAsciiLetterOrDigit(first) && version.ContainsAnyInRange('0', '9');
        if (type == PackageType.Go && version.StartsWith("go"))
            version = version[2..];
        else if (version is ['v' or 'V' or '=', ..])
            version = version[1..];
        return version is [>= '0' and <= '9', ..];
    }
}
