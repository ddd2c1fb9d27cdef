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
}
