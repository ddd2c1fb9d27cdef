namespace Wharf.Server.OAuth;

/// <summary>A token's or code's text, with what is stored of it.</summary>
/// <param name="Id">Its beginning.</param>
/// <param name="Mac">Keyed hash of the whole.</param>
internal sealed record OAuthSecret(string Text, string Id, byte[] Mac);
