using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>Where a tag was at some time.</summary>
/// <param name="MediaType">Of its manifest, or null where that is gone.</param>
/// <param name="UntilMs">When that ended or will, or null.</param>
internal sealed record PastTag(string Name, Digest Digest, string? MediaType, long SinceMs, long? UntilMs);

/// <summary>A tag that was not where it is at two times.</summary>
/// <param name="From">What it named at the first time, or the default where it was not there.</param>
/// <param name="To">The same at the second.</param>
/// <param name="AtMs">When the last change was made that led there.</param>
/// <param name="By">By whom; null where a tag ended by itself, or nobody noted it.</param>
internal sealed record TagDifference(string Name, Digest From, Digest To, long AtMs, string? By);

/// <summary>What taking a repository back to a time did to its tags, or would do.</summary>
/// <param name="Missing">Manifests, not all of them where they are many, that cannot be had back; nothing is done then.</param>
internal sealed record Rewind(long Added, long Moved, long Removed, IReadOnlyList<Digest> Missing);
