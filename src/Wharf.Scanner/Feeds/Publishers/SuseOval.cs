namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// SUSE's vulnerabilities and updates as OVAL (https://ftp.suse.com/pub/projects/security/oval/), for SUSE Linux Enterprise and for openSUSE. Of the files for
/// one product, <c>-affected.xml</c> has also what is not fixed; <c>-patch.xml</c> is by update (SUSE-SU-2021:1210-1).
/// </summary>
public static class SuseOval
{
    private const string Installed = " is installed";

    /// <exception cref="InvalidDataException">It is not OVAL, or the packing is broken.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        foreach (var definition in OvalDefinitions.Read(stream, path))
        {
            var id = definition.Title.Split(' ', 2)[0];
            var affected = Rows(definition);
            var isUpdate = definition.Class == "patch";
            if (!Words.IsWord(id) || affected.Count == 0 || (!isUpdate && !Cve.Is(id)))
            {
                problem?.Invoke($"{path}: {definition.Id}: no name or no packages");
                continue;
            }
            yield return new Advisory
            {
                Id = id,
                Fixes = isUpdate ? [.. definition.Cves.Keys] : [],
                Severity = RedHatSeverity.Parse(definition.Severity),
                Cvss = definition.Cvss,
                Summary = Words.Summary(definition.Description ?? definition.Title),
                Links = [.. definition.References.Where(static r => r.Source != "CVE").Select(static r => r.Url).OfType<string>().Take(5)],
                Published = definition.Issued,
                Affected = affected,
            };
        }
    }

    private static IReadOnlyList<Affected> Rows(OvalDefinition definition)
    {
        var rows = new RpmRows();
        foreach (var package in OvalPackage.In(definition.Criteria, Understand))
        {
            foreach (var ecosystem in package.Platforms.Select(SusePlatform.Ecosystem).OfType<string>().Distinct())
            {
                var fact = package.Facts[0];
                rows.Add(ecosystem, package.Name, null, null, new VersionRange(null, fact.Version), fact.Kind == OvalFactKind.NotAffected ? Status.NotAffected : Status.Affected);
            }
        }
        return rows.Build();
    }

    private static OvalFact? Understand(string comment)
    {
        if (OvalFact.Parse(OvalFactKind.NotAffected, comment, " is not affected") is { } not)
            return not;
        if (OvalFact.Parse(OvalFactKind.Affected, comment, " is affected") is { } affected)
            return affected;
        if (!comment.EndsWith(Installed, StringComparison.Ordinal))
            return null;

        // "SUSE Linux Enterprise Server 15 SP3 is installed", and "krb5-plugin-kdb-ldap-1.15.2-4.25 is installed", of which the test says that it is earlier
        var what = comment[..^Installed.Length];
        if (what.Contains(' ', StringComparison.Ordinal))
            return new OvalFact(OvalFactKind.Platform, what);
        var release = what.LastIndexOf('-');
        var version = release > 0 ? what.LastIndexOf('-', release - 1) : -1;
        return version > 0 && Words.IsWord(what) ? new OvalFact(OvalFactKind.Earlier, what[..version], what[(version + 1)..]) : null;
    }
}
