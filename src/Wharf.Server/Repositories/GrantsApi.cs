using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Repositories;

/// <summary>The permissions of one repository, as in Quay.</summary>
internal static class GrantsApi
{
    // Quay has no pages here and its clients read one answer, so that a page is as long as such a list gets in practice.
    private const int PageSize = 1000;

    public static void MapGrants(this WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/permissions/user", ListAccounts).Requires(Permission.Inspect).WithName("listRepoUserPermissions")
            .Describe("Lists the users and robots with a grant on a repository.").Paged().Gives(GrantsJson.Default.GrantList);
        app.MapGet("/api/v1/repository/-/permissions/user/{username}", GetAccount).Requires(Permission.Inspect).WithName("getUserPermissions")
            .Describe("Shows the grant of a user or robot on a repository.").Gives(GrantsJson.Default.ShownGrant);
        app.MapPut("/api/v1/repository/-/permissions/user/{username}", ChangeAccount).Requires(Permission.Administer).WithName("changeUserPermissions")
            .Describe("Gives a user or robot a role in a repository.").Takes(GrantsJson.Default.NewGrant).Gives(GrantsJson.Default.ShownGrant);
        app.MapDelete("/api/v1/repository/-/permissions/user/{username}", DeleteAccount).Requires(Permission.Administer).WithName("deleteUserPermissions")
            .Describe("Takes the grant of a user or robot away.").Gives(204);
        app.MapGet("/api/v1/repository/-/permissions/user/{username}/transitive", Transitive).Requires(Permission.Inspect).WithName("getUserTransitivePermission")
            .Describe("Lists the roles that a user has in a repository, whatever gives them.").Gives(GrantsJson.Default.TransitiveRoles);
        app.MapGet("/api/v1/repository/-/permissions/team", ListTeams).Requires(Permission.Inspect).WithName("listRepoTeamPermissions")
            .Describe("Lists the teams with a grant on a repository.").Paged().Gives(GrantsJson.Default.GrantList);
        app.MapGet("/api/v1/repository/-/permissions/team/{teamname}", GetTeam).Requires(Permission.Inspect).WithName("getTeamPermissions")
            .Describe("Shows the grant of a team on a repository.").Gives(GrantsJson.Default.ShownGrant);
        app.MapPut("/api/v1/repository/-/permissions/team/{teamname}", ChangeTeam).Requires(Permission.Administer).WithName("changeTeamPermissions")
            .Describe("Gives a team a role in a repository.").Takes(GrantsJson.Default.NewGrant).Gives(GrantsJson.Default.ShownGrant);
        app.MapDelete("/api/v1/repository/-/permissions/team/{teamname}", DeleteTeam).Requires(Permission.Administer).WithName("deleteTeamPermissions")
            .Describe("Takes the grant of a team away.").Gives(204);
    }

    private static Task<IResult> ListAccounts(HttpContext http, GrantStore grants, CancellationToken ct) => ListAsync(http, grants.AccountsAsync, ct);

    private static Task<IResult> ListTeams(HttpContext http, GrantStore grants, CancellationToken ct) => ListAsync(http, grants.TeamsAsync, ct);

