using System.Globalization;
using System.Text.Json.Serialization;

namespace Wharf.Server.QuayApi;

/// <summary>An error of /api/v1 in Quay's shape, which follows RFC 7807 with Quay's own members beside it.</summary>
/// <param name="ErrorType">One of Quay's words: invalid_request, invalid_token, insufficient_scope, not_found and so on.</param>
internal sealed record Problem(int Status, string ErrorType, string Detail, int RetryAfterSeconds = 0) : IResult
{
    public static Problem InvalidRequest(string detail) => new(400, "invalid_request", detail);

    public static Problem InvalidToken(string detail) => new(401, "invalid_token", detail);

    public static Problem InsufficientScope(string detail) => new(403, "insufficient_scope", detail);

    public static Problem NotFound(string detail) => new(404, "not_found", detail);

    /// <summary>The browser has to show the password again (POST /api/v1/signin/verify), and may then repeat the request.</summary>
    public static Problem FreshLoginRequired { get; } = new(401, "fresh_login_required", "The action requires a fresh login to succeed.");

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (RetryAfterSeconds > 0)
            response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return response.WriteAsJsonAsync(
            new Body(Detail, Detail, Detail, ErrorType, ErrorType, $"/api/v1/error/{ErrorType}", Status, httpContext.TraceIdentifier),
            ProblemJson.Default.Body, "application/problem+json", httpContext.RequestAborted);
    }

    internal sealed record Body(
        string Detail,
        [property: JsonPropertyName("error_message")] string ErrorMessage,
        string Message,
        [property: JsonPropertyName("error_type")] string ErrorType,
        string Title,
        string Type,
        int Status,
        [property: JsonPropertyName("request_id")] string RequestId);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Problem.Body))]
internal sealed partial class ProblemJson : JsonSerializerContext;
