namespace Wharf.Scanner.Indexing.Tar;

/// <summary>An entry of a tar.</summary>
/// <param name="Name">As written.</param>
/// <param name="Size">Bytes that follow in the tar, without the padding.</param>
/// <param name="Target">What a hard link links to, as written; else empty.</param>
internal readonly record struct TarEntry(TarEntryType Type, string Name, long Size, string Target);
