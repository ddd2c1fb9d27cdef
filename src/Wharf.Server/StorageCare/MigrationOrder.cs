namespace Wharf.Server.StorageCare;

/// <summary>What a migration is to do.</summary>
/// <param name="Remove">Whether the placements of the first location go when the second has them.</param>
/// <param name="Quick">Whether what a store copied by itself is only asked for its size.</param>
/// <param name="BytesPerSecond">How fast to read; 0: as fast as it goes.</param>
internal sealed record MigrationOrder(string From, string To, bool Remove, bool Quick, bool DryRun, long BytesPerSecond);
