using System.Text.Json.Serialization;
using Wharf.Server.QuayApi;

namespace Wharf.Server.OAuth;

/// <summary>What an application is given for its code (RFC 6749 5.1), or a page for the person's consent.</summary>
internal sealed record GrantedToken(string AccessToken, string TokenType, long ExpiresIn, string Scope, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? State = null);

internal sealed record GrantedCode(string Code, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? State);

/// <summary>What a page has to show and to send for the person's consent.</summary>
/// <param name="CsrfToken">Goes back in X-CSRF-Token.</param>
/// <param name="Given">The person has consented to as much before.</param>
internal sealed record AskedConsent(ConsentApplication Application, IReadOnlyList<ScopeInformation> Scopes, string RedirectUri, string ResponseType, string CsrfToken, bool Given);

internal sealed record ConsentApplication(string Name, string ClientId, string Description, string Url, Avatar Avatar, ApplicationOrganization Organization);

internal sealed record Assigned(string Uuid);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(OAuthErrorBody))]
[JsonSerializable(typeof(GrantedToken))]
[JsonSerializable(typeof(GrantedCode))]
[JsonSerializable(typeof(AskedConsent))]
[JsonSerializable(typeof(Assigned))]
internal sealed partial class OAuthFlowJson : JsonSerializerContext;
