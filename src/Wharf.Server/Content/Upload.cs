using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>An upload session: one blob on its way into one repository by one account (contract 3).</summary>
/// <param name="Location">Where its bytes go, as placements name it.</param>
/// <param name="Size">Bytes that are durable; the next chunk begins here.</param>
/// <param name="HashState">The running hash over them, or null when the content is to be hashed from storage at the end.</param>
/// <param name="DriverState">The driver's note of how to go on, or null when nothing is stored yet.</param>
/// <param name="Generation">Grows with each request that claims the session; an older claim changes nothing any more.</param>
internal sealed record Upload(
    string Id, string Repository, long AccountId, string Location, string StorageKey, DigestAlgorithm Algorithm, long Size, byte[]? HashState, byte[]? DriverState, long Generation);
