using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Repositories;

/// <summary>A person's starred repositories, as in Quay. One that the person can no longer see is not shown, and not forgotten.</summary>
internal static class StarsApi
{
    private const int PageSize = 100;

    public static void MapStars(this WebApplication app)
    {
        app.MapGet("/api/v1/user/starred", List).Requires(Permission.Person).WithName("listStarredRepos")
            .Describe("Lists the own starred repositories.").Paged().Gives(StarsJson.Default.StarredRepositories);
        app.MapPost("/api/v1/user/starred", Create).Requires(Permission.Person, scope: Scopes.RepoRead | Scopes.UserAdmin).WithName("createStar")
            .Describe("Stars a repository.").Takes(StarsJson.Default.NewStar).Gives(StarsJson.Default.NewStar, 201);
        app.MapDelete("/api/v1/user/starred/{**repository}", Delete).Requires(Permission.Person).WithName("deleteStar")
            .Describe("Takes a star away.").Gives(204);
    }

    private static async Task<IResult> List(HttpContext http, RepositoryDirectory directory, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        if (!http.Request.Query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var found = await directory.ListAsync(http.Caller().Principal, new RepositoryFilter(true, 0, false, true), false, after, PageSize + 1, ct);
        string? next = null;
        if (found.Count > PageSize)
        {
            found.RemoveAt(PageSize);
            next = QuayQuery.NextPage(found[^1].Id);
        }
        return TypedResults.Json(new StarredRepositories([.. found.Select(static r => new StarredRepository(r.Namespace, r.Name, r.Description, r.Public))], next), StarsJson.Default.StarredRepositories);
    }

    private static async Task<IResult> Create(HttpContext http, StarStore stars, Permissions permissions, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, StarsJson.Default.NewStar, ct);
        if (body is null)
            return problem!;
        if (!RepositoryName.TryParse($"{body.Namespace}/{body.Repository}", null, out var name))
            return Problem.InvalidRequest("The repository name is malformed.");
        var by = http.Caller().Principal;
        var access = await permissions.DecideAsync(by, name, RepositoryRole.Read, ct);
        return access.Exists && access.Role >= RepositoryRole.Read && await stars.AddAsync(by, access, ct)
            ? TypedResults.Json(new NewStar(name.Namespace, name.Name), StarsJson.Default.NewStar, statusCode: 201)
            : NoSuchRepository;
    }

    private static async Task<IResult> Delete(HttpContext http, string repository, StarStore stars, Permissions permissions, CancellationToken ct)
    {
        if (!RepositoryName.TryParse(repository, null, out var name))
            return Problem.InvalidRequest("The repository name is malformed.");
        var by = http.Caller().Principal;
        var access = await permissions.DecideAsync(by, name, RepositoryRole.Read, ct);
        // The own star may go wherever it is, but whether there is such a repository is told only to those who see it.
        var removed = access.Exists && await stars.RemoveAsync(by, access, ct) > 0;
        return removed || (access.Exists && access.Role >= RepositoryRole.Read) ? TypedResults.NoContent() : NoSuchRepository;
    }

    private static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");
}

internal sealed record NewStar([property: JsonRequired] string Namespace, [property: JsonRequired] string Repository);

internal sealed record StarredRepositories(IReadOnlyList<StarredRepository> Repositories, string? NextPage);

internal sealed record StarredRepository(string Namespace, string Name, string Description, bool IsPublic);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewStar))]
[JsonSerializable(typeof(StarredRepositories))]
internal sealed partial class StarsJson : JsonSerializerContext;
