namespace Wharf.Server.AppTokens;

/// <summary>An app token as its owner and superusers see it.</summary>
/// <param name="Owner">The user name of the person whom it stands for.</param>
/// <param name="ExpiresMs">When it ends, in Unix milliseconds; null for never.</param>
internal sealed record AppToken(long Id, string Uuid, string Owner, string Title, long CreatedMs, long? ExpiresMs, long? LastUsedMs);
