using System.Text.Json.Serialization;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>Organizations, as in Quay; having a deleted one back is Wharf's own.</summary>
internal static class OrganizationsApi
{
    private const long MaxTagExpirationS = 10L * 366 * 86_400;
    private const int MaxEmail = 254; // RFC 5321 4.5.3.1.3

    public static void MapOrganizations(this WebApplication app)
    {
        app.MapPost("/api/v1/organization/", Create).Requires(Permission.Person).WithName("createOrganization");
        app.MapGet("/api/v1/organization/{orgname}", Get).Requires(Permission.SeeOrganization).WithName("getOrganization");
        app.MapPut("/api/v1/organization/{orgname}", Change).Requires(Permission.AdministerOrganization).WithName("changeOrganizationDetails");
        app.MapDelete("/api/v1/organization/{orgname}", Delete).Requires(Permission.AdministerOrganization, fresh: true).WithName("deleteAdminedOrganization");
        app.MapPost("/api/v1/organization/{orgname}/restore", Restore).Requires(Permission.Person).WithName("restoreOrganization");
        app.MapGet("/api/v1/user/deletedorganizations", ListDeleted).Requires(Permission.Person).WithName("listDeletedOrganizations");
        app.MapPost("/api/v1/user/convert", Convert).Requires(Permission.Person).WithName("convertUserToOrganization");
    }

    private static async Task<IResult> Create(HttpContext http, OrganizationStore organizations, Permissions permissions, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.NewOrganization, ct);
        if (body is null)
            return problem!;
        var me = http.Caller().Principal;
        if (!permissions.MayCreateOrganizations(me))
            return MayNotCreate;
        if (!AccountStore.IsValidName(body.Name))
            return Problem.InvalidRequest("An organization's name has 2 to 255 lower-case letters and digits, with single '.', '_' or '-' between them.");
        if (!IsEmail(body.Email))
            return MalformedEmail;
        // Quay wants the address to be nobody else's. It signs nobody in, so that it need not be.
        var made = await organizations.CreateAsync(body.Name, string.IsNullOrEmpty(body.Email) ? null : body.Email, me, ct);
        return made.Problem is { } why ? Problem.InvalidRequest(why) : TypedResults.Json("Created", OrganizationsJson.Default.String, statusCode: 201);
    }

    private static async Task<IResult> Get(HttpContext http, OrganizationStore organizations, TeamStore teams, CancellationToken ct) =>
        await ViewAsync(http.Caller().Principal, http.Organization(), organizations, teams, ct);

    private static async Task<IResult> Change(HttpContext http, OrganizationStore organizations, TeamStore teams, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.OrganizationChange, ct);
        if (body is null)
            return problem!;
        if (!IsEmail(body.Email))
            return MalformedEmail;
        if (body.TagExpirationS is < 0 or > MaxTagExpirationS)
            return Problem.InvalidRequest($"tag_expiration_s is a number of seconds from 0 to {MaxTagExpirationS}.");
        if (body.RobotSecrets is not (null or "sealed" or "hashed"))
            return Problem.InvalidRequest("robot_secrets must be 'sealed' or 'hashed'.");
        var (me, organization) = (http.Caller().Principal, http.Organization());
        return await organizations.ChangeAsync(me, organization.NamespaceId, body.Email, body.TagExpirationS, body.RobotSecrets, ct) is { } refusal
            ? refusal
            : await ViewAsync(me, organization, organizations, teams, ct);
    }

    private static async Task<IResult> Delete(HttpContext http, OrganizationStore organizations, CancellationToken ct) =>
        await organizations.DeleteAsync(http.Caller().Principal, http.Organization().NamespaceId, ct) is { } refusal ? refusal : TypedResults.NoContent();

    // The gate knows no organization that is deleted, so that the store judges.
    private static async Task<IResult> Restore(HttpContext http, string orgname, OrganizationStore organizations, TeamStore teams, Permissions permissions, CancellationToken ct)
    {
        var me = http.Caller().Principal;
        var restored = AccountStore.IsValidName(orgname) ? await organizations.RestoreAsync(me, orgname, ct) : (0, Problem.NotFound("There is no such organization."));
        return restored.Problem is { } refusal ? refusal : await ViewAsync(me, await permissions.DecideAsync(me, orgname, ct), organizations, teams, ct);
    }

    private static async Task<IResult> ListDeleted(HttpContext http, OrganizationStore organizations, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        if (!http.Request.Query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var found = await organizations.ListDeletedAsync(http.Caller().Principal.AccountId, after, NamePages.Size + 1, ct);
        string? next = null;
        if (found.Count > NamePages.Size)
        {
            found.RemoveAt(NamePages.Size);
            next = QuayQuery.NextPage(found[^1].Id);
        }
        return TypedResults.Json(
            new DeletedOrganizationList([.. found.Select(static o => new DeletedOrganizationView(o.Name, QuayDate.Format(o.DeletedMs)!, QuayDate.Format(o.UntilMs)!))], next),
            OrganizationsJson.Default.DeletedOrganizationList);
    }

    private static async Task<IResult> Convert(HttpContext http, OrganizationStore organizations, Authenticator authenticator, Permissions permissions, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.Conversion, ct);
        if (body is null)
            return problem!;
        var me = http.Caller().Principal;
        if (!permissions.MayCreateOrganizations(me))
            return MayNotCreate;
        // The registry would be left without anybody who can make the next one.
        if (me.Superuser)
            return Problem.InvalidRequest("A superuser's account cannot become an organization.");
        var checkedAdmin = await authenticator.BasicAsync(body.AdminUser, body.AdminPassword, http.Connection.RemoteIpAddress, ct);
        if (checkedAdmin.RetryAfterSeconds > 0)
            return new Problem(429, "too_many_login_attempts", checkedAdmin.Problem!, checkedAdmin.RetryAfterSeconds);
        if (checkedAdmin.Caller?.Principal is not { IsPerson: true } admin)
            return OrganizationStore.InvalidAdmin;
        if (admin.AccountId == me.AccountId)
            return Problem.InvalidRequest("The admin user is not valid");
        return await organizations.ConvertAsync(me, admin, ct) is { } refusal ? refusal : TypedResults.Json(new Converted(true), OrganizationsJson.Default.Converted);
    }

    private static async ValueTask<IResult> ViewAsync(Principal me, NamespaceAccess access, OrganizationStore organizations, TeamStore teams, CancellationToken ct)
    {
        if (await organizations.FindAsync(access.NamespaceId, ct) is not { } organization)
            return OrganizationStore.Gone;
        var inspects = Permissions.Allows(me, access, Permission.InspectOrganization);
        var administers = Permissions.Allows(me, access, Permission.AdministerOrganization);
        var view = new OrganizationView(organization.Name, inspects ? organization.Email ?? "" : "", Avatar.Of(organization.Name, "org"), administers, administers || access.Role >= NamespaceRole.Member);
        // A superuser without full access has its place in the organization's list, and no more.
        if (access.Role >= NamespaceRole.Member || inspects)
        {
            var list = await teams.ListAsync(organization.Id, me.AccountId, ct);
            view = view with
            {
                Teams = list.ToDictionary(static t => t.Team.Name, t => new OrganizationTeamView(
                    t.Team.Name, t.Team.Description, t.Team.Role, Avatar.Of(t.Team.Name, "team"), inspects || t.Mine, t.Repositories, t.Members, false)),
                OrderedTeams = [.. list.Select(static t => t.Team.Name)],
            };
        }
        return inspects
            ? TypedResults.Json(new OrganizationSettingsView(view, organization.TagExpirationS, organization.RobotSecrets), OrganizationsJson.Default.OrganizationSettingsView)
            : TypedResults.Json(view, OrganizationsJson.Default.OrganizationView);
    }

    private static bool IsEmail(string? text) => string.IsNullOrEmpty(text)
        || (text.Length <= MaxEmail && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < text.Length - 1 && !text.Any(static c => char.IsControl(c) || char.IsWhiteSpace(c)));

    private static Problem MalformedEmail => Problem.InvalidRequest($"The e-mail address is malformed; it has an '@' and at most {MaxEmail} characters.");

    private static Problem MayNotCreate => Problem.InsufficientScope("You may not make organizations here.");
}

