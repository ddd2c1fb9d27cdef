namespace Wharf.Server.Robots;

/// <summary>An account for a machine, owned by a person or an organization.</summary>
/// <param name="Name">The whole name, <c>owner+short</c>.</param>
/// <param name="Metadata">A JSON object that its makers chose.</param>
/// <param name="Token">The token, where the namespace keeps it sealed and the caller may see it; else null.</param>
/// <param name="ExpiresMs">From when on it cannot sign in any more, in Unix milliseconds; null for never.</param>
internal sealed record Robot(long Id, string Name, string Description, string Metadata, string? Token, long CreatedMs, long? ExpiresMs, long? LastUsedMs);
