using Wharf.Oci;
using Wharf.Server.Auth;

namespace Wharf.Server.Pruning;

/// <summary>What becomes of a tag, or of a manifest without one, that a policy takes.</summary>
/// <param name="Tag">Null for a manifest.</param>
/// <param name="Digest">The manifest without a tag, or the one that the tag follows.</param>
/// <param name="SinceMs">Since when the tag names what it does, or the manifest has had no tag.</param>
/// <param name="ProtectedBy">Why it stays all the same; null when it goes.</param>
internal sealed record PruneVerdict(RepositoryAccess Access, string? Tag, Digest? Digest, long SinceMs, long? LastPulledMs, AppliedPolicy Policy, string? ProtectedBy)
{
    /// <summary>A tag that goes with the last tag of another manifest.</summary>
    public bool Follows => Tag is not null && Digest is not null;

    public string Reason => Follows ? $"belongs to {Digest}, whose last tag goes" : PrunePass.Reason(Policy.Policy);
}
