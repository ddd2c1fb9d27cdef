using System.Text.Json.Serialization;

namespace Wharf.Server.Scrub;

/// <summary>One walk through all that is stored.</summary>
/// <param name="ByHand">Whether somebody asked for it.</param>
/// <param name="Hashes">Whether content is read and hashed, and not only looked for.</param>
/// <param name="Phase">blobs, unnamed, manifests, other or done.</param>
/// <param name="Place">How far the phase has come: LOCATION:REST where it goes through locations.</param>
/// <param name="Bytes">That were read.</param>
/// <param name="Unnamed">Old objects that no row names; they wait for the search for orphans.</param>
internal sealed record ScrubRun(long Id, long StartedMs, long? EndedMs, bool ByHand, bool Hashes, string Phase, [property: JsonIgnore] string Place, long Blobs, long Manifests, long Bytes, long Unnamed, long UnnamedBytes, long Findings, long Repaired);
