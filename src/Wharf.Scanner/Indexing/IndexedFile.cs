namespace Wharf.Scanner.Indexing;

/// <summary>
/// A file that says something about what is installed. One that says nothing, as an emptied package database, is only a path of its layer: it hides what lower
/// layers have there.
/// </summary>
public sealed record IndexedFile
{
    /// <summary>From the root of the image, without a leading slash.</summary>
    public required string Path { get; init; }

    public IReadOnlyList<IndexedPackage> Packages { get; init; } = [];

    public Distro? Distro { get; init; }

    /// <inheritdoc cref="Inventory.Repositories"/>
    public IReadOnlyList<string> Repositories { get; init; } = [];

    /// <summary>Files that packages of this database own, as far as they could hold packages of a language.</summary>
    public IReadOnlyList<OwnedPath> Owned { get; init; } = [];

    /// <summary>Why it could not be read, or not wholly.</summary>
    public string? Problem { get; init; }
}
