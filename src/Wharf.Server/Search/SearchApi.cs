using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Limits;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Search;

/// <summary>Search as in Quay. What a caller may not see is found by no search, and a search for it takes no longer and answers no other than one for nothing.</summary>
internal static class SearchApi
{
    private const int PageSize = 10;
    private const int MaxPages = 10;
    private const int EachKind = 5;
    private const int MaxEntities = 10;

    // How much each kind weighs in find/all (Quay).
    private const double EntityScore = 1;
    private const double TeamScore = 2;
    private const double RepositoryScore = 4;
    private const double TagScore = 1;

    // One character is no name that somebody looks for.
    private const int MinTag = 2;

    public static void MapSearch(this WebApplication app)
    {
        app.MapGet("/api/v1/entities/{prefix}", Entities).Requires(Permission.SignedIn, scope: Scopes.None).Limited(LimitClass.Search).WithName("getMatchingEntities")
            .Describe("Finds users, and inside an organization its teams and robots, whose names begin like this.")
            .Query("namespace", "The organization or user whose entities come first.").Query("includeTeams", "Teams of the organization too.", "boolean")
            .Query("includeOrgs", "The organization itself too.", "boolean").Gives(SearchJson.Default.FoundEntities);
        app.MapGet("/api/v1/find/all", All).Requires(Permission.Anyone, scope: Scopes.RepoRead).Limited(LimitClass.Search).WithName("conductSearch")
            .Describe("Finds repositories, users, organizations, teams, robots, tags and manifests that the caller may see.",
                "Tags are found by how they begin, from two characters on; manifests by the beginning of their digest, `sha256:` and eight digits at least.").Query("query", "What to look for.")
            .Gives(SearchJson.Default.FoundThings);
        app.MapGet("/api/v1/find/repositories", Repositories).Requires(Permission.Anyone).Limited(LimitClass.Search).WithName("conductRepoSearch")
            .Describe("Finds repositories that the caller may see.").Query("query", "What to look for.")
            .Query("page", "Which page of the results, from 1.", "integer").Gives(SearchJson.Default.FoundRepositories);
    }

