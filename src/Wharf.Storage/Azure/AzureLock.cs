namespace Wharf.Storage.Azure;

/// <summary>Azure may not delete a blob yet.</summary>
/// <param name="Until">Until when; null for a legal hold, which somebody has to lift.</param>
internal readonly record struct AzureLock(DateTimeOffset? Until);
