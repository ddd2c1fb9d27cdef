using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Indexing.Languages;

/// <summary>Documents in an image that list what its maker put there.</summary>
internal static class ImageSbom
{
    /// <summary>Packages of distributions are left to their databases, which are changed when something is installed or removed.</summary>
    /// <exception cref="InvalidDataException">It is no SBOM.</exception>
    public static void Read(ReadOnlyMemory<byte> content, FileReport report)
    {
        foreach (var package in Packages(content))
        {
            if (package.Type is not (PackageType.Deb or PackageType.Rpm or PackageType.Apk or PackageType.Other)) report.Add(package);
        }
    }

    /// <summary>
    /// <c>opt/bitnami/NAME/.spdx-NAME.spdx</c>: only what Bitnami itself built; what else the document names is found by itself.
    /// </summary>
    /// <exception cref="InvalidDataException">It is no SBOM.</exception>
    public static void ReadBitnami(ReadOnlyMemory<byte> content, FileReport report)
    {
        foreach (var package in Packages(content))
        {
            if (package.Type == PackageType.Bitnami) report.Add(package with { Version = WithoutRevision(package.Version) });
        }
    }

    private static IEnumerable<Package> Packages(ReadOnlyMemory<byte> content)
    {
        using var stream = new MemoryView(content);
        return SbomReader.Read(stream).Components.Select(static c => c.Package);
    }

    // The build of the same version, of which advisories do not speak; as semver it would be a pre-release.
    private static string WithoutRevision(string version)
    {
        var dash = version.LastIndexOf('-');
        return dash > 0 && dash + 1 < version.Length && !version.AsSpan(dash + 1).ContainsAnyExceptInRange('0', '9') ? version[..dash] : version;
    }
}
