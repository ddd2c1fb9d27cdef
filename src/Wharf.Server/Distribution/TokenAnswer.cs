using System.Text.Json.Serialization;

namespace Wharf.Server.Distribution;

/// <summary>The answer of the token endpoint (Docker token authentication; OAuth2 for POST).</summary>
/// <param name="Token">The bearer token.</param>
/// <param name="AccessToken">The same, under OAuth2's name.</param>
/// <param name="ExpiresIn">Its life in seconds.</param>
/// <param name="IssuedAt">RFC 3339, UTC.</param>
/// <param name="Scope">POST only: the scopes that were granted, separated by spaces.</param>
internal sealed record TokenAnswer(
    string Token,
    [property: JsonPropertyName("access_token")] string AccessToken,
    [property: JsonPropertyName("expires_in")] int ExpiresIn,
    [property: JsonPropertyName("issued_at")] string IssuedAt,
    string? Scope);
