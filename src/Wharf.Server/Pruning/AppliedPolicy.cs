namespace Wharf.Server.Pruning;

/// <summary>A policy in force at a place.</summary>
/// <param name="Uuid">Null for the registry's default and for one that is only tried.</param>
internal sealed record AppliedPolicy(string? Uuid, PrunePolicy Policy);
