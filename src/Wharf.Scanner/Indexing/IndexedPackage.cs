namespace Wharf.Scanner.Indexing;

/// <summary>A package that a file holds or lists.</summary>
/// <param name="Inner">Where it is inside the file when that is an archive: <c>BOOT-INF/lib/x.jar</c>, with <c>!/</c> between levels; else empty.</param>
public readonly record struct IndexedPackage(Package Package, string Inner = "");
