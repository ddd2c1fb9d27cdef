using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>Default permissions, as in Quay.</summary>
internal static class PrototypesApi
{
    public static void MapPrototypes(this WebApplication app)
    {
        app.MapGet("/api/v1/organization/{orgname}/prototypes", List).Requires(Permission.InspectOrganization).WithName("getOrganizationPrototypePermissions")
            .Describe("Lists the default permissions, which new repositories of an organization begin with.").Gives(OrganizationsJson.Default.Prototypes);
        app.MapPost("/api/v1/organization/{orgname}/prototypes", Create).Requires(Permission.AdministerOrganization).WithName("createOrganizationPrototypePermission")
            .Describe("Adds a default permission.").Takes(OrganizationsJson.Default.NewPrototype).Gives(OrganizationsJson.Default.ShownPrototype);
        app.MapPut("/api/v1/organization/{orgname}/prototypes/{prototypeid}", Update).Requires(Permission.AdministerOrganization).WithName("updateOrganizationPrototypePermission")
            .Describe("Changes the role of a default permission.").Takes(OrganizationsJson.Default.PrototypeUpdate).Gives(OrganizationsJson.Default.ShownPrototype);
        app.MapDelete("/api/v1/organization/{orgname}/prototypes/{prototypeid}", Delete).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationPrototypePermission")
            .Describe("Deletes a default permission.").Gives(204);
    }

    private static async Task<IResult> List(HttpContext http, PrototypeStore prototypes, CancellationToken ct) =>
        TypedResults.Json(new Prototypes([.. (await prototypes.ListAsync(http.Organization().NamespaceId, ct)).Select(Show)]), OrganizationsJson.Default.Prototypes);

    private static async Task<IResult> Create(HttpContext http, PrototypeStore prototypes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.NewPrototype, ct);
        if (body is null)
            return problem!;
        if (RoleOf(body.Role) is not { } role)
            return NoSuchRole;
        var toTeam = body.Delegate.Kind == "team";
        if (!toTeam && body.Delegate.Kind is not ("user" or "robot"))
            return Problem.InvalidRequest("The delegate's kind is 'user' or 'team'.");
        if (body.ActivatingUser is { } activating && !MembersApi.IsAccountName(activating.Name))
            return Problem.InvalidRequest("Unknown activating user");
        if (!(toTeam ? AccountStore.IsValidName(body.Delegate.Name) : MembersApi.IsAccountName(body.Delegate.Name)))
            return Problem.InvalidRequest("Missing delegate user or team");
        if ((body.ActivatingUser is { } maker && MembersApi.IsForeignRobot(http, maker.Name)) || (!toTeam && MembersApi.IsForeignRobot(http, body.Delegate.Name)))
            return OrganizationsApi.Refusal(PrototypeStore.ForeignRobot);
        var id = http.Organization().NamespaceId;
        var (outcome, uuid) = await prototypes.CreateAsync(http.Caller().Principal, id, body.ActivatingUser?.Name, body.Delegate.Name, toTeam, role, ct);
        return outcome.Problem is null ? await ShowAsync(prototypes, id, uuid!, ct) : OrganizationsApi.Refusal(outcome);
    }

    private static async Task<IResult> Update(HttpContext http, string prototypeid, PrototypeStore prototypes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.PrototypeUpdate, ct);
        if (body is null)
            return problem!;
        if (RoleOf(body.Role) is not { } role)
            return NoSuchRole;
        var id = http.Organization().NamespaceId;
        return IsUuid(prototypeid) && await prototypes.ChangeAsync(http.Caller().Principal, id, prototypeid, role, ct) ? await ShowAsync(prototypes, id, prototypeid, ct) : NoSuchPrototype;
    }

    private static async Task<IResult> Delete(HttpContext http, string prototypeid, PrototypeStore prototypes, CancellationToken ct) =>
        IsUuid(prototypeid) && await prototypes.DeleteAsync(http.Caller().Principal, http.Organization().NamespaceId, prototypeid, ct) ? TypedResults.NoContent() : NoSuchPrototype;

    private static async Task<IResult> ShowAsync(PrototypeStore prototypes, long organizationId, string uuid, CancellationToken ct) =>
        await prototypes.FindAsync(organizationId, uuid, ct) is { } prototype ? TypedResults.Json(Show(prototype), OrganizationsJson.Default.ShownPrototype) : NoSuchPrototype;

    private static ShownPrototype Show(Prototype prototype) => new(
        prototype.Activating is { } activating ? Show(activating) : null,
        prototype.Account is { } account ? Show(account) : new ShownDelegate(prototype.Team!, "team", Avatar.Of(prototype.Team!, "team")),
        prototype.Role.ToString().ToLowerInvariant(), prototype.Uuid);

    private static ShownDelegate Show(PrototypeAccount account) =>
        new(account.Name, "user", Avatar.Of(account.Name, account.IsRobot ? "robot" : "user")) { IsRobot = account.IsRobot, IsOrgMember = account.IsMember };

    private static RepositoryRole? RoleOf(string role) => role switch
    {
        "read" => RepositoryRole.Read,
        "write" => RepositoryRole.Write,
        "admin" => RepositoryRole.Admin,
        _ => null,
    };

    private static bool IsUuid(string text) => Guid.TryParseExact(text, "D", out _);

    private static Problem NoSuchRole => Problem.InvalidRequest("role is 'read', 'write' or 'admin'.");

    private static Problem NoSuchPrototype => Problem.NotFound("The organization has no such default permission.");
}
