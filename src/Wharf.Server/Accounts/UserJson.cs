using System.Text.Json.Serialization;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Accounts;

internal sealed record SessionList(IReadOnlyList<SessionView> Sessions);

internal sealed record SessionView(string Id, string Created, string LastUsed, string Expires, string Address, string UserAgent, bool Current);

/// <param name="GivenName">This and the three after it: empty takes it away.</param>
internal sealed record ChangedUser(string? Password = null, string? Email = null, long? TagExpirationS = null, string? GivenName = null, string? FamilyName = null, string? Company = null, string? Location = null);

internal sealed record NewcomerUser([property: JsonRequired] string Username, [property: JsonRequired] string Password, string? Email = null);

/// <summary>Quay's answer where the e-mail address is to be confirmed first.</summary>
internal sealed record AwaitedUser(bool AwaitingVerification);

internal sealed record OtherUser(bool Anonymous, string Username, Avatar Avatar);

/// <summary>Quay's view of the own account. What Wharf does not have is there with the value that means so.</summary>
internal sealed record OwnUser
{
    public bool Anonymous { get; }

    public required string Username { get; init; }

    public required Avatar Avatar { get; init; }

    public required bool CanCreateRepo { get; init; }

    public bool IsMe { get; } = true;

    public required bool Verified { get; init; }

    public required string? Email { get; init; }

    public IReadOnlyList<string> Logins { get; } = [];

    public bool InvoiceEmail { get; }

    public string? InvoiceEmailAddress { get; }

    public bool PreferredNamespace { get; }

    public required long TagExpirationS { get; init; }

    public IReadOnlyList<string> Prompts { get; } = [];

    public required string? Company { get; init; }

    public required string? FamilyName { get; init; }

    public required string? GivenName { get; init; }

    public required string? Location { get; init; }

    public bool IsFreeAccount { get; } = true;

    public bool HasPasswordSet { get; } = true;

    public required IReadOnlyList<OwnOrganization> Organizations { get; init; }

    /// <summary>As in Quay, only there for those who are one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? SuperUser { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? GlobalReadonlySuperUser { get; init; }
}

internal sealed record OwnOrganization(string Name, Avatar Avatar, bool CanCreateRepo, bool Public, bool IsOrgAdmin, bool PreferredNamespace);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SessionList))]
[JsonSerializable(typeof(ChangedUser))]
[JsonSerializable(typeof(NewcomerUser))]
[JsonSerializable(typeof(AwaitedUser))]
[JsonSerializable(typeof(OtherUser))]
[JsonSerializable(typeof(OwnUser))]
internal sealed partial class UserJson : JsonSerializerContext;
