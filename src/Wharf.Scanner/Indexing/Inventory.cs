namespace Wharf.Scanner.Indexing;

/// <summary>What is installed in an image: its layers' indexes replayed one over the other, or what an SBOM lists.</summary>
public sealed record Inventory
{
    public Distro? Distro { get; init; }

    public required IReadOnlyList<Component> Components { get; init; }

    /// <summary>
    /// The repositories that the image's rpms come from: content sets (<c>rhel-9-for-x86_64-baseos-rpms</c>) and CPEs (<c>cpe:/o:redhat:enterprise_linux:9::baseos</c>),
    /// as found in the image or its labels. Empty when nothing says.
    /// </summary>
    public IReadOnlyList<string> Repositories { get; init; } = [];

    /// <summary>What could not be read and was left out, for people: <c>usr/lib/x.jar: nested deeper than 4</c>.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
