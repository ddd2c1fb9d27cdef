using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Wharf.Server.Auth;

namespace Wharf.Server.OAuth;

/// <summary>What an application asks a person for (RFC 6749 4.1.1 and 4.2.1), once it is clear that it is that application's.</summary>
/// <param name="RedirectUri">Where the answer goes; one of the application's own, or <see cref="RedirectTarget.LocalPath"/>.</param>
/// <param name="IsLocal">Whether it is this server's own page.</param>
internal sealed record AuthorizationRequest(Application Application, string RedirectUri, bool IsLocal)
{
    public const string Code = "code";
    public const string Token = "token";

    private const int MaxState = 1024;

    public string ResponseType { get; init; } = Code;

    public Scopes Scopes { get; init; }

    public string? State { get; init; }

    /// <summary>SHA-256 of what the application will show (RFC 7636).</summary>
    public byte[]? Challenge { get; init; }

    /// <summary>The answer shall be JSON, not a page or a redirection (Quay's <c>format=json</c>).</summary>
    public bool Json { get; init; }

    /// <summary>The assignment by which somebody who is no admin may consent.</summary>
    public string? Assignment { get; init; }

    /// <summary>Reads the rest of the request; what is wrong with it is for the application to know.</summary>
    public (AuthorizationRequest Request, OAuthError? Error) With(Func<string, string?> parameter, string defaultType)
    {
        var request = this with
        {
            ResponseType = parameter("response_type") ?? defaultType,
            State = parameter("state"),
            Json = parameter("format") == "json",
            Assignment = parameter("assignment_uuid"),
        };
        if (request.State is { Length: > MaxState })
            return (request with { State = null }, OAuthError.InvalidRequest($"state has at most {MaxState} characters."));
        if (request.ResponseType is not (Code or Token))
            return (request with { ResponseType = Code }, new("unsupported_response_type", "response_type is 'code' or 'token'."));
        if (IsLocal && request.ResponseType == Code && !request.Json)
            return (request, new("unsupported_response_type", "This server's own page takes a token, not a code."));
        if (ScopeText.Parse(parameter("scope")) is not { } scopes)
            return (request, new("invalid_scope", $"scope is one or more of {ScopeText.Format(Scopes.All)}, with spaces between them."));
        request = request with { Scopes = scopes };
        var (challenge, method) = (parameter("code_challenge"), parameter("code_challenge_method"));
        if (challenge is null && method is null)
            return (request, null);
        if (request.ResponseType == Token)
            return (request, OAuthError.InvalidRequest("code_challenge goes with response_type=code."));
        // A challenge without a method is "plain" (RFC 7636 4.3), which whoever reads the request can answer.
        var hash = new byte[SHA256.HashSizeInBytes];
        return method == "S256" && challenge is { Length: 43 } && Base64Url.IsValid(challenge) && Base64Url.TryDecodeFromChars(challenge, hash, out var length) && length == hash.Length
            ? (request with { Challenge = hash }, null)
            : (request, OAuthError.InvalidRequest("code_challenge is the SHA-256 of the verifier in 43 characters of base64url, and code_challenge_method is S256."));
    }

    /// <summary>The values of a query or form by name; null for one that is not there. Null where one stands there twice (RFC 6749 3.1), or is not what any is.</summary>
    public static Func<string, string?>? Parameters(IEnumerable<KeyValuePair<string, StringValues>> given)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in given)
            if (value.Count != 1 || value[0] is not { } text || text.Contains('\0', StringComparison.Ordinal))
                return null;
            else if (text.Length > 0)
                values[name] = text;
        return name => values.GetValueOrDefault(name);
    }
}
