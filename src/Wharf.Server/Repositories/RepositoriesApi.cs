using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.PullStatistics;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Repositories;

/// <summary>Repositories as in Quay. Deleting one is a state that can be undone, which Quay's cannot.</summary>
internal static class RepositoriesApi
{
    private const int PageSize = 100;
    private const int MaxTags = 500;

    public static void MapRepositories(this WebApplication app)
    {
        app.MapPost("/api/v1/repository", Create).Requires(Permission.SignedIn, scope: Scopes.RepoCreate).WithName("createRepo")
            .Describe("Makes an empty repository.").Takes(RepositoriesJson.Default.NewRepository).Gives(RepositoriesJson.Default.CreatedRepository, 201);
        app.MapGet("/api/v1/repository", List).Requires(Permission.Anyone, scope: Scopes.RepoRead).WithName("listRepos")
            .Describe("Lists repositories that the caller may see. One of namespace, starred and public must be given.")
            .Query("namespace", "Those of this user or organization.").Query("starred", "Those that the caller has starred.", "boolean")
            .Query("public", "Public ones too, or alone.", "boolean").Query("last_modified", "With the time of the last push.", "boolean")
            .Query("repo_kind", "image; there are none of Quay's kind application.").Paged().Gives(RepositoriesJson.Default.ListedRepositories);
        app.MapGet("/api/v1/repository/-", Get).Requires(Permission.Pull).WithName("getRepo")
            .Describe("Shows a repository and its tags.").Query("includeTags", "With the tags, as it is without this parameter.", "boolean")
            .Query("includeStats", "With how often it was pushed to and pulled from on each of the last 90 days.", "boolean").Gives(RepositoriesJson.Default.ShownRepository);
        app.MapPut("/api/v1/repository/-", Update).Requires(Permission.Push).WithName("updateRepo")
            .Describe("Changes the description of a repository.").Takes(RepositoriesJson.Default.RepositoryUpdate).Gives(RepositoriesJson.Default.Done);
        app.MapDelete("/api/v1/repository/-", Delete).Requires(Permission.Administer).WithName("deleteRepository")
            .Describe("Deletes a repository; it can be restored for a while.").Gives(204);
        app.MapPost("/api/v1/repository/-/restore", Restore).Requires(Permission.Administer).WithName("restoreRepository")
            .Describe("Restores a deleted repository with its tags and grants.").Takes(RepositoriesJson.Default.NewName, optional: true).Gives(RepositoriesJson.Default.Done);
        app.MapGet("/api/v1/organization/{orgname}/deletedrepositories", ListDeleted).Requires(Permission.InspectOrganization).WithName("listDeletedRepositories")
            .Describe("Lists the deleted repositories of an organization that can be restored.").Paged().Gives(RepositoriesJson.Default.DeletedRepositories);
        app.MapGet("/api/v1/user/deletedrepositories", ListOwnDeleted).Requires(Permission.Person).WithName("listDeletedUserRepositories")
            .Describe("Lists the own deleted repositories that can be restored.").Paged().Gives(RepositoriesJson.Default.DeletedRepositories);
        app.MapPost("/api/v1/repository/-/changevisibility", ChangeVisibility).Requires(Permission.Administer).WithName("changeRepoVisibility")
            .Describe("Makes a repository public or private.").Takes(RepositoriesJson.Default.Visibility).Gives(RepositoriesJson.Default.Done);
        app.MapPut("/api/v1/repository/-/changestate", ChangeState).Requires(Permission.Administer).WithName("changeRepoState")
            .Describe("Makes a repository read-only, or normal again.").Takes(RepositoriesJson.Default.NewState).Gives(RepositoriesJson.Default.Done);

        // What Quay answers where FEATURE_SIGNING and FEATURE_MAILING are off.
        app.MapPost("/api/v1/repository/-/changetrust", NotHere).Requires(Permission.Administer).WithName("changeRepoTrust")
            .Describe("Signing by Notary, which is not here: it answers 404.").Gives(404);
        AuthorizedEmailsApi.Map(app);

        // Robots took the place of repository tokens long ago; Quay keeps the paths.
        app.MapGet("/api/v1/repository/-/tokens", Gone).Requires(Permission.Inspect).WithName("listRepoTokens")
            .Describe("Repository tokens, whose place robots took: it answers 410.").Gives(410);
        app.MapPost("/api/v1/repository/-/tokens", Gone).Requires(Permission.Administer).WithName("createToken")
            .Describe("Repository tokens, whose place robots took: it answers 410.").Gives(410);
        app.MapGet("/api/v1/repository/-/tokens/{code}", Gone).Requires(Permission.Inspect).WithName("getTokens")
            .Describe("Repository tokens, whose place robots took: it answers 410.").Gives(410);
        app.MapPut("/api/v1/repository/-/tokens/{code}", Gone).Requires(Permission.Administer).WithName("changeToken")
            .Describe("Repository tokens, whose place robots took: it answers 410.").Gives(410);
        app.MapDelete("/api/v1/repository/-/tokens/{code}", Gone).Requires(Permission.Administer).WithName("deleteToken")
            .Describe("Repository tokens, whose place robots took: it answers 410.").Gives(410);
    }

