namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>Photon OS's updates (PHSA) as OVAL (https://packages.broadcom.com/photon/photon_oval_definitions/).</summary>
public static class PhotonOval
{
    /// <exception cref="InvalidDataException">It is not OVAL, or the packing is broken.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        foreach (var definition in OvalDefinitions.Read(stream, path))
        {
            var id = definition.Title.Split(' ', 2)[0];
            var affected = Rows(definition);
            if (!Words.IsWord(id) || affected.Count == 0)
            {
                problem?.Invoke($"{path}: {definition.Id}: no name or no packages");
                continue;
            }
            yield return new Advisory
            {
                Id = id,
                Fixes = [.. definition.Cves.Keys],
                Severity = RedHatSeverity.Parse(definition.Severity),
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
            foreach (var platform in package.Platforms)
                rows.Add(Ecosystem.Photon(platform), package.Name, null, null, new VersionRange(null, package.Facts[0].Version));
        }
        return rows.Build();
    }

    private static OvalFact? Understand(string comment)
    {
        // "Photon OS 3 is installed" of what os-release calls 3.0
        if (comment.Split(' ') is ["Photon", "OS", var release, "is", "installed"])
            return new OvalFact(OvalFactKind.Platform, release.Contains('.', StringComparison.Ordinal) ? release : release + ".0");
        return OvalFact.Parse(OvalFactKind.Earlier, comment, " is earlier than 0:") ?? OvalFact.Parse(OvalFactKind.Earlier, comment, " is earlier than ");
    }
}
