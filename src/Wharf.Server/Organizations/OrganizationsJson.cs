using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

internal sealed record NewOrganization([property: JsonRequired] string Name, string? Email);

/// <param name="NewName">The name that it comes back under; its own when left out.</param>
internal sealed record NewOrganizationName(string? NewName);

internal sealed record OrganizationDetails(string? Email, long? TagExpirationS, string? RobotSecrets);

/// <summary>What happened to an organization, for the outbox.</summary>
internal sealed record OrganizationChange(long By, string? Email, string? FormerEmail, long TagExpirationS, long FormerTagExpirationS, string RobotSecrets, string FormerRobotSecrets);

internal sealed record ShownOrganization(string Name, string Email, Avatar Avatar, bool IsAdmin, bool IsMember, bool IsOrgCreator)
{
    /// <summary>Left out, as in Quay, for a superuser without full access who is no member.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyDictionary<string, ShownTeam>? Teams { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? OrderedTeams { get; init; }

    /// <summary>What admins see beside it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public long? TagExpirationS { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? RobotSecrets { get; init; }

    // Nothing is billed here; Quay's clients look for the members.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? InvoiceEmail { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? IsFreeAccount { get; init; }
}

internal sealed record ShownTeam(string Name, string Description, string Role, Avatar Avatar, bool CanView, long RepoCount, long MemberCount, bool IsSynced);

internal sealed record DeletedOrganizations(IReadOnlyList<ShownDeletedOrganization> Organizations, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record ShownDeletedOrganization(string Name, string Deleted, string? DeletedBy, string RestorableUntil);

internal sealed record Members([property: JsonPropertyName("members")] IReadOnlyList<ShownMember> List, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record ShownMember(string Name, string Kind, Avatar Avatar, IReadOnlyList<NamedTeam> Teams, IReadOnlyList<string> Repositories);

internal sealed record NamedTeam(string Name, Avatar Avatar);

internal sealed record Collaborators([property: JsonPropertyName("collaborators")] IReadOnlyList<Collaborator> List, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record Collaborator(string Kind, string Name, Avatar Avatar, IReadOnlyList<string> Repositories);

internal sealed record TeamDescription([property: JsonRequired, AllowedValues("member", "creator", "admin")] string Role, string? Description);

internal sealed record ChangedTeam(string Name, string Description, bool CanView, string Role, Avatar Avatar, bool NewTeam);

internal sealed record TeamMembers(string Name, IReadOnlyList<ShownTeamMember> Members, bool CanEdit, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record ShownTeamMember(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Name, string Kind,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? IsRobot, Avatar Avatar, bool Invited)
{
    /// <summary>Who was asked by mail, of whom nothing else is known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Email { get; init; }
}

internal sealed record TeamPermissions(IReadOnlyList<TeamPermission> Permissions, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record TeamPermission(TeamRepository Repository, string Role);

internal sealed record TeamRepository(string Name, bool IsPublic);

internal sealed record AcceptedInvite(string Org, string Team);

internal sealed record TeamInvites(IReadOnlyList<ShownInvite> Invites, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record ShownInvite(string Code, string Org, string Team, string? Inviter, string Created);

internal sealed record NewPrototype([property: JsonRequired, AllowedValues("read", "write", "admin")] string Role, [property: JsonRequired] PrototypeDelegate Delegate, PrototypeActivator? ActivatingUser);

internal sealed record PrototypeActivator([property: JsonRequired] string Name);

internal sealed record PrototypeDelegate([property: JsonRequired] string Name, [property: JsonRequired] string Kind);

internal sealed record PrototypeUpdate([property: JsonRequired, AllowedValues("read", "write", "admin")] string Role);

internal sealed record Prototypes([property: JsonPropertyName("prototypes")] IReadOnlyList<ShownPrototype> List);

internal sealed record ShownPrototype(ShownDelegate? ActivatingUser, ShownDelegate Delegate, string Role, string Id);

internal sealed record ShownDelegate(string Name, string Kind, Avatar Avatar)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? IsRobot { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? IsOrgMember { get; init; }
}

internal sealed record ConvertUser([property: JsonRequired, JsonPropertyName("adminUser")] string AdminUser, [property: JsonRequired, JsonPropertyName("adminPassword")] string AdminPassword);

internal sealed record Converted(bool Success);

internal sealed record PrivateRepositories(
    [property: JsonPropertyName("privateAllowed")] bool Allowed,
    [property: JsonPropertyName("privateCount"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Count);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewOrganization))]
[JsonSerializable(typeof(NewOrganizationName))]
[JsonSerializable(typeof(OrganizationDetails))]
[JsonSerializable(typeof(OrganizationChange))]
[JsonSerializable(typeof(ShownOrganization))]
[JsonSerializable(typeof(DeletedOrganizations))]
[JsonSerializable(typeof(Members))]
[JsonSerializable(typeof(ShownMember))]
[JsonSerializable(typeof(Collaborators))]
[JsonSerializable(typeof(TeamDescription))]
[JsonSerializable(typeof(ChangedTeam))]
[JsonSerializable(typeof(TeamMembers))]
[JsonSerializable(typeof(ShownTeamMember))]
[JsonSerializable(typeof(TeamPermissions))]
[JsonSerializable(typeof(AcceptedInvite))]
[JsonSerializable(typeof(TeamInvites))]
[JsonSerializable(typeof(NewPrototype))]
[JsonSerializable(typeof(PrototypeUpdate))]
[JsonSerializable(typeof(Prototypes))]
[JsonSerializable(typeof(ConvertUser))]
[JsonSerializable(typeof(Converted))]
[JsonSerializable(typeof(PrivateRepositories))]
[JsonSerializable(typeof(string))]
internal sealed partial class OrganizationsJson : JsonSerializerContext;
