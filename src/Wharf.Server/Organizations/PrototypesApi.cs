using System.Text.Json.Serialization;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>The default permissions of an organization, as in Quay, where they are called prototypes.</summary>
internal static class PrototypesApi
{
    public static void MapPrototypes(this WebApplication app)
    {
        app.MapGet("/api/v1/organization/{orgname}/prototypes", List).Requires(Permission.InspectOrganization).WithName("getOrganizationPrototypePermissions");
        app.MapPost("/api/v1/organization/{orgname}/prototypes", Create).Requires(Permission.AdministerOrganization).WithName("createOrganizationPrototypePermission");
        app.MapPut("/api/v1/organization/{orgname}/prototypes/{prototypeid}", Change).Requires(Permission.AdministerOrganization).WithName("updateOrganizationPrototypePermission");
        app.MapDelete("/api/v1/organization/{orgname}/prototypes/{prototypeid}", Delete).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationPrototypePermission");
    }

    private static async Task<IResult> List(HttpContext http, PrototypeStore prototypes, CancellationToken ct) => TypedResults.Json(
        new PrototypeList([.. (await prototypes.ListAsync(http.Organization().NamespaceId, ct)).Select(View)]), OrganizationsJson.Default.PrototypeList);

    private static async Task<IResult> Create(HttpContext http, PrototypeStore prototypes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.NewPrototype, ct);
        if (body is null)
            return problem!;
        if (Role(body.Role) is not { } role)
            return BadRole;
        // Quay says user for robots too.
        if (body.Delegate.Kind is not ("user" or "robot" or "team"))
            return Problem.InvalidRequest("The delegate's kind must be 'user', 'robot' or 'team'.");
        var isTeam = body.Delegate.Kind == "team";
        if (!(AccountStore.IsValidName(body.Delegate.Name) || (!isTeam && AccountStore.IsValidRobotName(body.Delegate.Name))))
            return Problem.InvalidRequest("Missing delegate user or team");
        if (body.ActivatingUser is { Name: var activating } && !(AccountStore.IsValidName(activating) || AccountStore.IsValidRobotName(activating)))
            return Problem.InvalidRequest("Unknown activating user");
        return Answer(await prototypes.CreateAsync(http.Caller().Principal, http.Organization().NamespaceId, role, body.ActivatingUser?.Name, body.Delegate.Name, isTeam, ct));
    }

    private static async Task<IResult> Change(HttpContext http, string prototypeid, PrototypeStore prototypes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.PrototypeChange, ct);
        if (body is null)
            return problem!;
        return Role(body.Role) is not { } role ? BadRole
            : !Guid.TryParseExact(prototypeid, "D", out _) ? NoSuchPrototype
            : Answer(await prototypes.ChangeAsync(http.Caller().Principal, http.Organization().NamespaceId, prototypeid, role, ct));
    }

    private static async Task<IResult> Delete(HttpContext http, string prototypeid, PrototypeStore prototypes, CancellationToken ct) =>
        !Guid.TryParseExact(prototypeid, "D", out _) ? NoSuchPrototype
        : await prototypes.DeleteAsync(http.Caller().Principal, http.Organization().NamespaceId, prototypeid, ct) is { } refusal ? refusal : TypedResults.NoContent();

    private static IResult Answer((Prototype? Prototype, Problem? Problem) outcome) =>
        outcome.Prototype is { } prototype ? TypedResults.Json(View(prototype), OrganizationsJson.Default.PrototypeView) : outcome.Problem!;

    private static PrototypeView View(Prototype prototype) => new(
        prototype.Activating is { } activating ? View(activating) : null,
        prototype.Delegate is { } account ? View(account) : new PrototypeSubject(prototype.Team!, "team", Avatar.Of(prototype.Team!, "team")),
        prototype.Role.ToString().ToLowerInvariant(), prototype.Uuid);

    private static PrototypeSubject View(PrototypeAccount account) =>
        new(account.Name, "user", Avatar.Of(account.Name, account.IsRobot ? "robot" : "user")) { IsRobot = account.IsRobot, IsOrgMember = account.IsMember };

    private static RepositoryRole? Role(string word) => word switch
    {
        "read" => RepositoryRole.Read,
        "write" => RepositoryRole.Write,
        "admin" => RepositoryRole.Admin,
        _ => null,
    };

    private static Problem BadRole => Problem.InvalidRequest("role must be 'read', 'write' or 'admin'.");

    private static Problem NoSuchPrototype => Problem.NotFound("There is no such default permission in this organization.");
}

internal sealed record NewPrototype([property: JsonRequired] string Role, [property: JsonRequired] NewPrototypeDelegate Delegate, NewPrototypeActivator? ActivatingUser);

internal sealed record NewPrototypeDelegate([property: JsonRequired] string Name, [property: JsonRequired] string Kind);

internal sealed record NewPrototypeActivator([property: JsonRequired] string Name);

internal sealed record PrototypeChange([property: JsonRequired] string Role);

internal sealed record PrototypeList(IReadOnlyList<PrototypeView> Prototypes);

internal sealed record PrototypeView(PrototypeSubject? ActivatingUser, PrototypeSubject Delegate, string Role, string Id);

/// <summary>A person, a robot or a team; the two optional members are not there for a team.</summary>
internal sealed record PrototypeSubject(string Name, string Kind, Avatar Avatar)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? IsRobot { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public bool? IsOrgMember { get; init; }
}
