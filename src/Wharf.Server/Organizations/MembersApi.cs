using System.Text.Json.Serialization;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>Who is in an organization or works in its repositories from outside, as in Quay.</summary>
internal static class MembersApi
{
    public static void MapMembers(this WebApplication app)
    {
        app.MapGet("/api/v1/organization/{orgname}/collaborators", ListCollaborators).Requires(Permission.InspectOrganization).WithName("getOrganizationCollaborators");
        app.MapGet("/api/v1/organization/{orgname}/members", List).Requires(Permission.InspectOrganization).WithName("getOrganizationMembers");
        app.MapGet("/api/v1/organization/{orgname}/members/{membername}", Get).Requires(Permission.InspectOrganization).WithName("getOrganizationMember");
        app.MapDelete("/api/v1/organization/{orgname}/members/{membername}", Remove).Requires(Permission.AdministerOrganization).WithName("removeOrganizationMember");
    }

    private static async Task<IResult> ListCollaborators(HttpContext http, MemberStore members, CancellationToken ct)
    {
        var (last, problem) = NamePages.From(http);
        if (problem is not null)
            return problem;
        var id = http.Organization().NamespaceId;
        var found = await members.CollaboratorsAsync(id, last, NamePages.Size + 1, ct);
        var next = NamePages.Cut(found, static m => m.Name);
        var repositories = found.Count == 0 ? null : (await members.RepositoriesAsync(id, last, found[^1].Name, ct)).ToLookup(static r => r.Id, static r => r.Repository);
        return TypedResults.Json(
            new CollaboratorList([.. found.Select(m => new CollaboratorView("user", m.Name, Avatar.Of(m.Name, "user"), [.. repositories![m.Id]]))], next),
            OrganizationsJson.Default.CollaboratorList);
    }

    private static async Task<IResult> List(HttpContext http, MemberStore members, CancellationToken ct)
    {
        var (last, problem) = NamePages.From(http);
        if (problem is not null)
            return problem;
        var id = http.Organization().NamespaceId;
        var found = await members.MembersAsync(id, last, NamePages.Size + 1, ct);
        var next = NamePages.Cut(found, static m => m.Name);
        var teams = found.Count == 0 ? null : (await members.TeamsAsync(id, last, found[^1].Name, ct)).ToLookup(static t => t.Id, static t => t.Team);
        var repositories = found.Count == 0 ? null : (await members.RepositoriesAsync(id, last, found[^1].Name, ct)).ToLookup(static r => r.Id, static r => r.Repository);
        return TypedResults.Json(new MemberList([.. found.Select(m => View(m, teams![m.Id], repositories![m.Id]))], next), OrganizationsJson.Default.MemberList);
    }

    private static async Task<IResult> Get(HttpContext http, string membername, MemberStore members, CancellationToken ct)
    {
        var id = http.Organization().NamespaceId;
        return (AccountStore.IsValidName(membername) || AccountStore.IsValidRobotName(membername)) && await members.FindAsync(id, membername, ct) is { } member
            ? TypedResults.Json(View(member, await members.TeamsOfAsync(id, member.Id, ct), await members.RepositoriesOfAsync(id, member.Id, ct)), OrganizationsJson.Default.MemberView)
            : Problem.NotFound("Nobody of this name is in the organization.");
    }

    private static async Task<IResult> Remove(HttpContext http, string membername, TeamStore teams, CancellationToken ct) =>
        !AccountStore.IsValidName(membername) ? Problem.NotFound("There is no such user.")
        : await teams.RemoveFromAllAsync(http.Caller().Principal, http.Organization().NamespaceId, membername, ct) is { } refusal ? refusal : TypedResults.NoContent();

    private static MemberView View(OrganizationMember member, IEnumerable<string> teams, IEnumerable<string> repositories) => new(
        member.Name, member.IsRobot ? "robot" : "user", Avatar.Of(member.Name, member.IsRobot ? "robot" : "user"),
        [.. teams.Select(static t => new MemberTeamView(t, Avatar.Of(t, "team")))], [.. repositories]);
}

internal sealed record CollaboratorList(IReadOnlyList<CollaboratorView> Collaborators, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record CollaboratorView(string Kind, string Name, Avatar Avatar, IReadOnlyList<string> Repositories);

internal sealed record MemberList(IReadOnlyList<MemberView> Members, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

internal sealed record MemberView(string Name, string Kind, Avatar Avatar, IReadOnlyList<MemberTeamView> Teams, IReadOnlyList<string> Repositories);

internal sealed record MemberTeamView(string Name, Avatar Avatar);
