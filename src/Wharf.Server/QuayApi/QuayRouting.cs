using System.Text.RegularExpressions;
using Wharf.Oci;

namespace Wharf.Server.QuayApi;

/// <summary>
/// As the distribution API, /api/v1 has repository names with slashes in mid-path. What ends with one of the known resources of a
/// repository becomes /api/v1/repository/-/resource, and anything else /api/v1/repository/-, with the name beside it. A repository
/// whose own name ends like a resource is reached by its longer paths only.
/// </summary>
internal sealed partial class QuayRouting(RequestDelegate next)
{
    private const string Prefix = "/api/v1/repository/";
    private const int MaxPath = 1024;

    public Task InvokeAsync(HttpContext http)
    {
        if (http.Request.Path.Value is not { } path)
            return next(http);
        // The router knows no case: "/API/v1/repository/-" would otherwise reach the templates below without a name.
        if (IsMisspelt(path, "/api/v1/") || IsMisspelt(path, Prefix))
            return Problem.NotFound("There is no such operation; paths are in lower case.").ExecuteAsync(http);
        if (!path.StartsWith(Prefix, StringComparison.Ordinal) || path.Length == Prefix.Length)
            return next(http);
        if (path.Length > MaxPath)
            return Problem.InvalidRequest("The path is too long for a repository name and a resource of it.").ExecuteAsync(http);
        var resource = Resource().Match(path, Prefix.Length);
        var name = resource.Success ? path[Prefix.Length..resource.Index] : path[Prefix.Length..].TrimEnd('/');
        if (!RepositoryName.TryParse(name, null, out var repository))
            return Problem.InvalidRequest("The repository name is malformed; it is namespace/name in lower case.").ExecuteAsync(http);
        http.Features.Set(repository);
        http.Request.Path = resource.Success ? $"{Prefix}-{resource.Value}" : $"{Prefix}-";
        return next(http);
    }

    private static bool IsMisspelt(string path, string prefix) => path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && !path.StartsWith(prefix, StringComparison.Ordinal);

    // Behind at least a namespace and a name; the first that matches leaves the shortest name.
    [GeneratedRegex(@"/(?<=/repository/[^/]+/.+/)(activity|changevisibility|compare|changestate|changetrust|timemachine/(tags|diff|restore)|restore|permissions/(team|user)(/[^/]*(/transitive)?)?|tokens(/[^/]*)?|authorizedemail/[^/]+|logs|aggregatelogs|exportlogs|autoprunepolicy(/[^/]*)?|lease(/[^/]*)?|gc/[^/]+|immutabilitypolicy(/[^/]*)?|tag(/[^/]+(/(restore|expire|pull_statistics))?)?|security|signatures|manifest/[^/]+(/(labels(/[^/]*)?|pull_statistics|security|vulnerabilities|packages|pullers))?)/?$",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Resource();
}
