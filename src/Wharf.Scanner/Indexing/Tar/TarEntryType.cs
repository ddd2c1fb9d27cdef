namespace Wharf.Scanner.Indexing.Tar;

internal enum TarEntryType
{
    File,
    HardLink,
    Directory,
    /// <summary>A symbolic link, a device, a pipe: takes its path and holds nothing.</summary>
    Other,
    /// <summary>A file with holes. Layers are not written so; what it holds is not read.</summary>
    Sparse,
}
