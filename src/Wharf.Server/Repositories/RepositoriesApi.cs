using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Repositories;

/// <summary>Making repositories and changing who sees them, as in Quay.</summary>
internal static class RepositoriesApi
{
    public static void MapRepositories(this WebApplication app)
    {
        app.MapPost("/api/v1/repository", Create).Requires(Permission.SignedIn);
        app.MapPost("/api/v1/repository/-/changevisibility", ChangeVisibility).Requires(Permission.Administer);
    }

    // Quay: createRepo
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
        if (body.Description.Length > 65_536)
            return Problem.InvalidRequest("A description has at most 65,536 characters.");
        // PostgreSQL has no NUL in text.
        if (body.Description.Contains('\0', StringComparison.Ordinal))
            return Problem.InvalidRequest("A description has no NUL characters.");
        if (!RepositoryName.TryParse($"{body.Namespace ?? by.Name}/{body.Repository}", null, out var name))
            return Problem.InvalidRequest("The repository name is malformed; it has lower-case letters and digits, with '.', '_', '__' or '-' between them.");
        var access = await permissions.DecideAsync(by, name, RepositoryRole.Admin, ct);
        if (access.Role != RepositoryRole.Admin || access.NamespaceId == 0)
            return Problem.InsufficientScope("You may not make repositories in this namespace, or it does not exist.");
        if (await repositories.CreateAsync(access, body.Visibility == "public", body.Description, by, ct) == 0)
            return Problem.InvalidRequest("Repository already exists");
        return TypedResults.Json(new CreatedRepository(name.Namespace, name.Name, "image"), RepositoriesJson.Default.CreatedRepository, statusCode: 201);
    }

    // Quay: changeRepoVisibility
    private static async Task<IResult> ChangeVisibility(HttpContext http, RepositoryStore repositories, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, RepositoriesJson.Default.Visibility, ct);
        if (body is null)
            return problem!;
        if (body.Value is not ("public" or "private"))
            return Problem.InvalidRequest("visibility must be 'public' or 'private'.");
        var access = http.Access();
        if (!access.Exists)
            return Problem.NotFound("There is no such repository.");
        await repositories.SetVisibilityAsync(access, body.Value == "public", ct);
        return TypedResults.Json(new Done(true), RepositoriesJson.Default.Done);
    }
}

internal sealed record NewRepository(
    [property: JsonRequired] string Repository, string? Namespace, [property: JsonRequired] string Visibility, [property: JsonPropertyName("repo_kind")] string? RepoKind, string Description = "");

internal sealed record CreatedRepository(string Namespace, string Name, string Kind);

internal sealed record Visibility([property: JsonRequired, JsonPropertyName("visibility")] string Value);

internal sealed record Done(bool Success);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewRepository))]
[JsonSerializable(typeof(CreatedRepository))]
[JsonSerializable(typeof(Visibility))]
[JsonSerializable(typeof(Done))]
internal sealed partial class RepositoriesJson : JsonSerializerContext;
