namespace Wharf.Server.Repositories;

/// <summary>Which repositories a list shows: exactly one of the three.</summary>
/// <param name="Starred">Those that the caller starred.</param>
/// <param name="NamespaceId">Those of this namespace.</param>
/// <param name="AllOfNamespace">The caller administers it.</param>
/// <param name="Public">Also those that the caller sees only because they are public.</param>
internal sealed record RepositoryFilter(bool Starred, long NamespaceId, bool AllOfNamespace, bool Public);
