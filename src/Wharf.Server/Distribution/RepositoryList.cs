namespace Wharf.Server.Distribution;

/// <summary>The answer of <c>_catalog</c> (Docker Registry HTTP API V2).</summary>
internal sealed record RepositoryList(IReadOnlyList<string> Repositories);
