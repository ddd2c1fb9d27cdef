namespace Wharf.Server.OAuth;

/// <summary>An OAuth token as the admins of its application see it.</summary>
/// <param name="Name">Null where an application got it with its person's consent.</param>
/// <param name="Person">The user name of the person for whom it acts.</param>
internal sealed record OAuthToken(long Id, string Uuid, string? Name, string Scope, string? Person, long CreatedMs, long ExpiresMs, long? LastUsedMs);
