using System.Text.Json.Serialization;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>The teams of an organization and the invitations to them, as in Quay; the list of one's own invitations is Wharf's, which sends no mail for them.</summary>
internal static class TeamsApi
{
    private const int MaxDescription = 4096;

    public static void MapTeams(this WebApplication app)
    {
        app.MapPut("/api/v1/organization/{orgname}/team/{teamname}", Put).Requires(Permission.AdministerOrganization).WithName("updateOrganizationTeam");
        app.MapDelete("/api/v1/organization/{orgname}/team/{teamname}", Delete).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationTeam");
        app.MapGet("/api/v1/organization/{orgname}/team/{teamname}/members", ListMembers).Requires(Permission.SeeOrganization).WithName("getOrganizationTeamMembers");
        app.MapPut("/api/v1/organization/{orgname}/team/{teamname}/members/{membername}", AddMember).Requires(Permission.AdministerOrganization).WithName("updateOrganizationTeamMember");
        app.MapDelete("/api/v1/organization/{orgname}/team/{teamname}/members/{membername}", RemoveMember).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationTeamMember");
        app.MapGet("/api/v1/organization/{orgname}/team/{teamname}/permissions", ListGrants).Requires(Permission.InspectOrganization).WithName("getOrganizationTeamPermissions");
        app.MapGet("/api/v1/user/teaminvites", ListInvites).Requires(Permission.Person).WithName("listTeamInvites");
        app.MapPut("/api/v1/teaminvite/{code}", AcceptInvite).Requires(Permission.Person).WithName("acceptOrganizationTeamInvite");
        app.MapDelete("/api/v1/teaminvite/{code}", DeclineInvite).Requires(Permission.Person).WithName("declineOrganizationTeamInvite");
    }