    private static async Task<IResult> Create(HttpContext http, RepositoryStore repositories, Permissions permissions, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, RepositoriesJson.Default.NewRepository, ct);
        if (body is null)
            return problem!;
        var by = http.Caller().Principal;
        if (body.RepoKind is not (null or "image"))
            return Problem.InvalidRequest("repo_kind must be 'image'.");
        if (body.Visibility is not ("public" or "private"))
            return Problem.InvalidRequest("visibility must be 'public' or 'private'.");
        if (CheckDescription(body.Description) is { } bad)
            return bad;
        if (!RepositoryName.TryParse($"{body.Namespace ?? by.Name}/{body.Repository}", null, out var name))
            return Problem.InvalidRequest("The repository name is malformed; it has lower-case letters and digits, with '.', '_', '__' or '-' between them.");
        var access = await permissions.DecideAsync(by, name, RepositoryRole.Admin, ct);
        if (access.Role != RepositoryRole.Admin || access.NamespaceId == 0)
            return NoSuchNamespace;
        return await repositories.CreateAsync(access, body.Visibility == "public", body.Description, by, ct) switch
        {
            null => NoSuchNamespace,
            0 => Problem.InvalidRequest("Repository already exists"),
            _ => TypedResults.Json(new CreatedRepository(name.Namespace, name.Name, "image"), RepositoriesJson.Default.CreatedRepository, statusCode: 201),
        };
    }

    // As in Quay, one of namespace, starred and public must be given; starred goes first.
    private static async Task<IResult> List(HttpContext http, RepositoryDirectory directory, Permissions permissions, AuthOptions options, CancellationToken ct)
    {
        var (query, principal) = (http.Request.Query, http.Caller().Principal);
        var (name, starred, isPublic) = (query["namespace"].ToString(), query.IsTrue("starred"), query.IsTrue("public"));
        if (principal.IsAnonymous && !options.AnonymousAccess)
            return Problem.InvalidToken("Sign in first.");
        if (query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        if (name.Length == 0 && !starred && !isPublic)
            return Problem.InvalidRequest("namespace, starred or public are required for this API call");
        if (starred && principal.IsAnonymous)
            return Problem.InvalidRequest("Only somebody who has signed in has starred repositories.");
        if (query["repo_kind"] is { Count: > 0 } kind && kind.ToString() is not ("" or "image" or "application"))
            return Problem.InvalidRequest("repo_kind is 'image' or 'application'.");
        if (!query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;

        // Nothing here is of Quay's kind "application".
        if (query["repo_kind"] == "application")
            return Page([], null);
        var filter = new RepositoryFilter(starred, 0, false, isPublic);
        if (!starred && name.Length > 0)
        {
            var access = await permissions.DecideAsync(principal, name, ct);
            if (!access.Exists)
                return Page([], null);
            filter = filter with { NamespaceId = access.NamespaceId, AllOfNamespace = access.Role >= NamespaceRole.Admin };
        }
        var found = await directory.ListAsync(principal, filter, query.IsTrue("last_modified"), after, PageSize + 1, ct);
        string? next = null;
        if (found.Count > PageSize)
        {
            found.RemoveAt(PageSize);
            next = QuayQuery.NextPage(found[^1].Id);
        }
        return Page([.. found.Select(r => new ListedRepository(r.Namespace, r.Name, r.Description, r.Public, "image", State(r.ReadOnly), r.LastPushMs / 1000,
            principal.IsAnonymous ? null : r.Starred))], next);

        static IResult Page(IReadOnlyList<ListedRepository> page, string? next) => TypedResults.Json(new ListedRepositories(page, next), RepositoriesJson.Default.ListedRepositories);
    }

    private static async Task<IResult> Get(HttpContext http, RepositoryDirectory directory, ActivityStore activity, CancellationToken ct)
    {
        var (query, access, principal) = (http.Request.Query, http.Access(), http.Caller().Principal);
        if (!access.Exists || await directory.FindAsync(access, principal, ct) is not { } found)
            return NoSuchRepository;
        var tags = query.IsTrue("includeTags", otherwise: true) ? await directory.TagsAsync(access, MaxTags, ct) : null;
        var stats = query.IsTrue("includeStats") ? await activity.ListAsync(access, ct) : null;
        var changes = !principal.ReadsAll;
        return TypedResults.Json(new ShownRepository(access.Name.Namespace, access.Name.Name, "image", found.Description, Markup.ToHtml(found.Description), found.Public,
            found.OfOrganization, found.Starred, "", false, found.TagExpirationS, true, State(found.ReadOnly),
            tags?.ToDictionary(static t => t.Name, static t => new ShownTag(t.Name, t.Size, QuayDate.Format(t.StartedMs)!, QuayDate.Format(t.ExpiresMs), t.Digest.ToString())),
            changes && access.Role >= RepositoryRole.Write && !found.ReadOnly, changes && access.Role >= RepositoryRole.Admin,
            stats?.ConvertAll(static d => new DayCount(QuayDate.FormatDay(d.Day), d.Pushes + d.Pulls))), RepositoriesJson.Default.ShownRepository);
    }

    private static async Task<IResult> Update(HttpContext http, RepositoryStore repositories, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, RepositoriesJson.Default.RepositoryUpdate, ct);
        if (body is null)
            return problem!;
        if (CheckDescription(body.Description) is { } bad)
            return bad;
        var access = http.Access();
        return access.Exists && await repositories.DescribeAsync(http.Caller().Principal, access, body.Description, ct) ? Success : NoSuchRepository;
    }

    private static async Task<IResult> Delete(HttpContext http, RepositoryStore repositories, CancellationToken ct)
    {
        var access = http.Access();
        return access.Exists && await repositories.DeleteAsync(http.Caller().Principal, access, ct) ? TypedResults.NoContent() : NoSuchRepository;
    }

    // Not for whom only a grant made an admin: grants come back with the repository, and one may be why it was deleted.
    private static async Task<IResult> Restore(HttpContext http, RepositoryStore repositories, Permissions permissions, CancellationToken ct)
    {
        var (access, by) = (http.Access(), http.Caller().Principal);
        if (access.NamespaceId == 0)
            return NothingToRestore;
        if (!by.AdministersAll && (await permissions.DecideAsync(by, access.Name.Namespace, ct)).Role < NamespaceRole.Admin)
            return Problem.InsufficientScope("Only an admin of the namespace restores repositories.");
        var (body, problem) = await JsonBody.ReadOptionalAsync(http, RepositoriesJson.Default.NewName, ct);
        if (problem is not null)
            return problem;
        var name = access.Name;
        if (body?.Value is { } wanted && !RepositoryName.TryParse($"{name.Namespace}/{wanted}", null, out name))
            return Problem.InvalidRequest("new_name is a repository's name without its namespace, in lower case.");
        return await repositories.RestoreAsync(by, access, name, ct) switch
        {
            RestoreOutcome.Restored => Success,
            RestoreOutcome.NameTaken => Problem.InvalidRequest("There is a repository of that name; delete it first, or choose another new_name."),
            _ => NothingToRestore,
        };
    }

    private static Task<IResult> ListDeleted(HttpContext http, RepositoryDirectory directory, CancellationToken ct) =>
        ListDeletedAsync(http, directory, http.Organization().Name, http.Organization().NamespaceId, ct);

    private static Task<IResult> ListOwnDeleted(HttpContext http, RepositoryDirectory directory, CancellationToken ct) =>
        ListDeletedAsync(http, directory, http.Caller().Principal.Name, http.Caller().Principal.AccountId, ct);

    private static async Task<IResult> ListDeletedAsync(HttpContext http, RepositoryDirectory directory, string name, long namespaceId, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        var after = http.Request.Query["next_page"].ToString();
        if (after.Length > 0 && !RepositoryName.TryParse($"{name}/{after}", null, out _))
            return QuayQuery.NoSuchPage;
        var found = await directory.ListDeletedAsync(namespaceId, after, PageSize + 1, ct);
        string? next = null;
        if (found.Count > PageSize)
        {
            found.RemoveAt(PageSize);
            next = found[^1].Name;
        }
        return TypedResults.Json(new DeletedRepositories([.. found.Select(r => new ShownDeleted(name, r.Name, QuayDate.Format(r.DeletedMs)!, r.DeletedBy, QuayDate.Format(r.UntilMs)!))], next),
            RepositoriesJson.Default.DeletedRepositories);
    }

    private static async Task<IResult> ChangeVisibility(HttpContext http, RepositoryStore repositories, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, RepositoriesJson.Default.Visibility, ct);
        if (body is null)
            return problem!;
        if (body.Value is not ("public" or "private"))
            return Problem.InvalidRequest("visibility must be 'public' or 'private'.");
        var access = http.Access();
        return access.Exists && await repositories.SetVisibilityAsync(http.Caller().Principal, access, body.Value == "public", ct) ? Success : NoSuchRepository;
    }

    private static async Task<IResult> ChangeState(HttpContext http, RepositoryStore repositories, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, RepositoriesJson.Default.NewState, ct);
        if (body is null)
            return problem!;
        if (body.State == "MIRROR")
            return Problem.InvalidRequest("This registry does not mirror repositories.");
        if (body.State is not ("NORMAL" or "READ_ONLY"))
            return Problem.InvalidRequest("state must be 'NORMAL' or 'READ_ONLY'.");
        var access = http.Access();
        return access.Exists && await repositories.SetReadOnlyAsync(http.Caller().Principal, access, body.State == "READ_ONLY", ct) ? Success : NoSuchRepository;
    }

    private static Problem NotHere() => Problem.NotFound("This registry has no such feature.");

    private static Problem Gone() => new(410, "invalid_request", "Handling of access tokens is no longer supported; use a robot account.");

    private static Problem? CheckDescription(string description) => description.Length > Markup.MaxLength
        ? Problem.InvalidRequest("A description has at most 65,536 characters.")
        // PostgreSQL has no NUL in text.
        : description.Contains('\0', StringComparison.Ordinal) ? Problem.InvalidRequest("A description has no NUL characters.") : null;

    private static string State(bool readOnly) => readOnly ? "READ_ONLY" : "NORMAL";

    private static Problem NoSuchNamespace => Problem.InsufficientScope("You may not make repositories in this namespace, or it does not exist.");

    private static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");

    private static Problem NothingToRestore => Problem.NotFound("No repository of that name was deleted, or too long ago.");

    private static IResult Success => TypedResults.Json(new Done(true), RepositoriesJson.Default.Done);
}

