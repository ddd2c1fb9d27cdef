using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Wharf.Oci;
using Wharf.Server.Distribution;
using Wharf.Server.Hosting.Network;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Auth;

/// <summary>
/// The one gate: 1. who calls; 2. what the endpoint asks; 3. for a repository, what the permission engine and the token's ceiling
/// leave. It stands behind routing, so that an endpoint without a declaration is refused and none can be reached around it.
/// </summary>
internal sealed class AccessMiddleware(RequestDelegate next, Authenticator authenticator, Permissions permissions, AuthOptions options, PublicAddress address)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // The router's own answer to a method that a path does not have (405) is no RouteEndpoint, and has nothing to protect.
        if (http.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(http);
            return;
        }
        if (endpoint.Metadata.GetMetadata<RequiresPermission>() is not { } requires)
            throw new InvalidOperationException($"The endpoint {endpoint.DisplayName} declares no permission.");
        if (requires.Permission == Permission.Open)
        {
            await next(http);
            return;
        }
        var result = await authenticator.AuthenticateAsync(http, http.RequestAborted);
        var denial = result.Caller is { } caller ? await CheckAsync(http, requires.Permission, caller) : Refuse(http, requires.Permission, result);
        await (denial?.ExecuteAsync(http) ?? next(http));
    }

    private async ValueTask<IResult?> CheckAsync(HttpContext http, Permission permission, Caller caller)
    {
        http.Features.Set(caller);
        var principal = caller.Principal;
        if (principal.IsAnonymous && (!options.AnonymousAccess || permission is Permission.SignedIn or Permission.Superuser or Permission.Administer))
            return Challenge(http, permission, caller, "Sign in first.");
        switch (permission)
        {
            case Permission.Authenticated or Permission.Catalog when !caller.Presented:
                return Challenge(http, permission, caller, "Sign in first.");
            case Permission.Catalog when !caller.MayList:
                return Challenge(http, permission, caller, "The token does not cover registry:catalog:*.");
            case Permission.Superuser when !principal.Superuser:
                return Problem.InsufficientScope("Only a superuser may do this.");
            case Permission.Pull or Permission.Push or Permission.Delete or Permission.Administer:
                var name = http.Features.GetRequiredFeature<RepositoryName>();
                var access = await permissions.DecideAsync(principal, name, http.RequestAborted);
                var needed = RoleFor(permission);
                if (access.Role < needed)
                    return caller.Presented && !caller.UsedToken && !principal.IsAnonymous
                        ? Denied(http, "You may not do this with this repository, or it does not exist.")
                        : Challenge(http, permission, caller, "Access to this repository was not granted, or it does not exist.");
                if (!caller.Covers(name, permission) && !(permission == Permission.Pull && await IsPublicAsync(principal, access, http.RequestAborted)))
                    return Challenge(http, permission, caller, "The token does not cover this repository and action.");
                http.Features.Set(access);
                return null;
            default:
                return null;
        }
    }

    // What anyone may read needs no scope.
    private async ValueTask<bool> IsPublicAsync(Principal principal, RepositoryAccess access, CancellationToken ct) =>
        options.AnonymousAccess && (principal.IsAnonymous || (await permissions.DecideAsync(Principal.Anonymous, access.Name, ct)).Role >= RepositoryRole.Read);

    private IResult Refuse(HttpContext http, Permission permission, AuthResult result)
    {
        if (result.RetryAfterSeconds > 0)
            return IsRegistry(http) ? OciError.TooManyRequests(result.Problem!, result.RetryAfterSeconds) : new Problem(429, "too_many_login_attempts", result.Problem!, result.RetryAfterSeconds);
        return Challenge(http, permission, Caller.Anonymous, result.Problem!);
    }

    private static IResult Denied(HttpContext http, string message) => IsRegistry(http) ? OciError.Denied(message) : Problem.InsufficientScope(message);

    private IResult Challenge(HttpContext http, Permission permission, Caller caller, string message)
    {
        if (!IsRegistry(http))
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"wharf\", charset=\"UTF-8\"";
            return Problem.InvalidToken(message);
        }
        var challenge = string.Create(CultureInfo.InvariantCulture, $"Bearer realm=\"{address.BaseUrl(http)}/v2/auth\",service=\"{TokenApi.Service}\"");
        var scope = permission switch
        {
            Permission.Pull => $"repository:{http.Features.Get<RepositoryName>()}:pull",
            Permission.Push => $"repository:{http.Features.Get<RepositoryName>()}:pull,push",
            Permission.Delete => $"repository:{http.Features.Get<RepositoryName>()}:pull,delete",
            Permission.Catalog => "registry:catalog:*",
            _ => null,
        };
        if (scope is not null)
            challenge += $",scope=\"{scope}\"";
        if (caller.UsedToken)
            challenge += ",error=\"insufficient_scope\"";
        http.Response.Headers.WWWAuthenticate = challenge;
        return OciError.Unauthorized(message);
    }

    private static RepositoryRole RoleFor(Permission permission) => permission switch
    {
        Permission.Pull => RepositoryRole.Read,
        Permission.Push or Permission.Delete => RepositoryRole.Write,
        _ => RepositoryRole.Admin,
    };

    private static bool IsRegistry(HttpContext http) => http.Request.Path.StartsWithSegments("/v2", StringComparison.Ordinal);
}
