using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>What somebody wants of a tag.</summary>
/// <param name="Digest">What it is to name; null: what it names.</param>
/// <param name="IsRestoration">Whether that undoes a change.</param>
/// <param name="SetsExpiry">Whether <paramref name="ExpiresMs"/> says something.</param>
/// <param name="ExpiresMs">When it is to end by itself, Unix milliseconds; null: never.</param>
/// <param name="Immutable">Whether it can be changed from then on; null: as it is.</param>
/// <param name="MayLoosen">Whether who wants it may make an immutable tag changeable.</param>
internal sealed record TagChange(Digest? Digest, bool IsRestoration = false, bool SetsExpiry = false, long? ExpiresMs = null, bool? Immutable = null, bool MayLoosen = false);