internal sealed record NewRepository([property: JsonRequired] string Repository, string? Namespace, [property: JsonRequired, AllowedValues("public", "private")] string Visibility, string? RepoKind, string Description = "");

internal sealed record CreatedRepository(string Namespace, string Name, string Kind);

internal sealed record ListedRepositories(IReadOnlyList<ListedRepository> Repositories, string? NextPage);

internal sealed record ListedRepository(string Namespace, string Name, string Description, bool IsPublic, string Kind, string State, long? LastModified, bool? IsStarred);

internal sealed record ShownRepository(
    string Namespace, string Name, string Kind, string Description, string DescriptionHtml, bool IsPublic, bool IsOrganization, bool IsStarred, string StatusToken, bool TrustEnabled,
    long TagExpirationS, bool IsFreeAccount, string State, Dictionary<string, ShownTag>? Tags, bool CanWrite, bool CanAdmin, IReadOnlyList<DayCount>? Stats);

internal sealed record ShownTag(string Name, long? Size, string LastModified, string? Expiration, string ManifestDigest);

internal sealed record DayCount(string Date, long Count);

internal sealed record RepositoryUpdate([property: JsonRequired] string Description);

internal sealed record DeletedRepositories(IReadOnlyList<ShownDeleted> Repositories, string? NextPage);

internal sealed record ShownDeleted(string Namespace, string Name, string Deleted, string? DeletedBy, string RestorableUntil);

internal sealed record Visibility([property: JsonRequired, JsonPropertyName("visibility"), AllowedValues("public", "private")] string Value);

internal sealed record NewState([property: JsonRequired, AllowedValues("NORMAL", "READ_ONLY")] string State);

/// <param name="Value">The name that it comes back under; its own when left out.</param>
internal sealed record NewName([property: JsonPropertyName("new_name")] string? Value);

internal sealed record Done(bool Success);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewRepository))]
[JsonSerializable(typeof(CreatedRepository))]
[JsonSerializable(typeof(ListedRepositories))]
[JsonSerializable(typeof(ShownRepository))]
[JsonSerializable(typeof(RepositoryUpdate))]
[JsonSerializable(typeof(DeletedRepositories))]
[JsonSerializable(typeof(Visibility))]
[JsonSerializable(typeof(NewState))]
[JsonSerializable(typeof(NewName))]
[JsonSerializable(typeof(Done))]
internal sealed partial class RepositoriesJson : JsonSerializerContext;
