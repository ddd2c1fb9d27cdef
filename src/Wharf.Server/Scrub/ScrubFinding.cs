namespace Wharf.Server.Scrub;

/// <summary>Something that is not as it should be.</summary>
/// <param name="Kind">missing, corrupt, unreadable, manifest, foreign or journal.</param>
/// <param name="Name">The storage key, or how the place calls it.</param>
/// <param name="State">What became of it at once: open, or repaired from another location.</param>
internal sealed record ScrubFinding(long Id, string Kind, string? Digest, string Name, string Detail, string State, long AtMs);
