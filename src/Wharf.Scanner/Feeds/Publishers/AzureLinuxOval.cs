namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Azure Linux and, as it was called before, CBL-Mariner, as OVAL (https://github.com/microsoft/AzureLinuxVulnerabilityData). Packages are named by their source.
/// Neither the definitions nor their comments say the release; the name of the file does: <c>azurelinux-3.0-oval.xml</c>.
/// </summary>
public static class AzureLinuxOval
{
    /// <exception cref="InvalidDataException">It is not OVAL, the packing is broken, or the path names no release.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        var release = Words.ReleaseIn(path) ?? throw new InvalidDataException($"{path}: names no release of Azure Linux.");
        foreach (var definition in OvalDefinitions.Read(stream, path))
        {
            var cve = definition.References.Find(static r => r.Source == "CVE").Id;
            Affected[] affected = [.. OvalPackage.In(definition.Criteria, Understand).Select(package => Row(package, release, definition.Patchable))];
            if (cve is null || !Cve.Is(cve) || affected.Length == 0)
            {
                problem?.Invoke($"{path}: {definition.Id}: no CVE or no packages");
                continue;
            }
            yield return new Advisory
            {
                Id = cve,
                Severity = RedHatSeverity.Parse(definition.Severity),
                Summary = Words.Summary(definition.Description),
                Links = definition.Links,
                Published = definition.Issued,
                Affected = affected,
            };
        }
    }

    private static Affected Row(OvalPackage package, string release, string? patchable)
    {
        var range = new VersionRange();
        foreach (var fact in package.Facts)
        {
            var version = Dist(fact.Version!, release);
            range = fact.Kind switch
            {
                OvalFactKind.Earlier => range with { Fixed = version },
                OvalFactKind.UpTo => range with { LastAffected = version },
                _ => range with { Introduced = version },
            };
        }
        var notAffected = patchable == "Not Applicable"; // "either no longer is or was never applicable"
        return new Affected
        {
            Ecosystem = Ecosystem.AzureLinux(release),
            Name = package.Name,
            OfSource = true,
            Status = notAffected ? Status.NotAffected : Status.Affected,
            Ranges = notAffected ? [] : [range],
        };
    }

    private static OvalFact? Understand(string comment)
    {
        const string Package = "Package ";
        if (!comment.StartsWith(Package, StringComparison.Ordinal))
            return null;
        // "Package golang is earlier than 1.20.7-1, affected by CVE-2023-29404"; one record lists three versions, of which the last is this release's
        var about = comment[Package.Length..].Split(", affected by", 2)[0];
        return OvalFact.Parse(OvalFactKind.Earlier, Last(about), " is earlier than ") ?? OvalFact.Parse(OvalFactKind.Later, about, " is greater than ")
            ?? (about.EndsWith(" or earlier", StringComparison.Ordinal)
                ? OvalFact.Parse(OvalFactKind.UpTo, about[..^" or earlier".Length], " is installed with version ")
                : null);
    }

    private static string Last(string about)
    {
        var comma = about.LastIndexOf(',');
        var blank = about.LastIndexOf(' ');
        return comma > blank ? $"{about[..blank]} {about[(comma + 1)..]}" : about;
    }

    // The comments leave out the end of the release, by which alone installed versions differ from the last affected one: 9.16.33-1.cm2.
    private static string Dist(string version, string release)
    {
        var dist = release.StartsWith('1') || release.StartsWith('2') ? $".cm{release[0]}" : $".azl{release.Split('.')[0]}";
        return version.EndsWith(dist, StringComparison.Ordinal) ? version : version + dist;
    }
}
