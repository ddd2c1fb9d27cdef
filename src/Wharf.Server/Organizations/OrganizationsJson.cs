using System.Text.Json.Serialization;

namespace Wharf.Server.Organizations;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(NewOrganization))]
[JsonSerializable(typeof(OrganizationChange))]
[JsonSerializable(typeof(OrganizationView))]
[JsonSerializable(typeof(OrganizationSettingsView))]
[JsonSerializable(typeof(DeletedOrganizationList))]
[JsonSerializable(typeof(Conversion))]
[JsonSerializable(typeof(Converted))]
[JsonSerializable(typeof(TeamDescription))]
[JsonSerializable(typeof(TeamView))]
[JsonSerializable(typeof(TeamMemberView))]
[JsonSerializable(typeof(TeamMemberList))]
[JsonSerializable(typeof(TeamGrantList))]
[JsonSerializable(typeof(TeamInviteList))]
[JsonSerializable(typeof(JoinedTeam))]
[JsonSerializable(typeof(CollaboratorList))]
[JsonSerializable(typeof(MemberList))]
[JsonSerializable(typeof(MemberView))]
[JsonSerializable(typeof(NewPrototype))]
[JsonSerializable(typeof(PrototypeChange))]
[JsonSerializable(typeof(PrototypeList))]
[JsonSerializable(typeof(PrototypeView))]
internal sealed partial class OrganizationsJson : JsonSerializerContext;
