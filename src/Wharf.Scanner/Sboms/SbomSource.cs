namespace Wharf.Scanner.Sboms;

/// <summary>Where tools put the source package when the package URL lacks it: properties of syft and trivy, and trivy's sourceInfo in SPDX.</summary>
internal static class SbomSource
{
    public const string DistroId = "syft:distro:id";
    public const string DistroVersion = "syft:distro:versionID";
    private const string Syft = "syft:metadata:";
    private const string Trivy = "aquasecurity:trivy:";
    private const string BuiltFrom = "built package from: ";

    private static readonly HashSet<string> s_names = new(StringComparer.Ordinal)
    {
        DistroId, DistroVersion,
        Syft + "source", Syft + "sourceVersion", Syft + "originPackage", Syft + "sourceRpm", Syft + "modularityLabel",
        Trivy + "SrcName", Trivy + "SrcVersion", Trivy + "SrcRelease", Trivy + "SrcEpoch", Trivy + "Modularitylabel",
    };

    public static bool IsOfInterest(string property) => s_names.Contains(property);

    public static Package Complete(Package package, SbomEntry entry)
    {
        var properties = entry.Properties;
        package = package with { Module = package.Module ?? Purl.Module(Get(Syft + "modularityLabel") ?? Get(Trivy + "Modularitylabel")) };
        if (package.Source is not null || package.SourceVersion is not null)
            return package;
        if (Get(Trivy + "SrcName") is { } name)
            return new PurlSource(name, TrivyVersion()).ApplyTo(package);
        if (Get(Syft + "sourceRpm") is { } rpm)
            return new PurlSource(rpm).ApplyTo(package);
        if ((Get(Syft + "source") ?? Get(Syft + "originPackage")) is { } source)
            return new PurlSource(source, Get(Syft + "sourceVersion")).ApplyTo(package);
        if (entry.SourceInfo is { } info && info.StartsWith(BuiltFrom, StringComparison.Ordinal) && info[BuiltFrom.Length..].Trim().Split(' ') is [var built, .. var versions])
            return new PurlSource(built, package.Type == PackageType.Rpm ? WithoutEpoch(versions.FirstOrDefault()) : versions.FirstOrDefault()).ApplyTo(package);
        return package;

        string? Get(string property) => properties.GetValueOrDefault(property);

        string? TrivyVersion()
        {
            if (Get(Trivy + "SrcVersion") is not { } version)
                return null;
            if (Get(Trivy + "SrcRelease") is { } release)
                version += "-" + release;
            return package.Type != PackageType.Rpm && Get(Trivy + "SrcEpoch") is { } epoch && epoch != "0" ? $"{epoch}:{version}" : version;
        }
    }

    private static string? WithoutEpoch(string? version) => version?[(version.IndexOf(':') + 1)..];
}
