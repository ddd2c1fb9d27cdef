namespace Wharf.Scanner.Sboms;

/// <summary>What a document says of one component, as far as it matters here.</summary>
internal sealed class SbomEntry
{
    /// <summary>Of one package.</summary>
    public const int MostLocations = 100;

    // Identifiers of syft and trivy for what is made of packages
    private static readonly string[] s_whole = ["SPDXRef-OperatingSystem", "SPDXRef-Application", "SPDXRef-ContainerImage", "SPDXRef-DocumentRoot"];

    /// <summary>The type of CycloneDX's component, or the primary purpose of SPDX's package, in capitals that of SPDX 2 (7.24); null for none.</summary>
    public string? Type { get; set; }

    public string? SpdxId { get; set; }

    public string? Name { get; set; }

    public string? Version { get; set; }

    public string? Description { get; set; }

    public string? Purl { get; set; }

    /// <summary>SPDX's sourceInfo, in which trivy names the source package.</summary>
    public string? SourceInfo { get; set; }

    /// <summary>At most 100, without a slash in front.</summary>
    public List<string> Locations { get; } = [];

    /// <summary>CycloneDX's properties that tools of our interest write.</summary>
    public Dictionary<string, string> Properties { get; } = new(StringComparer.Ordinal);

    // The text of SPDX has a hyphen, its JSON schema does not
    public bool IsOperatingSystem => Type is "operating-system" or "OPERATING-SYSTEM" or "OPERATING_SYSTEM" or "operatingSystem"
        || (Type is null && SpdxId is not null && SpdxId.StartsWith(s_whole[0], StringComparison.Ordinal));

    /// <summary>What ought to have a package URL: no file, no image, no application that is made of others.</summary>
    public bool IsLibrary => Type is "library" or "framework" or "LIBRARY" or "FRAMEWORK"
        || (Type is null && !(SpdxId is not null && s_whole.Any(id => SpdxId.StartsWith(id, StringComparison.Ordinal))));

    public void AddLocation(string? path)
    {
        if (!string.IsNullOrEmpty(path) && Locations.Count < MostLocations)
            Locations.Add(path.TrimStart('/'));
    }

    public void AddProperty(string? name, string? value)
    {
        if (name is null || string.IsNullOrEmpty(value))
            return;
        if (name == "aquasecurity:trivy:FilePath" || (name.StartsWith("syft:location:", StringComparison.Ordinal) && name.EndsWith(":path", StringComparison.Ordinal)))
            AddLocation(value);
        else if (SbomSource.IsOfInterest(name))
            Properties.TryAdd(name, value);
    }
}
