using System.Text.Json.Serialization;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Superuser;

internal sealed record NewUser([property: JsonRequired] string Username, string? Email = null, string? Password = null);

internal sealed record CreatedUser(string Username, string? Email, string Password, string EncryptedPassword);

internal sealed record ChangedUser(string? Password = null, string? Email = null, bool? Enabled = null, bool? Superuser = null);

internal sealed record UserView(
    string Kind, string Name, string Username, string? Email, bool Verified, Avatar Avatar, bool SuperUser, bool GlobalReadonlySuperUser, bool Enabled, string Created, string? LastAccessed);

internal sealed record UserList(IReadOnlyList<UserView> Users, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record SentRecovery(string Email);

internal sealed record OrganizationView(string Name, string? Email, Avatar Avatar);

internal sealed record OrganizationList(IReadOnlyList<OrganizationView> Organizations, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record ChangedOrganization(string? Name = null);

internal sealed record TakenNamespace(string Namespace);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewUser))]
[JsonSerializable(typeof(CreatedUser))]
[JsonSerializable(typeof(ChangedUser))]
[JsonSerializable(typeof(UserView))]
[JsonSerializable(typeof(UserList))]
[JsonSerializable(typeof(SentRecovery))]
[JsonSerializable(typeof(OrganizationView))]
[JsonSerializable(typeof(OrganizationList))]
[JsonSerializable(typeof(ChangedOrganization))]
[JsonSerializable(typeof(TakenNamespace))]
internal sealed partial class SuperuserJson : JsonSerializerContext;