    private static async Task<IResult> Put(HttpContext http, string teamname, TeamStore teams, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OrganizationsJson.Default.TeamDescription, ct);
        if (body is null)
            return problem!;
        if (body.Role is not ("member" or "creator" or "admin"))
            return Problem.InvalidRequest("role must be 'member', 'creator' or 'admin'.");
        if (body.Description is { } text && (text.Length > MaxDescription || text.Contains('\0', StringComparison.Ordinal)))
            return Problem.InvalidRequest($"A team's description has at most {MaxDescription} characters, without NUL.");
        if (!AccountStore.IsValidName(teamname))
            return Problem.InvalidRequest("A team's name has 2 to 255 lower-case letters and digits, with single '.', '_' or '-' between them.");
        var (team, isNew, refusal) = await teams.PutAsync(http.Caller().Principal, http.Organization().NamespaceId, teamname, body.Role, body.Description, ct);
        return refusal is not null ? refusal
            : TypedResults.Json(new TeamView(team!.Name, team.Description, true, team.Role, Avatar.Of(team.Name, "team"), isNew), OrganizationsJson.Default.TeamView);
    }

    private static async Task<IResult> Delete(HttpContext http, string teamname, TeamStore teams, CancellationToken ct) =>
        !AccountStore.IsValidName(teamname) ? NoSuchTeam
        : await teams.DeleteAsync(http.Caller().Principal, http.Organization().NamespaceId, teamname, ct) is { } refusal ? refusal : TypedResults.NoContent();

    private static async Task<IResult> ListMembers(HttpContext http, string teamname, TeamStore teams, CancellationToken ct)
    {
        var (me, organization) = (http.Caller().Principal, http.Organization());
        var found = AccountStore.IsValidName(teamname) ? await teams.FindAsync(organization.NamespaceId, teamname, me.AccountId, ct) : null;
        var inspects = me.Superuser || Permissions.Allows(me, organization, Permission.InspectOrganization);
        // Of a team that is none of theirs, members are not told whether there is one.
        if (!inspects && found is not { Mine: true })
            return Problem.InsufficientScope("Only the team's members and the organization's admins may see who is in it, or it does not exist.");
        if (found is not var (team, _))
            return NoSuchTeam;
        var (last, problem) = NamePages.From(http);
        if (problem is not null)
            return problem;
        var administers = Permissions.Allows(me, organization, Permission.AdministerOrganization);
        var members = await teams.MembersAsync(team.Id, administers && http.Request.Query.IsTrue("includePending"), last, NamePages.Size + 1, ct);
        var next = NamePages.Cut(members, static m => m.Name);
        return TypedResults.Json(new TeamMemberList(team.Name, [.. members.Select(View)], administers, next), OrganizationsJson.Default.TeamMemberList);
    }

    private static async Task<IResult> AddMember(HttpContext http, string teamname, string membername, TeamStore teams, CancellationToken ct)
    {
        if (!AccountStore.IsValidName(teamname))
            return NoSuchTeam;
        if (!IsAccountName(membername))
            return Problem.InvalidRequest("Unknown user");
        var (member, refusal) = await teams.AddAsync(http.Caller().Principal, http.Organization().NamespaceId, teamname, membername, ct);
        return refusal is not null ? refusal : TypedResults.Json(View(member), OrganizationsJson.Default.TeamMemberView);
    }

    private static async Task<IResult> RemoveMember(HttpContext http, string teamname, string membername, TeamStore teams, CancellationToken ct) =>
        !AccountStore.IsValidName(teamname) ? NoSuchTeam
        : !IsAccountName(membername) ? Problem.NotFound("Nobody of this name is in the team.")
        : await teams.RemoveAsync(http.Caller().Principal, http.Organization().NamespaceId, teamname, membername, ct) is { } refusal ? refusal : TypedResults.NoContent();

    private static async Task<IResult> ListGrants(HttpContext http, string teamname, TeamStore teams, CancellationToken ct)
    {
        if (!AccountStore.IsValidName(teamname) || await teams.FindAsync(http.Organization().NamespaceId, teamname, 0, ct) is not var (team, _))
            return NoSuchTeam;
        var (last, problem) = NamePages.From(http);
        if (problem is not null)
            return problem;
        var grants = await teams.GrantsAsync(team.Id, last, NamePages.Size + 1, ct);
        var next = NamePages.Cut(grants, static g => g.Repository);
        return TypedResults.Json(
            new TeamGrantList([.. grants.Select(static g => new TeamGrantView(new TeamGrantRepository(g.Repository, g.IsPublic), g.Role.ToString().ToLowerInvariant()))], next),
            OrganizationsJson.Default.TeamGrantList);
    }

    private static async Task<IResult> ListInvites(HttpContext http, TeamStore teams, CancellationToken ct)
    {
        var (last, problem) = NamePages.From(http);
        if (problem is not null)
            return problem;
        var invites = await teams.InvitesAsync(http.Caller().Principal.AccountId, last, NamePages.Size + 1, ct);
        var next = NamePages.Cut(invites, static i => i.Code);
        return TypedResults.Json(
            new TeamInviteList([.. invites.Select(static i => new TeamInviteView(i.Code, i.Organization, i.Team, i.Inviter, QuayDate.Format(i.CreatedMs)!))], next),
            OrganizationsJson.Default.TeamInviteList);
    }

    private static async Task<IResult> AcceptInvite(HttpContext http, string code, TeamStore teams, CancellationToken ct) =>
        IsCode(code) && await teams.AnswerAsync(http.Caller().Principal, code, accept: true, ct) is var (organization, team)
            ? TypedResults.Json(new JoinedTeam(organization, team), OrganizationsJson.Default.JoinedTeam)
            : NoSuchInvite;

    private static async Task<IResult> DeclineInvite(HttpContext http, string code, TeamStore teams, CancellationToken ct) =>
        IsCode(code) && await teams.AnswerAsync(http.Caller().Principal, code, accept: false, ct) is not null ? TypedResults.NoContent() : NoSuchInvite;

    private static TeamMemberView View(TeamMember member) => new(member.Name, "user", member.IsRobot, Avatar.Of(member.Name, member.IsRobot ? "robot" : "user"), member.Invited);

    private static bool IsAccountName(string text) => AccountStore.IsValidName(text) || AccountStore.IsValidRobotName(text);

    private static bool IsCode(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);

    private static Problem NoSuchTeam => Problem.NotFound("There is no such team in this organization.");

    private static Problem NoSuchInvite => Problem.NotFound("There is no such invitation for you.");
}

internal sealed record TeamDescription([property: JsonRequired] string Role, string? Description);

internal sealed record TeamView(string Name, string Description, bool CanView, string Role, Avatar Avatar, bool NewTeam);

internal sealed record TeamMemberList(
    string Name, IReadOnlyList<TeamMemberView> Members, bool CanEdit, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record TeamMemberView(string Name, string Kind, bool IsRobot, Avatar Avatar, bool Invited);

internal sealed record TeamGrantList(IReadOnlyList<TeamGrantView> Permissions, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record TeamGrantView(TeamGrantRepository Repository, string Role);

internal sealed record TeamGrantRepository(string Name, bool IsPublic);

internal sealed record TeamInviteList(IReadOnlyList<TeamInviteView> Invites, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record TeamInviteView(string Code, string Org, string Team, string? Inviter, string Created);

internal sealed record JoinedTeam(string Org, string Team);
