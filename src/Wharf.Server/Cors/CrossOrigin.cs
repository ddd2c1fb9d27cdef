namespace Wharf.Server.Cors;

/// <summary>
/// Cross-origin resource sharing (the Fetch standard): answers browsers that ask whether a page of another origin may call the API.
/// It stands before routing, since a preflight asks about a method with another one. Without origins in the settings it is not there.
/// </summary>
internal sealed class CrossOrigin(RequestDelegate next, CorsOptions options)
{
    private const string Methods = "GET, POST, PUT, PATCH, DELETE", RequestHeaders = "Authorization, Content-Type, X-CSRF-Token", AnswerHeaders = "X-Request-Id, X-Next-CSRF-Token, Retry-After";
    private readonly HashSet<string> _origins = new(options.Origins, StringComparer.Ordinal);
    private readonly bool _everyone = options.Origins.Contains(CorsOptions.Everyone);

    public Task InvokeAsync(HttpContext http)
    {
        var path = http.Request.Path;
        // The registry protocol has no browsers for clients.
        if (!path.StartsWithSegments("/api", StringComparison.Ordinal) && path != "/config" && path != "/csrf_token" && path != "/oauth/access_token")
            return next(http);
        var origin = http.Request.Headers.Origin.ToString();
        var allowed = origin.Length > 0 && (_everyone || _origins.Contains(origin));
        var preflight = HttpMethods.IsOptions(http.Request.Method) && http.Request.Headers.AccessControlRequestMethod.Count > 0;
        // Later, since a fault clears what was set before it.
        http.Response.OnStarting(() =>
        {
            Set(http.Response.Headers, origin, allowed, preflight);
            return Task.CompletedTask;
        });
        if (!preflight)
            return next(http);
        http.Response.StatusCode = allowed ? StatusCodes.Status204NoContent : StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    private void Set(IHeaderDictionary headers, string origin, bool allowed, bool preflight)
    {
        if (!_everyone)
            headers.Append("Vary", "Origin");
        if (!allowed)
            return;
        headers.AccessControlAllowOrigin = _everyone ? CorsOptions.Everyone : origin;
        if (options.Credentials)
            headers.AccessControlAllowCredentials = "true";
        if (!preflight)
        {
            headers.AccessControlExposeHeaders = AnswerHeaders;
            return;
        }
        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlAllowHeaders = RequestHeaders;
        headers.AccessControlMaxAge = "600";
    }
}
