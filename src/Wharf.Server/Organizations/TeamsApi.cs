using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Mail;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>Teams, their members and invitations, as in Quay.</summary>
internal static class TeamsApi
{
    private const int PageSize = 1000;
    private const int InvitesPageSize = 100;
    private const int MaxDescription = 4096;

    public static void MapTeams(this WebApplication app)
    {
        app.MapPut("/api/v1/organization/{orgname}/team/{teamname}", Put).Requires(Permission.AdministerOrganization).WithName("updateOrganizationTeam")
            .Describe("Makes a team, or changes its role and description.").Takes(OrganizationsJson.Default.TeamDescription).Gives(OrganizationsJson.Default.ChangedTeam);
        app.MapDelete("/api/v1/organization/{orgname}/team/{teamname}", Delete).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationTeam")
            .Describe("Deletes a team.").Gives(204);
        app.MapGet("/api/v1/organization/{orgname}/team/{teamname}/members", ListMembers).Requires(Permission.SeeOrganization, scope: Scopes.OrgAdmin).WithName("getOrganizationTeamMembers")
            .Describe("Lists the members of a team.").Query("includePending", "Invited people too, for admins.", "boolean").Paged()
            .Gives(OrganizationsJson.Default.TeamMembers);
        app.MapPut("/api/v1/organization/{orgname}/team/{teamname}/members/{membername}", AddMember).Requires(Permission.AdministerOrganization).WithName("updateOrganizationTeamMember")
            .Describe("Adds somebody to a team, or invites them where that is asked for.").Gives(OrganizationsJson.Default.ShownTeamMember);
        app.MapDelete("/api/v1/organization/{orgname}/team/{teamname}/members/{membername}", RemoveMember).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationTeamMember")
            .Describe("Removes somebody from a team, or takes an invitation back.").Gives(204);
        app.MapGet("/api/v1/organization/{orgname}/team/{teamname}/permissions", ListPermissions).Requires(Permission.InspectOrganization).WithName("getOrganizationTeamPermissions")
            .Describe("Lists the repositories that a team has a role in.").Paged().Gives(OrganizationsJson.Default.TeamPermissions);
        app.MapGet("/api/v1/user/teaminvites", ListInvites).Requires(Permission.Person).WithName("listTeamInvites")
            .Describe("Lists the own invitations to teams.").Paged().Gives(OrganizationsJson.Default.TeamInvites);
        app.MapPut("/api/v1/teaminvite/{code}", Accept).Requires(Permission.Person).WithName("acceptOrganizationTeamInvite")
            .Describe("Accepts an invitation to a team.").Gives(OrganizationsJson.Default.AcceptedInvite).Internal();
        app.MapDelete("/api/v1/teaminvite/{code}", Decline).Requires(Permission.Person).WithName("declineOrganizationTeamInvite")
            .Describe("Declines an invitation to a team.").Gives(204).Internal();

        app.MapPut("/api/v1/organization/{orgname}/team/{teamname}/invite/{email}", InviteByMail).Requires(Permission.AdministerOrganization).WithName("inviteTeamMemberEmail")
            .Describe("Invites an e-mail address to a team; 404 where the registry sends no mail.").Gives(OrganizationsJson.Default.ShownTeamMember);
        app.MapDelete("/api/v1/organization/{orgname}/team/{teamname}/invite/{email}", WithdrawMailed).Requires(Permission.AdministerOrganization).WithName("deleteTeamMemberEmailInvite")
            .Describe("Takes the invitation of an e-mail address back.").Gives(204);
        app.MapInvitePage();
    }