    // Whom something can be granted to. Quay answers anonymous callers too, who have nothing to grant and would only collect names.
    private static async Task<IResult> Entities(HttpContext http, string prefix, SearchStore search, Permissions permissions, CancellationToken ct)
    {
        var (query, principal) = (http.Request.Query, http.Caller().Principal);
        if (query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        var text = Normalize(prefix);
        if (text.Length is 0 or > SearchStore.MaxLength)
            return TypedResults.Json(new FoundEntities([]), SearchJson.Default.FoundEntities);
        var results = new List<ShownEntity>();
        NamespaceAccess? asked = query["namespace"].ToString() is { Length: > 0 } name ? await permissions.DecideAsync(principal, name, ct) : null;
        var organization = asked is { Exists: true, IsOrganization: true } ? asked : null;
        // Teams and robots are the organization's own business.
        var inside = organization is not null && Permissions.Allows(principal, organization, Permission.SeeOrganization);
        if (inside && query.IsTrue("includeTeams"))
            results.AddRange((await search.TeamsAsync(organization!, text, MaxEntities, ct)).Select(t => View(t, true)));
        results.AddRange((await search.PeopleAsync(organization?.NamespaceId ?? 0, text, MaxEntities, ct)).Select(p => View(p, inside ? p.Member : null)));
        if (inside || (asked is { Exists: true, IsOrganization: false } && asked.NamespaceId == principal.AccountId && principal.Has(Scopes.UserAdmin)))
        {
            // Robots are found by both of their names.
            var mark = asked!.Name + "+";
            var shortName = text.StartsWith(mark, StringComparison.Ordinal) ? text[mark.Length..] : mark.StartsWith(text, StringComparison.Ordinal) ? "" : text;
            results.AddRange((await search.RobotsAsync(asked, shortName, MaxEntities, ct)).Select(r => View(r, inside ? true : null)));
        }
        if (inside && query.IsTrue("includeOrgs") && organization!.Name.StartsWith(text, StringComparison.Ordinal))
            results.Add(new ShownEntity(organization.Name, "org", null, true, Avatar.Of(organization.Name, "org")));
        return TypedResults.Json(new FoundEntities(results), SearchJson.Default.FoundEntities);
    }

    private static async Task<IResult> All(HttpContext http, SearchStore search, AuthOptions options, CancellationToken ct)
    {
        var (query, principal) = (http.Request.Query, http.Caller().Principal);
        if (Refuse(query, principal, options) is { } refusal)
            return refusal;
        var text = Normalize(query["query"].ToString());
        if (text.Length is 0 or > SearchStore.MaxLength)
            return TypedResults.Json(new FoundThings([]), SearchJson.Default.FoundThings);
        var results = new List<ShownThing>();
        if (!principal.IsAnonymous && principal.Has(Scopes.OrgAdmin | Scopes.UserAdmin))
        {
            foreach (var team in await search.OwnTeamsAsync(principal, text, EachKind, ct))
                results.Add(new ShownThing("team", team.Name, TeamScore * Closeness(team.Name, text), $"/organization/{team.Organization}/teams/{team.Name}")
                {
                    Organization = Namespace(team.Organization!, true),
                    Avatar = Avatar.Of(team.Name, "team"),
                });
            foreach (var robot in await search.OwnRobotsAsync(principal, text, EachKind, ct))
            {
                var plus = robot.Name.IndexOf('+', StringComparison.Ordinal);
                var (owner, shortName) = (robot.Name[..plus], robot.Name[(plus + 1)..]);
                results.Add(new ShownThing("robot", robot.Name, EntityScore * Closeness(shortName, text),
                    $"/{(owner == principal.Name ? "user" : "organization")}/{owner}?tab=robots&showRobot={Uri.EscapeDataString(robot.Name)}")
                {
                    Title = "robot",
                    ShortName = shortName,
                });
            }
        }
        foreach (var repository in await search.RepositoriesAsync(principal, text, 0, EachKind, ct))
            results.Add(View(repository) with { Score = RepositoryScore * Closeness(repository.Name, text) });
        foreach (var found in await search.NamespacesAsync(principal, text, EachKind, ct))
            results.Add(Namespace(found.Name, found.Kind == "organization") with { Score = EntityScore * Closeness(found.Name, text) });
        // Tags know upper and lower case.
        var typed = query["query"].ToString().Trim();
        if (typed.Length >= MinTag && TagName.IsValid(typed))
            foreach (var found in await search.TagsAsync(principal, typed, EachKind, ct))
                results.Add(View(found) with { Score = TagScore * Closeness(found.Tag!, typed) });
        if (DigestPrefix.TryParse(typed, out var prefix))
            foreach (var found in await search.ManifestsAsync(principal, prefix, EachKind, ct))
                results.Add(View(found) with { Score = RepositoryScore });
        return TypedResults.Json(new FoundThings([.. results.OrderByDescending(static r => r.Score)]), SearchJson.Default.FoundThings);
    }

    private static async Task<IResult> Repositories(HttpContext http, SearchStore search, AuthOptions options, CancellationToken ct)
    {
        var (query, principal) = (http.Request.Query, http.Caller().Principal);
        if (Refuse(query, principal, options) is { } refusal)
            return refusal;
        var page = 1;
        if (query["page"] is { Count: > 0 } asked && !int.TryParse(asked.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out page))
            return Problem.InvalidRequest("page is a number.");
        page = Math.Clamp(page, 1, MaxPages);
        var (text, offset) = (Normalize(query["query"].ToString()), (page - 1) * PageSize);
        var found = text.Length > SearchStore.MaxLength ? [] : await search.RepositoriesAsync(principal, text, offset, PageSize + 1, ct);
        var more = found.Count > PageSize;
        // The last page says that there are no more, or a client would ask for them forever.
        return TypedResults.Json(new FoundRepositories(
            [.. found.Take(PageSize).Select(static r => View(r) with { LastModified = r.LastPushMs / 1000, Stars = r.Stars })], more && page < MaxPages, page, PageSize, offset), SearchJson.Default.FoundRepositories);
    }

    private static Problem? Refuse(IQueryCollection query, Principal principal, AuthOptions options) =>
        principal.IsAnonymous && !options.AnonymousAccess ? Problem.InvalidToken("Sign in first.") : query.RefuseUnpublished();

    // Names are lower-case ASCII; whatever else there is in the text becomes a character that no name has. PostgreSQL has no NUL in text.
    private static string Normalize(string text)
    {
        var normal = new StringBuilder(Math.Min(text.Length, SearchStore.MaxLength + 1));
        foreach (var c in text)
        {
            if (normal.Length > SearchStore.MaxLength)
                break;
            if (c != ' ')
                normal.Append(c is > ' ' and < '\x7f' ? char.ToLowerInvariant(c) : '?');
        }
        return normal.ToString();
    }

    // Of what a search found, how much of the name the text is.
    private static double Closeness(string name, string text) => name == text ? 1
        : (name.StartsWith(text, StringComparison.Ordinal) ? 0.5 : 0.25) + (0.25 * Math.Min(1, (double)text.Length / name.Length));

    private static ShownEntity View(FoundEntity found, bool? member) => found.Kind == "team"
        ? new ShownEntity(found.Name, "team", null, member, Avatar.Of(found.Name, "team"))
        : new ShownEntity(found.Name, "user", found.Kind == "robot", member, Avatar.Of(found.Name, found.Kind));

    private static ShownThing View(FoundRepository found) => new("repository", found.Name, RepositoryScore, $"/repository/{found.Namespace}/{found.Name}")
    {
        Title = "repo",
        Namespace = Namespace(found.Namespace, found.OfOrganization),
        Description = found.Description,
        IsPublic = found.Public,
    };

    private static ShownThing View(FoundManifest found) => new(found.Tag is null ? "manifest" : "tag", found.Tag ?? found.Digest.ToString(), TagScore,
        found.Tag is null ? $"/repository/{found.Namespace}/{found.Repository}/manifest/{found.Digest}" : $"/repository/{found.Namespace}/{found.Repository}/tag/{found.Tag}")
    {
        Title = found.Tag is null ? "manifest" : "tag",
        Namespace = Namespace(found.Namespace, found.OfOrganization),
        Repository = $"{found.Namespace}/{found.Repository}",
        ManifestDigest = found.Digest.ToString(),
        LastModified = found.SinceMs / 1000,
    };

    private static ShownThing Namespace(string name, bool organization) => organization
        ? new ShownThing("organization", name, EntityScore, "/organization/" + name) { Title = "org", Avatar = Avatar.Of(name, "org") }
        : new ShownThing("user", name, EntityScore, "/user/" + name) { Title = "user", Avatar = Avatar.Of(name, "user") };
}

internal sealed record FoundEntities(IReadOnlyList<ShownEntity> Results);

internal sealed record ShownEntity(string Name, string Kind, bool? IsRobot, bool? IsOrgMember, Avatar Avatar);

internal sealed record FoundThings(IReadOnlyList<ShownThing> Results);

internal sealed record FoundRepositories(IReadOnlyList<ShownThing> Results, bool HasAdditional, int Page, int PageSize, int StartIndex);

internal sealed record ShownThing(string Kind, string Name, double Score, string Href)
{
    public string? Title { get; init; }
    public string? ShortName { get; init; }
    public Avatar? Avatar { get; init; }
    public ShownThing? Namespace { get; init; }
    public ShownThing? Organization { get; init; }
    public string? Description { get; init; }
    public bool? IsPublic { get; init; }
    public long? LastModified { get; init; }
    public long? Stars { get; init; }

    /// <summary>Of a tag or manifest: where it is, namespace/name. Not in Quay, as its kinds.</summary>
    public string? Repository { get; init; }
    public string? ManifestDigest { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FoundEntities))]
[JsonSerializable(typeof(FoundThings))]
[JsonSerializable(typeof(FoundRepositories))]
internal sealed partial class SearchJson : JsonSerializerContext;
