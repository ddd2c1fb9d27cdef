namespace Wharf.Server.AppTokens;

/// <summary>What authentication must know of an app token.</summary>
/// <param name="Mac">Keyed hash of the whole token.</param>
/// <param name="ExpiresMs">When it ends, in Unix milliseconds; null for never.</param>
internal sealed record AppTokenState(long AccountId, byte[] Mac, long? ExpiresMs);