    private static async Task<IResult> ListAsync(HttpContext http, Func<RepositoryAccess, long, int, CancellationToken, ValueTask<List<Grant>>> list, CancellationToken ct)
    {
        var access = http.Access();
        if (!access.Exists)
            return NoSuchRepository;
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        if (!http.Request.Query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var found = await list(access, after, PageSize + 1, ct);
        string? next = null;
        if (found.Count > PageSize)
        {
            found.RemoveAt(PageSize);
            next = QuayQuery.NextPage(found[^1].Id);
        }
        return TypedResults.Json(new GrantList(found.ToDictionary(static g => g.Name, View), next), GrantsJson.Default.GrantList);
    }

    private static async Task<IResult> GetAccount(HttpContext http, string username, GrantStore grants, CancellationToken ct) =>
        !http.Access().Exists ? NoSuchRepository
        : await grants.FindAccountAsync(http.Access(), username, ct) is { } grant ? TypedResults.Json(View(grant), GrantsJson.Default.ShownGrant) : NoGrantTo("User");

    private static async Task<IResult> GetTeam(HttpContext http, string teamname, GrantStore grants, CancellationToken ct) =>
        !http.Access().Exists ? NoSuchRepository
        : await grants.FindTeamAsync(http.Access(), teamname, ct) is { } grant ? TypedResults.Json(View(grant), GrantsJson.Default.ShownGrant) : NoGrantTo("Team");

    private static Task<IResult> ChangeAccount(HttpContext http, string username, GrantStore grants, CancellationToken ct) =>
        ChangeAsync(http, username, grants.GrantToAccountAsync, ct);

    private static Task<IResult> ChangeTeam(HttpContext http, string teamname, GrantStore grants, CancellationToken ct) =>
        ChangeAsync(http, teamname, grants.GrantToTeamAsync, ct);

    private static async Task<IResult> ChangeAsync(
        HttpContext http, string name, Func<Principal, RepositoryAccess, string, RepositoryRole, CancellationToken, Task<GrantOutcome>> grant, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, GrantsJson.Default.NewGrant, ct);
        if (body is null)
            return problem!;
        if (!http.Access().Exists)
            return NoSuchRepository;
        if (Role(body.Role) is not { } role)
            return Problem.InvalidRequest("role must be 'read', 'write' or 'admin'.");
        var outcome = await grant(http.Caller().Principal, http.Access(), name, role, ct);
        return outcome.Problem is { } why ? Problem.InvalidRequest(why) : TypedResults.Json(View(outcome.Grant!), GrantsJson.Default.ShownGrant);
    }

    private static async Task<IResult> DeleteAccount(HttpContext http, string username, GrantStore grants, CancellationToken ct) =>
        !http.Access().Exists ? NoSuchRepository
        : username == http.Access().Name.Namespace ? Problem.InvalidRequest("Namespace owner must always be admin.")
        : await grants.RevokeFromAccountAsync(http.Caller().Principal, http.Access(), username, ct) ? TypedResults.NoContent() : NoGrantTo("User");

    private static async Task<IResult> DeleteTeam(HttpContext http, string teamname, GrantStore grants, CancellationToken ct) =>
        !http.Access().Exists ? NoSuchRepository
        : await grants.RevokeFromTeamAsync(http.Caller().Principal, http.Access(), teamname, ct) ? TypedResults.NoContent() : NoGrantTo("Team");

    private static async Task<IResult> Transitive(HttpContext http, string username, GrantStore grants, CancellationToken ct)
    {
        if (!http.Access().Exists)
            return NoSuchRepository;
        var roles = await grants.RolesAsync(http.Access(), username, ct);
        return roles.Count == 0
            ? Problem.NotFound("The user has no role in this repository, or does not exist.")
            : TypedResults.Json(new TransitiveRoles([.. roles.Select(static r => new TransitiveRole(Word(r)))]), GrantsJson.Default.TransitiveRoles);
    }

    private static RepositoryRole? Role(string word) => word switch
    {
        "read" => RepositoryRole.Read,
        "write" => RepositoryRole.Write,
        "admin" => RepositoryRole.Admin,
        _ => null,
    };

    public static string Word(RepositoryRole role) => role switch
    {
        RepositoryRole.Read => "read",
        RepositoryRole.Write => "write",
        RepositoryRole.Admin => "admin",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    private static ShownGrant View(Grant grant) => new(Word(grant.Role), grant.Name, Avatar.Of(grant.Name, grant.Robot switch { null => "team", true => "robot", _ => "user" }), grant.Robot, grant.Member);

    private static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");

    private static Problem NoGrantTo(string whom) => Problem.InvalidRequest($"{whom} does not have permission for repo.");
}

internal sealed record GrantList(Dictionary<string, ShownGrant> Permissions, string? NextPage);

internal sealed record ShownGrant(string Role, string Name, Avatar Avatar, bool? IsRobot, bool? IsOrgMember);

internal sealed record NewGrant([property: JsonRequired, AllowedValues("read", "write", "admin")] string Role);

internal sealed record TransitiveRoles(IReadOnlyList<TransitiveRole> Permissions);

internal sealed record TransitiveRole(string Role);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GrantList))]
[JsonSerializable(typeof(NewGrant))]
[JsonSerializable(typeof(TransitiveRoles))]
internal sealed partial class GrantsJson : JsonSerializerContext;
