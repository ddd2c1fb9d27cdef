using Wharf.Server.Distribution;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Hosting;

/// <summary>The body of errors that no slice has written: OCI JSON below /v2, and Quay's shape of RFC 7807 elsewhere.</summary>
internal static class ErrorBody
{
    public static Task WriteAsync(HttpContext http, int status, string message)
    {
        // A dependency that failed may be back soon.
        var retryAfter = status is 503 or 507 ? 5 : 0;
        IResult error = http.Request.Path.StartsWithSegments("/v2", StringComparison.OrdinalIgnoreCase)
            ? new OciError(status, Code(status), message, null, retryAfter)
            : new Problem(status, Type(status), message, retryAfter);
        return error.ExecuteAsync(http);
    }

    private static string Code(int status) => status switch
    {
        401 => "UNAUTHORIZED",
        403 => "DENIED",
        404 => "NAME_UNKNOWN",
        405 => "UNSUPPORTED",
        413 => "SIZE_INVALID",
        429 => "TOOMANYREQUESTS",
        503 => "UNAVAILABLE",
        507 => "STORAGE_FULL",
        >= 500 => "UNKNOWN",
        _ => "INVALID_REQUEST",
    };

    private static string Type(int status) => status switch
    {
        401 => "invalid_token",
        403 => "insufficient_scope",
        404 => "not_found",
        >= 500 => "internal_error",
        _ => "invalid_request",
    };
}
