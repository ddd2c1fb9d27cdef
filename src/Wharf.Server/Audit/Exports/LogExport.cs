namespace Wharf.Server.Audit.Exports;

/// <summary>Logs that somebody wants as a file.</summary>
/// <param name="BaseUrl">Under which the link to it is to be.</param>
/// <param name="Attempts">How often it was tried, this time included.</param>
/// <param name="StorageKey">The file, once it is made.</param>
internal sealed record LogExport(string Id, long NamespaceId, long? RepositoryId, long RequestedBy, long FromMs, long ToMs, LogFilter Filter, string BaseUrl, string? CallbackUrl, string? CallbackEmail, long Attempts, string? StorageKey);
