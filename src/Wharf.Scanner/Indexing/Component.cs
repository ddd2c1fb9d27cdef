namespace Wharf.Scanner.Indexing;

/// <summary>A package and where it is in the image.</summary>
public sealed record Component
{
    public required Package Package { get; init; }

    /// <summary>
    /// Paths without a leading slash: the package database that lists it, or the file that is or names it; an entry of a nested archive after <c>!/</c>
    /// (<c>app/all.jar!/BOOT-INF/lib/x.jar</c>).
    /// </summary>
    public IReadOnlyList<string> Locations { get; init; } = [];

    /// <summary>The index of the layer that introduced it, from the bottom; 0 where there are no layers.</summary>
    public int Layer { get; init; }

    /// <summary>The distribution that it is a package of, when that is not the inventory's: an SBOM may list packages of several.</summary>
    public Distro? Distro { get; init; }

    /// <summary>The package URL as an SBOM has it, by which whoever wrote that knows the package; null for what names none.</summary>
    public string? Purl { get; init; }

    /// <summary>The distribution's package that its files belong to, when they do: that package's advisories speak for them.</summary>
    public string? OwnedBy { get; init; }
}
