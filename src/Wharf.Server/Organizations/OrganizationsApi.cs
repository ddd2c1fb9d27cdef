using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>Organizations as in Quay. Deleting one is a state that can be undone, which Quay's cannot.</summary>
internal static class OrganizationsApi
{
    private const int PageSize = 100;

    public static void MapOrganizations(this WebApplication app)
    {
        app.MapPost("/api/v1/organization/", Create).Requires(Permission.Person).WithName("createOrganization")
            .Describe("Makes an organization; the caller becomes its owner.").Takes(OrganizationsJson.Default.NewOrganization)
            .Gives(OrganizationsJson.Default.String, 201);
        app.MapGet("/api/v1/organization/{orgname}", Get).Requires(Permission.SeeOrganization).WithName("getOrganization")
            .Describe("Shows an organization, as much of it as the caller may see.").Gives(OrganizationsJson.Default.ShownOrganization);
        app.MapPut("/api/v1/organization/{orgname}", Change).Requires(Permission.AdministerOrganization).WithName("changeOrganizationDetails")
            .Describe("Changes the settings of an organization; what is left out stays.").Takes(OrganizationsJson.Default.OrganizationDetails)
            .Gives(OrganizationsJson.Default.ShownOrganization);
        app.MapDelete("/api/v1/organization/{orgname}", Delete).Requires(Permission.AdministerOrganization, fresh: true).WithName("deleteAdminedOrganization")
            .Describe("Deletes an organization; it can be restored for a while.").Gives(204);
        app.MapPost("/api/v1/organization/{orgname}/restore", Restore).Requires(Permission.Person).WithName("restoreOrganization")
            .Describe("Restores a deleted organization with its teams, robots, repositories and settings. Under another name its robots have that before the plus.")
            .Takes(OrganizationsJson.Default.NewOrganizationName, optional: true).Gives(204);
        app.MapGet("/api/v1/user/deletedorganizations", ListDeleted).Requires(Permission.Person).WithName("listDeletedOrganizations")
            .Describe("Lists the deleted organizations that the caller can restore.").Paged().Gives(OrganizationsJson.Default.DeletedOrganizations);
        app.MapPost("/api/v1/user/convert", ConvertAccount).Requires(Permission.Person).WithName("convertUserToOrganization")
            .Describe("Makes an organization of the own account; another user becomes its admin.").Takes(OrganizationsJson.Default.ConvertUser)
            .Gives(OrganizationsJson.Default.Converted).Internal();
        app.MapGet("/api/v1/organization/{orgname}/private", CountPrivate).Requires(Permission.SeeOrganization, scope: Scopes.OrgAdmin).WithName("getOrganizationPrivateAllowed")
            .Describe("Says whether the organization may have more private repositories, and to its admins how many it has.")
            .Gives(OrganizationsJson.Default.PrivateRepositories).Internal();
        app.MapMembers();
        app.MapTeams();
        app.MapPrototypes();
    }

    /// <summary>The answer to what was not done.</summary>
    internal static Problem Refusal(OrganizationOutcome outcome) => outcome.Unknown ? Problem.NotFound(outcome.Problem!) : Problem.InvalidRequest(outcome.Problem!);

