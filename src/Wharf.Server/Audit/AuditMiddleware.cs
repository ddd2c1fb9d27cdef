using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Audit;

/// <summary>
/// Around the gate: records what neither the pull nor an event tells, from the answer. 1. A credential that was refused; 2. a pull, push or
/// deletion that was; 3. other operations that were; 4. reads of /api/v1 by the signed-in.
/// </summary>
internal sealed class AuditMiddleware(RequestDelegate next, AuditTrail trail, AccountStore accounts, AuditOptions options)
{
    public async Task InvokeAsync(HttpContext http)
    {
        await next(http);
        if (!options.Enabled || http.GetEndpoint() is not RouteEndpoint endpoint)
            return;
        var status = http.Response.StatusCode;
        if (http.Features.Get<SignInAttempt>() is { } attempt)
            await SignedInAsync(http, attempt, status);
        else if (endpoint.Metadata.GetMetadata<RequiresPermission>() is { Permission: not Permission.Open } requires)
            await RecordAsync(http, endpoint, requires.Permission, status);
    }

    private async ValueTask SignedInAsync(HttpContext http, SignInAttempt attempt, int status)
    {
        if (attempt.Principal is { } principal)
            trail.Record(trail.Entry("login_success", AuditClass.Access, principal, OwnLogs(principal), null) with { Metadata = $$"""{"type":"{{attempt.Type}}"{{AuditTrail.Auth()}}}""" });
        else
            await RefusedAsync(attempt.Name ?? NameOf(http.Request.Headers.Authorization.ToString()), attempt.Type, status);
    }

    private async ValueTask RecordAsync(HttpContext http, RouteEndpoint endpoint, Permission permission, int status)
    {
        var caller = http.Features.Get<Caller>();
        if (status is 401 or 429 && caller is null && http.Request.Headers.Authorization.Count > 0)
        {
            await RefusedAsync(NameOf(http.Request.Headers.Authorization.ToString()), "basic", status);
            return;
        }
        var isRegistry = http.Request.Path.StartsWithSegments("/v2", StringComparison.Ordinal);
        if (status < 400)
        {
            if (options.Reads && !isRegistry && permission != Permission.Anyone && HttpMethods.IsGet(http.Request.Method) && caller is { Principal.IsAnonymous: false })
                trail.Record(Of(http, "api_read", AuditClass.Read, caller.Principal, endpoint, status));
            return;
        }
        // Without a credential a 401 only asks for one.
        if (status >= 500 || caller is null || (status == 401 && !caller.Presented && caller.Session is null))
            return;
        var kind = !isRegistry ? status is 401 or 403 ? "request_refused" : null
            : permission switch
            {
                Permission.Pull when HttpMethods.IsGet(http.Request.Method) => "pull_repo_failed",
                Permission.Push when status is not 416 => "push_repo_failed",
                Permission.Delete => "delete_tag_failed",
                _ => null,
            };
        if (kind is not null)
            trail.Record(Of(http, kind, AuditClass.Access, caller.Principal, endpoint, status));
    }

    private async ValueTask RefusedAsync(string? name, string type, int status)
    {
        var known = await KnownAsync(name);
        trail.Record(trail.Entry("login_failure", AuditClass.Access, Principal.Anonymous, 0, null) with
        {
            Who = AuditTrail.Person(0, known),
            Outcome = status.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Metadata = known is null ? $$"""{"type":"{{type}}","unknown_name":true}""" : $$"""{"type":"{{type}}"}""",
        });
    }

    // People type passwords where names go: only what is a name here is kept.
    private async ValueTask<string?> KnownAsync(string? name)
    {
        try
        {
            return name is null ? null
                : name is Authenticator.AppUser or Authenticator.OAuthUser ? name
                : (AccountStore.IsValidName(name) || AccountStore.IsValidRobotName(name)) && await accounts.FindAsync(name, CancellationToken.None) is not null ? name : null;
        }
        catch (DatabaseException)
        {
            return null;
        }
    }

    private AuditEntry Of(HttpContext http, string kind, AuditClass kindOf, Principal by, RouteEndpoint endpoint, int status)
    {
        var repository = http.Features.Get<RepositoryName>();
        var (access, organization) = (http.Features.Get<RepositoryAccess>(), http.Features.Get<NamespaceAccess>());
        var metadata = new StringBuilder("{\"operation\":\"").Append(JsonEncodedText.Encode(endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? endpoint.RoutePattern.RawText ?? "", JavaScriptEncoder.UnsafeRelaxedJsonEscaping))
            .Append("\",\"method\":\"").Append(http.Request.Method).Append('"');
        // The namespace of one that does not exist may be a person's name.
        if (repository is not null && access is not null)
            metadata.Append(",\"repo\":\"").Append(repository.Name).Append('"');
        metadata.Append(AuditTrail.Auth()).Append('}');
        return trail.Entry(kind, kindOf, by, access?.NamespaceId ?? organization?.NamespaceId ?? (repository is null ? OwnLogs(by) : 0), access is { Exists: true } ? access.RepositoryId : null) with
        {
            Outcome = status < 400 ? AuditEntry.Success : status.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Metadata = metadata.ToString(),
        };
    }

    // Where a person or the robot's owner looks for what they did.
    private static long OwnLogs(Principal by) => by.IsRobot ? by.RobotOf : by.AccountId;

    // What a wrong Basic credential was for; never its other half.
    private static string? NameOf(string header)
    {
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || header.Length > 8192)
            return null;
        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length))
            return null;
        var colon = bytes.AsSpan(0, length).IndexOf((byte)':');
        return colon < 0 ? null : string.Concat(Encoding.UTF8.GetString(bytes, 0, colon).Where(static c => !char.IsControl(c)));
    }
}
