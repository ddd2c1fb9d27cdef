namespace Wharf.Storage;

/// <summary>A blob that a writer has made.</summary>
/// <param name="Key">Its storage key.</param>
/// <param name="Size">Its length in bytes.</param>
public readonly record struct StoredBlob(string Key, long Size);
