namespace Wharf.Storage.Azure;

/// <summary>A block that was put and not committed.</summary>
/// <param name="Id">Its id, in base64.</param>
/// <param name="Size">Bytes.</param>
internal readonly record struct AzureBlock(string Id, long Size);