    private static async Task<IResult> Create(HttpContext http, OrganizationStore organizations, Permissions permissions, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.NewOrganization, ct);
        if (body is null)
            return problem!;
        var by = http.Caller().Principal;
        if (!permissions.MayCreateOrganizations(by))
            return Problem.InsufficientScope("You may not make organizations here; ask a superuser.");
        if (!AccountStore.IsValidName(body.Name))
            return Problem.InvalidRequest("The name of an organization has 2 to 255 lower-case letters and digits, with single '.', '_' or '-' between them.");
        if (!IsEmail(body.Email))
            return MalformedEmail;
        var made = await organizations.CreateAsync(by, body.Name, string.IsNullOrEmpty(body.Email) ? null : body.Email, ct);
        return made.Problem is { } why ? Problem.InvalidRequest(why) : TypedResults.Json("Created", OrganizationsJson.Default.String, statusCode: 201);
    }

    private static Task<IResult> Get(HttpContext http, OrganizationStore organizations, TeamStore teams, CancellationToken ct) => ShowAsync(http, organizations, teams, ct);

    private static async Task<IResult> Change(HttpContext http, OrganizationStore organizations, TeamStore teams, LifetimeOptions lifetimes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.OrganizationDetails, ct);
        if (body is null)
            return problem!;
        if (!IsEmail(body.Email))
            return MalformedEmail;
        if (lifetimes.CheckWindow(body.TagExpirationS) is { } wrong)
            return Problem.InvalidRequest(wrong);
        if (body.RobotSecrets is not (null or OrganizationStore.Sealed or OrganizationStore.Hashed))
            return Problem.InvalidRequest("robot_secrets is 'sealed' or 'hashed'.");
        var outcome = await organizations.ChangeAsync(http.Caller().Principal, http.Organization(), body.Email, body.TagExpirationS, body.RobotSecrets, ct);
        return outcome.Problem is null ? await ShowAsync(http, organizations, teams, ct) : Refusal(outcome);
    }

    private static async Task<IResult> Delete(HttpContext http, OrganizationStore organizations, CancellationToken ct)
    {
        var outcome = await organizations.DeleteAsync(http.Caller().Principal, http.Organization().NamespaceId, ct);
        return outcome.Problem is null ? TypedResults.NoContent() : Refusal(outcome);
    }

    // No organization is found by the name of a deleted one, so the store asks who may have it back.
    private static async Task<IResult> Restore(HttpContext http, string orgname, OrganizationStore organizations, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadOptionalAsync(http, OrganizationsJson.Default.NewOrganizationName, ct);
        if (problem is not null)
            return problem;
        var name = body?.NewName ?? orgname;
        if (!AccountStore.IsValidName(name))
            return Problem.InvalidRequest("new_name has 2 to 255 lower-case letters and digits, with single '.', '_' or '-' between them.");
        var outcome = AccountStore.IsValidName(orgname)
            ? await organizations.RestoreAsync(http.Caller().Principal, orgname, name, ct)
            : OrganizationOutcome.NotFound("There is no such organization.");
        return outcome.Problem is null ? TypedResults.NoContent() : Refusal(outcome);
    }

    private static async Task<IResult> ListDeleted(HttpContext http, OrganizationStore organizations, CancellationToken ct)
    {
        if (Page.From(http, out var after) is { } refused)
            return refused;
        var me = http.Caller().Principal;
        var found = await organizations.ListDeletedAsync(me, me.Superuser || (me.ReadsAll && me.Has(Scopes.OrgAdmin)), after, PageSize + 1, ct);
        var next = Page.Cut(found, PageSize, static o => o.Id);
        return TypedResults.Json(new DeletedOrganizations([.. found.Select(static o => new ShownDeletedOrganization(o.Name, QuayDate.Format(o.DeletedMs)!, o.DeletedBy, QuayDate.Format(o.UntilMs)!))], next),
            OrganizationsJson.Default.DeletedOrganizations);
    }

    // In Quay only where repositories are billed; here nothing limits them.
    private static async Task<IResult> CountPrivate(HttpContext http, PeopleStore people, CancellationToken ct)
    {
        var (me, access) = (http.Caller().Principal, http.Organization());
        var counts = Permissions.Allows(me, access, Permission.InspectOrganization);
        if (access.Role < NamespaceRole.Creator && !counts)
            return Problem.InsufficientScope("Only who may make repositories in the organization may ask that.");
        return TypedResults.Json(new PrivateRepositories(true, counts ? await people.CountPrivateAsync(access.NamespaceId, ct) : null), OrganizationsJson.Default.PrivateRepositories);
    }

    private static async Task<IResult> ConvertAccount(HttpContext http, OrganizationStore organizations, Permissions permissions, AccountStore accounts, Authenticator authenticator, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.ConvertUser, ct);
        if (body is null)
            return problem!;
        var me = http.Caller().Principal;
        if (!permissions.MayCreateOrganizations(me))
            return Problem.InsufficientScope("You may not make organizations here; ask a superuser.");
        if (me.Superuser || accounts.IsSuperuserBySettings(me.Name))
            return Refusal(OrganizationStore.IsSuperuser);
        var admin = await authenticator.PasswordAsync(body.AdminUser, body.AdminPassword, http.Connection.RemoteIpAddress, ct);
        if (admin.RetryAfterSeconds > 0)
            return new Problem(429, "too_many_login_attempts", admin.Problem!, admin.RetryAfterSeconds);
        if (admin.Caller is not { } caller)
            return Problem.InvalidRequest("The admin user credentials are not valid");
        if (caller.Principal.AccountId == me.AccountId)
            return Problem.InvalidRequest("The admin user is not valid");
        var outcome = await organizations.ConvertAsync(me, caller.Principal, ct);
        return outcome.Problem is null ? TypedResults.Json(new Converted(true), OrganizationsJson.Default.Converted) : Refusal(outcome);
    }

    private static async Task<IResult> ShowAsync(HttpContext http, OrganizationStore organizations, TeamStore teams, CancellationToken ct)
    {
        var (me, access) = (http.Caller().Principal, http.Organization());
        if (await organizations.FindAsync(access.NamespaceId, ct) is not { } organization)
            return Refusal(OrganizationOutcome.Gone);
        var (inspects, administers) = (Permissions.Allows(me, access, Permission.InspectOrganization), Permissions.Allows(me, access, Permission.AdministerOrganization));
        var found = inspects || access.Role >= NamespaceRole.Member ? await teams.ListAsync(access.NamespaceId, me, ct) : null;
        return TypedResults.Json(new ShownOrganization(access.Name, inspects ? organization.Email ?? "" : "", Avatar.Of(access.Name, "org"), administers, access.Role >= NamespaceRole.Member, access.Role >= NamespaceRole.Creator)
        {
            Teams = found?.ToDictionary(static t => t.Name, t => new ShownTeam(t.Name, t.Description, t.Role, Avatar.Of(t.Name, "team"), inspects || t.Mine, t.Repositories, t.Members, false)),
            OrderedTeams = found is null ? null : [.. found.Select(static t => t.Name)],
            TagExpirationS = inspects ? organization.TagExpirationS : null,
            RobotSecrets = inspects ? organization.RobotSecrets : null,
            InvoiceEmail = inspects ? false : null,
            IsFreeAccount = inspects ? true : null,
        }, OrganizationsJson.Default.ShownOrganization);
    }

    private static bool IsEmail(string? email) => string.IsNullOrEmpty(email)
        || (email.Length <= 255 && email.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < email.Length - 1 && !email.Any(static c => char.IsControl(c) || char.IsWhiteSpace(c)));

    private static Problem MalformedEmail => Problem.InvalidRequest("The e-mail address is malformed.");
}
