namespace Wharf.Storage;

/// <summary>A blob as its place lists it.</summary>
/// <param name="Key">Its storage key.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Modified">When its bytes were written, by the clock of the place.</param>
public readonly record struct StoredObject(string Key, long Size, DateTimeOffset Modified);