internal sealed record NewOrganization([property: JsonRequired] string Name, string? Email);

/// <param name="RobotSecrets">sealed: robots' tokens can be read again; hashed: they are shown once.</param>
internal sealed record OrganizationChange(string? Email, long? TagExpirationS, string? RobotSecrets);

internal sealed record Conversion([property: JsonRequired, JsonPropertyName("adminUser")] string AdminUser, [property: JsonRequired, JsonPropertyName("adminPassword")] string AdminPassword);

internal sealed record Converted(bool Success);

internal record OrganizationView(string Name, string Email, Avatar Avatar, bool IsAdmin, bool IsMember)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public Dictionary<string, OrganizationTeamView>? Teams { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public IReadOnlyList<string>? OrderedTeams { get; init; }
}

/// <summary>With what only admins see. The three words about bills are there because clients of Quay read them; here nobody pays.</summary>
internal sealed record OrganizationSettingsView : OrganizationView
{
    public OrganizationSettingsView(OrganizationView view, long tagExpirationS, string robotSecrets) : base(view) => (TagExpirationS, RobotSecrets) = (tagExpirationS, robotSecrets);

    public bool InvoiceEmail { get; }

    public string? InvoiceEmailAddress { get; }

    public long TagExpirationS { get; }

    public bool IsFreeAccount { get; } = true;

    public string RobotSecrets { get; }
}

internal sealed record OrganizationTeamView(string Name, string Description, string Role, Avatar Avatar, bool CanView, long RepoCount, long MemberCount, bool IsSynced);

internal sealed record DeletedOrganizationList(IReadOnlyList<DeletedOrganizationView> Organizations, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record DeletedOrganizationView(string Name, string Deleted, string RestorableUntil);
