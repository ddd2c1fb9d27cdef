namespace Wharf.Storage.Parts;

/// <summary>A part of an unfinished object as the store has taken it.</summary>
/// <param name="Number">Greater than those of the parts before it; there may be gaps.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Tag">What the store wants to hear again when the parts are put together (S3's ETag); empty where it wants nothing.</param>
internal readonly record struct StoredPart(int Number, long Size, string Tag);
