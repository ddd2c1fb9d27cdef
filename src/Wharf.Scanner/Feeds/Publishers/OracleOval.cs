namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Oracle Linux's errata (ELSA) as OVAL, also packed with bzip2 (https://linux.oracle.com/security/oval/). Each architecture has criteria of its own, and
/// at times a fix of its own.
/// </summary>
public static class OracleOval
{
    /// <exception cref="InvalidDataException">It is not OVAL, or the packing is broken.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        foreach (var definition in OvalDefinitions.Read(stream, path))
        {
            var id = definition.References.Find(static r => r.Source == "elsa").Id;
            var affected = Rows(definition);
            if (!Words.IsWord(id) || affected.Count == 0)
            {
                problem?.Invoke($"{path}: {definition.Id}: no erratum or no packages");
                continue;
            }
            yield return new Advisory
            {
                Id = id,
                Fixes = [.. definition.Cves.Keys],
                Severity = RedHatSeverity.Parse(definition.Severity),
                Cvss = definition.Cvss,
                Summary = Words.Summary(definition.Title),
                Links = definition.Links,
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
            var version = package.Facts[0].Version!;
            if (Begin(version) is not { } begin)
                continue;
            foreach (var platform in package.Platforms)
                rows.Add(Ecosystem.Oracle(platform), package.Name, package.Module, package.Arch, new VersionRange(begin.Length == 0 ? null : begin, WithoutZero(version)));
        }
        return rows.Build();
    }

    private static OvalFact? Understand(string comment)
    {
        if (comment.StartsWith("Oracle Linux ", StringComparison.Ordinal))
        {
            var words = comment.Split(' ');
            if (words is [_, _, "arch", "is", var arch])
                return new OvalFact(OvalFactKind.Arch, arch);
            return words is [_, _, var release, "is", "installed"] ? new OvalFact(OvalFactKind.Platform, release) : null;
        }
        if (comment.StartsWith("Module ", StringComparison.Ordinal) && comment.Split(' ') is [_, var module, "is", "enabled"])
            return new OvalFact(OvalFactKind.Module, module);
        return OvalFact.Parse(OvalFactKind.Earlier, comment, " is earlier than ");
    }

    /// <summary>
    /// Where the versions begin that an erratum speaks of; empty for the first, null when that cannot be said. Builds for Ksplice and those that are
    /// validated for FIPS stand beside the ordinary ones with an epoch of their own (2:1.1.1g-15.ksplice1.el8_3 beside 1:1.1.1k-7.el8, 10:3.6.16-4.0.1.el8_fips
    /// beside 3.6.16-4.el8), and none of them is fixed by another.
    /// </summary>
    private static string? Begin(string version)
    {
        if (!version.Contains("ksplice", StringComparison.Ordinal) && !version.EndsWith("_fips", StringComparison.Ordinal))
            return "";
        return version.Split(':', 2) is [var epoch, _] && epoch != "0" ? epoch + ":0" : null;
    }

    private static string WithoutZero(string version) => version.StartsWith("0:", StringComparison.Ordinal) ? version[2..] : version;
}
