using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Wharf.Oci;
using Wharf.Server.Distribution;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Network;
using Wharf.Server.Limits;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Auth;

/// <summary>
/// The one gate: 1. who calls; 2. what the endpoint asks; 3. for a repository, what the permission engine and the token's ceiling
/// leave. It stands behind routing, so that an endpoint without a declaration is refused and none can be reached around it.
/// </summary>
internal sealed class AccessMiddleware(RequestDelegate next, Authenticator authenticator, Sessions sessions, Permissions permissions, AuthOptions options, PublicAddress address, RequestLimits limits)
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
            var limited = endpoint.Metadata.GetMetadata<Limited>() is { ByHandler: true } ? null : limits.Check(http, null);
            await (limited?.ExecuteAsync(http) ?? next(http));
            return;
        }
        var result = await authenticator.AuthenticateAsync(http, http.RequestAborted);
        var denial = result.Caller is { } caller ? await CheckAsync(http, requires, caller) : limits.Check(http, null) ?? Refuse(http, requires.Permission, result);
        await (denial?.ExecuteAsync(http) ?? next(http));
    }

    private async ValueTask<IResult?> CheckAsync(HttpContext http, RequiresPermission requires, Caller caller)
    {
        http.Features.Set(caller);
        Origin.Current?.Authenticated(caller);
        if (limits.Check(http, caller.Principal) is { } limited)
            return limited;
        if (!IsRegistry(http) && await sessions.IsForgedAsync(http, caller))
            return Sessions.Forged;
        var denial = await DecideAsync(http, requires, caller);
        if (denial is null && requires.InPerson && (caller.Principal.AppToken is not null || caller.Principal.OAuth is not null))
            return Problem.InsufficientScope("Not with a token: sign in, or send the password.");
        return denial is null && requires.Fresh && !sessions.IsFresh(caller) ? Problem.FreshLoginRequired : denial;
    }

    private async ValueTask<IResult?> DecideAsync(HttpContext http, RequiresPermission requires, Caller caller)
    {
        var (permission, principal) = (requires.Permission, caller.Principal);
        if (principal.ReadsAll && !requires.ByReaders && !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
            return Denied(http, "A global read-only superuser changes nothing.");
        if (permission == Permission.Anyone)
            return null;
        if (principal.IsAnonymous && !(options.AnonymousAccess && permission is Permission.Authenticated or Permission.Catalog or Permission.Pull or Permission.Push or Permission.Delete))
            return Challenge(http, permission, caller, "Sign in first.");
        if (!IsRegistry(http) && permission != Permission.Pull && !principal.Has(requires.Needed))
            return Problem.InsufficientScope($"The token lacks the scope {ScopeText.Format(requires.Needed & ~principal.Scopes)}.");
        switch (permission)
        {
            case Permission.Authenticated or Permission.Catalog when !caller.Presented:
                return Challenge(http, permission, caller, "Sign in first.");
            case Permission.Catalog when !caller.MayList:
                return Challenge(http, permission, caller, "The token does not cover registry:catalog:*.");
            case Permission.Person when !principal.IsPerson:
                return Problem.InsufficientScope("This is for people; a robot has no such account.");
            case Permission.Superuser when !principal.Superuser:
                return Problem.InsufficientScope("Only a superuser may do this.");
            case Permission.InspectRegistry when !principal.Superuser && !principal.ReadsAll:
                return Problem.InsufficientScope("Only a superuser may see this.");
            case Permission.SeeOrganization or Permission.InspectOrganization or Permission.AdministerOrganization:
                return await CheckOrganizationAsync(http, permission, principal);
            case Permission.Pull or Permission.Push or Permission.Delete or Permission.Inspect or Permission.Administer:
                return await CheckRepositoryAsync(http, requires, caller);
            default:
                return null;
        }
    }

    private async ValueTask<IResult?> CheckRepositoryAsync(HttpContext http, RequiresPermission requires, Caller caller)
    {
        var (permission, principal) = (requires.Permission, caller.Principal);
        var name = http.Features.GetRequiredFeature<RepositoryName>();
        var needed = permission == Permission.Inspect && principal.ReadsAll ? RepositoryRole.Read : RoleFor(permission);
        var access = await permissions.DecideAsync(principal, name, needed, http.RequestAborted);
        // To read needs no scope where the engine gives the role without one: the repository is public.
        // The human behind what a robot does.
        if (principal.IsRobot && access.GrantedBy != 0)
            Origin.Current?.Granted(access.GrantedBy);
        if (access.Role < needed || !principal.Has(permission == Permission.Pull ? requires.Needed & ~Scopes.RepoRead : requires.Needed))
            return caller.Presented && !caller.UsedToken && !principal.IsAnonymous
                ? Denied(http, "You may not do this with this repository, or it does not exist.")
                : Challenge(http, permission, caller, "Access to this repository was not granted, or it does not exist.");
        if (!caller.Covers(name, permission) && !(permission == Permission.Pull && await IsPublicAsync(principal, access, http.RequestAborted)))
            return Challenge(http, permission, caller, "The token does not cover this repository and action.");
        if (access.ReadOnly && permission is Permission.Push or Permission.Delete && IsRegistry(http))
            return OciError.Denied("The repository is read-only.");
        http.Features.Set(access);
        return null;
    }

    // A stranger is told the same of an organization that does not exist and of one that is none of his.
    private async ValueTask<IResult?> CheckOrganizationAsync(HttpContext http, Permission permission, Principal principal)
    {
        var name = http.Request.RouteValues["orgname"] as string ?? throw new InvalidOperationException("The endpoint has no {orgname}.");
        var access = await permissions.DecideAsync(principal, name, http.RequestAborted);
        var found = access.Exists && access.IsOrganization;
        var knowsAll = principal.Superuser || principal.ReadsAll;
        if (!Permissions.Allows(principal, access, permission) || (!found && !knowsAll))
            return permission == Permission.SeeOrganization
                ? Problem.NotFound("There is no such organization, or you are no member of it.")
                : Problem.InsufficientScope("Only an admin of the organization may do this, or it does not exist.");
        if (!found)
            return Problem.NotFound("There is no such organization.");
        http.Features.Set(access);
        return null;
    }

    // What anyone may read needs no scope.
    private async ValueTask<bool> IsPublicAsync(Principal principal, RepositoryAccess access, CancellationToken ct) =>
        options.AnonymousAccess && (principal.IsAnonymous || (await permissions.DecideAsync(Principal.Anonymous, access.Name, RepositoryRole.Read, ct)).Role >= RepositoryRole.Read);

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
            http.ChallengeBasic();
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
