namespace Wharf.Server.Auth;

/// <summary>A browser that is signed in.</summary>
/// <param name="Id">The part of the cookie that is no secret.</param>
/// <param name="Secret">SHA-256 of the cookie's secret, which has 256 random bits.</param>
/// <param name="Credential">The generation of the password that was shown; a changed one makes the session void.</param>
/// <param name="FreshMs">When the password was last shown, in Unix milliseconds.</param>
/// <param name="ExpiresMs">When it ends unless it is used.</param>
internal sealed record SessionState(string Id, byte[] Secret, long AccountId, long Credential, long CreatedMs, long FreshMs, long SeenMs, long ExpiresMs, string Address, string Agent);
