using Wharf.Oci;
using Wharf.Server.Repositories;

namespace Wharf.Server.QuayApi;

/// <summary>
/// As the distribution API, /api/v1 has repository names with slashes in mid-path. A path whose last segment is one of the known
/// resources of a repository becomes /api/v1/repository/-/resource, with the name beside it.
/// </summary>
internal sealed class QuayRouting(RequestDelegate next, RegistryOptions options)
{
    private const string Prefix = "/api/v1/repository/";
    private static readonly string[] s_resources = ["changevisibility"];

    public Task InvokeAsync(HttpContext http)
    {
        if (http.Request.Path.Value is not { } path || !path.StartsWith(Prefix, StringComparison.Ordinal))
            return next(http);
        var end = path.LastIndexOf('/');
        var resource = path[(end + 1)..];
        if (!s_resources.Contains(resource) || end <= Prefix.Length)
            return Problem.NotFound("There is no such resource.").ExecuteAsync(http);
        if (!RepositoryName.TryParse(path[Prefix.Length..end], options.LibraryNamespace, out var name))
            return Problem.InvalidRequest("The repository name is malformed; it is namespace/name in lower case.").ExecuteAsync(http);
        http.Features.Set(name);
        http.Request.Path = $"{Prefix}-/{resource}";
        return next(http);
    }
}
