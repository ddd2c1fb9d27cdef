using System.Text.Json.Serialization;

namespace Wharf.Server.OAuth;

/// <summary>An error of RFC 6749 5.2, which applications read.</summary>
/// <param name="Error">One of the words of the RFC.</param>
/// <param name="Challenge">The application showed its secret in an Authorization header, and is told so.</param>
internal sealed record OAuthError(string Error, string Description, int Status = 400, bool Challenge = false) : IResult
{
    public static OAuthError InvalidRequest(string description) => new("invalid_request", description);

    public static OAuthError InvalidGrant { get; } = new("invalid_grant", "The code is unknown, was used, has expired, or was given for another application, redirect_uri or code_challenge.");

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.Headers.Pragma = "no-cache";
        if (Challenge)
            response.Headers.WWWAuthenticate = "Basic realm=\"wharf\", charset=\"UTF-8\"";
        return response.WriteAsJsonAsync(new OAuthErrorBody(Error, Description), OAuthFlowJson.Default.OAuthErrorBody, "application/json", httpContext.RequestAborted);
    }
}

internal sealed record OAuthErrorBody(string Error, [property: JsonPropertyName("error_description")] string Description);
