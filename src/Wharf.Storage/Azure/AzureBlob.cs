namespace Wharf.Storage.Azure;

/// <summary>A blob as Azure describes it.</summary>
/// <param name="Name">Its full name in the container.</param>
/// <param name="Size">Bytes; 0 also for one whose blocks were never committed.</param>
/// <param name="Modified">By Azure's clock.</param>
internal readonly record struct AzureBlob(string Name, long Size, DateTimeOffset Modified);
