using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>The people of an organization, as in Quay.</summary>
internal static class MembersApi
{
    // Quay's clients know no next page here, so that a page holds what most organizations have.
    private const int PageSize = 1000;

    public static void MapMembers(this WebApplication app)
    {
        app.MapGet("/api/v1/organization/{orgname}/collaborators", ListCollaborators).Requires(Permission.InspectOrganization).WithName("getOrganizationCollaborators")
            .Describe("Lists the people outside the organization with a grant on one of its repositories.").Paged().Gives(OrganizationsJson.Default.Collaborators);
        app.MapGet("/api/v1/organization/{orgname}/members", List).Requires(Permission.InspectOrganization).WithName("getOrganizationMembers")
            .Describe("Lists the members of an organization, with their teams and repositories.").Paged().Gives(OrganizationsJson.Default.Members);
        app.MapGet("/api/v1/organization/{orgname}/members/{membername}", Get).Requires(Permission.InspectOrganization).WithName("getOrganizationMember")
            .Describe("Shows a member of an organization.").Gives(OrganizationsJson.Default.ShownMember);
        app.MapDelete("/api/v1/organization/{orgname}/members/{membername}", Remove).Requires(Permission.AdministerOrganization).WithName("removeOrganizationMember")
            .Describe("Removes a member from every team and grant of an organization.").Gives(204);
    }

    private static async Task<IResult> ListCollaborators(HttpContext http, MemberStore members, CancellationToken ct)
    {
        if (Page.From(http, out var after) is { } refused)
            return refused;
        var id = http.Organization().NamespaceId;
        var found = await members.CollaboratorsAsync(id, after, PageSize + 1, ct);
        var next = Page.Cut(found, PageSize, static m => m.Id);
        var repositories = await DetailsAsync(found, (first, last) => members.RepositoriesAsync(id, first, last, ct));
        return TypedResults.Json(new Collaborators([.. found.Select(m => new Collaborator("user", m.Name, Avatar.Of(m.Name, "user"), [.. repositories[m.Id]]))], next), OrganizationsJson.Default.Collaborators);
    }

    private static async Task<IResult> List(HttpContext http, MemberStore members, CancellationToken ct)
    {
        if (Page.From(http, out var after) is { } refused)
            return refused;
        var id = http.Organization().NamespaceId;
        var found = await members.ListAsync(id, after, PageSize + 1, ct);
        var next = Page.Cut(found, PageSize, static m => m.Id);
        return TypedResults.Json(new Members(await ShowAsync(members, id, found, ct), next), OrganizationsJson.Default.Members);
    }

    private static async Task<IResult> Get(HttpContext http, string membername, MemberStore members, CancellationToken ct)
    {
        var id = http.Organization().NamespaceId;
        return IsAccountName(membername) && await members.FindAsync(id, membername, ct) is { } member
            ? TypedResults.Json((await ShowAsync(members, id, [member], ct))[0], OrganizationsJson.Default.ShownMember)
            : Problem.NotFound("Nobody of that name is in the organization.");
    }

    private static async Task<IResult> Remove(HttpContext http, string membername, MemberStore members, CancellationToken ct)
    {
        var outcome = AccountStore.IsValidName(membername)
            ? await members.RemoveAsync(http.Caller().Principal, http.Organization().NamespaceId, membername, ct)
            : OrganizationOutcome.NotFound("Nobody of that name is in the organization.");
        return outcome.Problem is null ? TypedResults.NoContent() : OrganizationsApi.Refusal(outcome);
    }

    internal static bool IsAccountName(string name) => AccountStore.IsValidName(name) || AccountStore.IsValidRobotName(name);

    /// <summary>Told by the name, so that no answer tells whether another namespace has such a robot.</summary>
    internal static bool IsForeignRobot(HttpContext http, string name) => AccountStore.OwnerOfRobot(name) is { } owner && owner != http.Organization().Name;

    private static async Task<IReadOnlyList<ShownMember>> ShowAsync(MemberStore members, long organizationId, List<TeamMember> found, CancellationToken ct)
    {
        var teams = await DetailsAsync(found, (first, last) => members.TeamsAsync(organizationId, first, last, ct));
        var repositories = await DetailsAsync(found, (first, last) => members.RepositoriesAsync(organizationId, first, last, ct));
        return [.. found.Select(m => new ShownMember(m.Name, m.IsRobot ? "robot" : "user", Avatar.Of(m.Name, m.IsRobot ? "robot" : "user"),
            [.. teams[m.Id].Select(static t => new NamedTeam(t, Avatar.Of(t, "team")))], [.. repositories[m.Id]]))];
    }

    // The accounts of a page are in the order of their numbers, so that one query has the details of all of them.
    private static async ValueTask<ILookup<long, string>> DetailsAsync(List<TeamMember> page, Func<long, long, ValueTask<List<(long AccountId, string Name)>>> read) =>
        (page.Count == 0 ? [] : await read(page[0].Id, page[^1].Id)).ToLookup(static d => d.AccountId, static d => d.Name);
}