    private static async Task<IResult> Put(HttpContext http, string teamname, TeamStore teams, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.TeamDescription, ct);
        if (body is null)
            return problem!;
        if (body.Role is not ("member" or "creator" or "admin"))
            return Problem.InvalidRequest("role is 'member', 'creator' or 'admin'.");
        // PostgreSQL has no NUL in text.
        if (body.Description is { } text && (text.Length > MaxDescription || text.Contains('\0', StringComparison.Ordinal)))
            return Problem.InvalidRequest($"A description has at most {MaxDescription} characters, without NUL.");
        if (!AccountStore.IsValidName(teamname))
            return Problem.InvalidRequest("A team's name has 2 to 255 lower-case letters and digits, with single '.', '_' or '-' between them.");
        var (me, id) = (http.Caller().Principal, http.Organization().NamespaceId);
        var (outcome, isNew) = await teams.PutAsync(me, id, teamname, body.Role, body.Description, ct);
        if (outcome.Problem is not null)
            return OrganizationsApi.Refusal(outcome);
        return await teams.FindAsync(id, teamname, me, ct) is { } team
            ? TypedResults.Json(new ChangedTeam(team.Name, team.Description, true, team.Role, Avatar.Of(team.Name, "team"), isNew), OrganizationsJson.Default.ChangedTeam)
            : NoSuchTeam;
    }

    // A team that does not exist is 400, as in Quay.
    private static async Task<IResult> Delete(HttpContext http, string teamname, TeamStore teams, CancellationToken ct)
    {
        var outcome = AccountStore.IsValidName(teamname)
            ? await teams.DeleteAsync(http.Caller().Principal, http.Organization().NamespaceId, teamname, ct)
            : OrganizationOutcome.Refused("The organization has no such team.");
        return outcome.Problem is null ? TypedResults.NoContent() : OrganizationsApi.Refusal(outcome);
    }

    private static async Task<IResult> ListMembers(HttpContext http, string teamname, TeamStore teams, CancellationToken ct)
    {
        if (Page.From(http, out var after) is { } refused)
            return refused;
        var (me, organization) = (http.Caller().Principal, http.Organization());
        var seesAll = me.Superuser || Permissions.Allows(me, organization, Permission.InspectOrganization);
        var team = AccountStore.IsValidName(teamname) ? await teams.FindAsync(organization.NamespaceId, teamname, me, ct) : null;
        // Members of the organization know the names of its teams, but not who is in the others.
        if (!seesAll && team is not { Mine: true })
            return Problem.InsufficientScope("Only members of the team and admins of the organization may see who is in it.");
        if (team is null)
            return NoSuchTeam;
        var administers = Permissions.Allows(me, organization, Permission.AdministerOrganization);
        var found = await teams.MembersAsync(team.Id, after, PageSize + 1, ct);
        var next = Page.Cut(found, PageSize, static m => m.Id);
        var invited = administers && next is null && http.Request.Query.IsTrue("includePending") ? await teams.InvitedAsync(team.Id, ct) : [];
        var mailed = administers && next is null && http.Request.Query.IsTrue("includePending") ? await teams.MailedAsync(team.Id, ct) : [];
        return TypedResults.Json(new TeamMembers(team.Name, [.. found.Select(static m => Show(m, false)), .. invited.Select(static m => Show(m, true)), .. mailed.Select(ShowMailed)], administers, next), OrganizationsJson.Default.TeamMembers);
    }

    private static async Task<IResult> AddMember(HttpContext http, string teamname, string membername, TeamStore teams, CancellationToken ct)
    {
        if (!AccountStore.IsValidName(teamname))
            return NoSuchTeam;
        if (!MembersApi.IsAccountName(membername))
            return Problem.InvalidRequest("Unknown user");
        if (MembersApi.IsForeignRobot(http, membername))
            return OrganizationsApi.Refusal(TeamStore.ForeignRobot);
        var (outcome, member, invited) = await teams.AddAsync(http.Caller().Principal, http.Organization().NamespaceId, teamname, membername, ct);
        return outcome.Problem is null ? TypedResults.Json(Show(member!, invited), OrganizationsJson.Default.ShownTeamMember) : OrganizationsApi.Refusal(outcome);
    }

    private static async Task<IResult> RemoveMember(HttpContext http, string teamname, string membername, TeamStore teams, CancellationToken ct)
    {
        if (!AccountStore.IsValidName(teamname))
            return NoSuchTeam;
        var outcome = MembersApi.IsAccountName(membername) && !MembersApi.IsForeignRobot(http, membername)
            ? await teams.RemoveAsync(http.Caller().Principal, http.Organization().NamespaceId, teamname, membername, ct)
            : OrganizationOutcome.NotFound("There is no such user or robot.");
        return outcome.Problem is null ? TypedResults.NoContent() : OrganizationsApi.Refusal(outcome);
    }

    private static async Task<IResult> ListPermissions(HttpContext http, string teamname, TeamStore teams, CancellationToken ct)
    {
        if (Page.From(http, out var after) is { } refused)
            return refused;
        var id = http.Organization().NamespaceId;
        if (!AccountStore.IsValidName(teamname) || await teams.FindAsync(id, teamname, http.Caller().Principal, ct) is not { } team)
            return NoSuchTeam;
        var found = await teams.GrantsAsync(id, team.Id, after, PageSize + 1, ct);
        var next = Page.Cut(found, PageSize, static g => g.RepositoryId);
        return TypedResults.Json(new TeamPermissions([.. found.Select(static g => new TeamPermission(new TeamRepository(g.Repository, g.IsPublic), g.Role.ToString().ToLowerInvariant()))], next),
            OrganizationsJson.Default.TeamPermissions);
    }

    private static async Task<IResult> ListInvites(HttpContext http, TeamStore teams, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        var after = http.Request.Query["next_page"].ToString();
        if (!IsCode(after) && after.Length > 0)
            return QuayQuery.NoSuchPage;
        var found = await teams.InvitesAsync(http.Caller().Principal, after, InvitesPageSize + 1, ct);
        string? next = null;
        if (found.Count > InvitesPageSize)
        {
            found.RemoveAt(InvitesPageSize);
            next = found[^1].Code;
        }
        return TypedResults.Json(new TeamInvites([.. found.Select(static i => new ShownInvite(i.Code, i.Organization, i.Team, i.InvitedBy, QuayDate.Format(i.CreatedMs)!))], next), OrganizationsJson.Default.TeamInvites);
    }

    private static async Task<IResult> Accept(HttpContext http, string code, TeamStore teams, CancellationToken ct) =>
        IsCode(code) && await teams.AnswerAsync(http.Caller().Principal, code, accept: true, ct) is { } joined
            ? TypedResults.Json(new AcceptedInvite(joined.Organization, joined.Team), OrganizationsJson.Default.AcceptedInvite)
            : Problem.NotFound(NoSuchInvite);

    // What is no invitation of the caller's is 400, as in Quay.
    private static async Task<IResult> Decline(HttpContext http, string code, TeamStore teams, CancellationToken ct) =>
        IsCode(code) && await teams.AnswerAsync(http.Caller().Principal, code, accept: false, ct) is not null
            ? TypedResults.NoContent()
            : Problem.InvalidRequest(NoSuchInvite);

    private static async Task<IResult> InviteByMail(HttpContext http, string teamname, string email, TeamStore teams, MailQueue mail, CancellationToken ct)
    {
        if (!mail.Enabled)
            return NoMail;
        if (!MailAddress.IsValid(email))
            return Problem.InvalidRequest("The e-mail address is malformed.");
        if (!AccountStore.IsValidName(teamname))
            return NoSuchTeam;
        var outcome = await teams.InviteByMailAsync(http.Caller().Principal, http.Organization(), teamname, email, ct);
        return outcome.Problem is null ? TypedResults.Json(ShowMailed(email), OrganizationsJson.Default.ShownTeamMember) : OrganizationsApi.Refusal(outcome);
    }

    private static async Task<IResult> WithdrawMailed(HttpContext http, string teamname, string email, TeamStore teams, MailQueue mail, CancellationToken ct)
    {
        if (!mail.Enabled)
            return NoMail;
        if (!AccountStore.IsValidName(teamname) || !MailAddress.IsValid(email))
            return Problem.NotFound("There is no such invitation.");
        var outcome = await teams.WithdrawMailedAsync(http.Caller().Principal, http.Organization().NamespaceId, teamname, email, ct);
        return outcome.Problem is null ? TypedResults.NoContent() : OrganizationsApi.Refusal(outcome);
    }

    // What Quay answers where FEATURE_MAILING is off.
    private static Problem NoMail => Problem.NotFound("This registry sends no mail; add people by their user names.");

    private static ShownTeamMember Show(TeamMember member, bool invited) => new(member.Name, "user", member.IsRobot, Avatar.Of(member.Name, member.IsRobot ? "robot" : "user"), invited);

    private static ShownTeamMember ShowMailed(string email) => new(null, "invite", null, Avatar.Of(email, "user"), true) { Email = email };

    private static bool IsCode(string code) => code.Length is > 0 and <= 64 && code.All(char.IsAsciiLetterOrDigit);

    private const string NoSuchInvite = "There is no such invitation for you.";

    private static Problem NoSuchTeam => Problem.NotFound("The organization has no such team.");
}
