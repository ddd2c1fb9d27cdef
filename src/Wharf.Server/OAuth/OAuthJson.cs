using System.Text.Json.Serialization;
using Wharf.Server.QuayApi;

namespace Wharf.Server.OAuth;

internal sealed record NewApplication(
    [property: JsonRequired] string Name, [property: JsonPropertyName("redirect_uri")] string? RedirectUri = null, [property: JsonPropertyName("application_uri")] string? ApplicationUri = null,
    string? Description = null, [property: JsonPropertyName("avatar_email")] string? AvatarEmail = null);

internal sealed record ChangedApplication(
    [property: JsonRequired] string Name, [property: JsonRequired, JsonPropertyName("redirect_uri")] string RedirectUri, [property: JsonRequired, JsonPropertyName("application_uri")] string ApplicationUri,
    string? Description = null, [property: JsonPropertyName("avatar_email")] string? AvatarEmail = null);

internal sealed record ApplicationList(IReadOnlyList<ApplicationView> Applications, [property: JsonPropertyName("next_page"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

/// <param name="ClientSecret">As the two after it, null for who does not administer the organization.</param>
internal sealed record ApplicationView(
    string Name, string Description, [property: JsonPropertyName("application_uri")] string ApplicationUri, [property: JsonPropertyName("client_id")] string ClientId,
    [property: JsonPropertyName("client_secret")] string? ClientSecret, [property: JsonPropertyName("redirect_uri")] string? RedirectUri, [property: JsonPropertyName("avatar_email")] string? AvatarEmail);

internal sealed record PublicApplication(string Name, string Description, string Uri, Avatar Avatar, PublicOrganization Organization);

internal sealed record PublicOrganization(
    string Name, string Email, Avatar Avatar, [property: JsonPropertyName("is_admin")] bool IsAdmin, [property: JsonPropertyName("is_member")] bool IsMember);

/// <param name="Expiration">How many seconds the token lives; left out for as long as the settings allow.</param>
internal sealed record NewToken([property: JsonRequired] string Name, [property: JsonRequired] string Scope, double? Expiration = null);

internal sealed record TokenList(IReadOnlyList<TokenView> Tokens, [property: JsonPropertyName("next_page"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record TokenView(
    string Uuid, string? Name, string Scope, [property: JsonPropertyName("expires_at")] string ExpiresAt, string Created, [property: JsonPropertyName("created_by")] string? CreatedBy,
    [property: JsonPropertyName("last_accessed")] string? LastAccessed)
{
    /// <summary>The token itself; only in the answer that makes it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Token { get; init; }
}

internal sealed record AuthorizationList(
    IReadOnlyList<AuthorizationView> Authorizations, [property: JsonPropertyName("next_page"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record AuthorizationView(AuthorizedApplication Application, IReadOnlyList<ScopeInformation> Scopes, string Uuid);

internal sealed record AssignmentList(
    IReadOnlyList<AssignmentView> Authorizations, [property: JsonPropertyName("next_page"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record AssignmentView(AuthorizedApplication Application, string Uuid, string RedirectUri, IReadOnlyList<ScopeInformation> Scopes, string ResponseType);

/// <param name="ClientId">Only of what was assigned.</param>
internal sealed record AuthorizedApplication(
    string Name, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClientId, string Description, string Url, Avatar Avatar, ApplicationOrganization Organization);

internal sealed record ApplicationOrganization(string Name, Avatar Avatar);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewApplication))]
[JsonSerializable(typeof(ChangedApplication))]
[JsonSerializable(typeof(ApplicationList))]
[JsonSerializable(typeof(ApplicationView))]
[JsonSerializable(typeof(PublicApplication))]
[JsonSerializable(typeof(NewToken))]
[JsonSerializable(typeof(TokenList))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(AuthorizationList))]
[JsonSerializable(typeof(AuthorizationView))]
[JsonSerializable(typeof(AssignmentList))]
internal sealed partial class OAuthJson : JsonSerializerContext;
