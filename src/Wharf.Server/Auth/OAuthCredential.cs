namespace Wharf.Server.Auth;

/// <summary>The OAuth token that was shown.</summary>
/// <param name="TokenId">Its beginning, by which it is found.</param>
/// <param name="Uuid">How lists and logs name it.</param>
/// <param name="ClientId">The application to which it was given.</param>
/// <param name="Application">The application's name.</param>
/// <param name="NamespaceId">Whose application it is.</param>
/// <param name="ExpiresMs">When it ends, in Unix milliseconds.</param>
internal sealed record OAuthCredential(string TokenId, string Uuid, string ClientId, string Application, long NamespaceId, long ExpiresMs);
