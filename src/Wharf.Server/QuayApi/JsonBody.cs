using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;

namespace Wharf.Server.QuayApi;

/// <summary>Reads the JSON body of an /api/v1 request and says in Quay's shape what is wrong with it.</summary>
internal static class JsonBody
{
    private const int MaxBytes = 1 << 20;

    /// <summary>The body, null where there is none, or the answer to give instead.</summary>
    public static async ValueTask<(T? Body, Problem? Problem)> ReadOptionalAsync<T>(HttpContext http, JsonTypeInfo<T> type, CancellationToken ct) where T : class =>
        http.Request.ContentLength is 0 || http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: true } ? (null, null) : await ReadAsync(http, type, ct);

    /// <summary>The body, or the answer to give instead.</summary>
    public static async ValueTask<(T? Body, Problem? Problem)> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type, CancellationToken ct) where T : class
    {
        if (http.Request.ContentLength > MaxBytes)
            return (null, new Problem(413, "invalid_request", $"The body has at most {MaxBytes} bytes."));
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, type, ct) is { } body
                ? (body, null)
                : (null, Problem.InvalidRequest("The body must be a JSON object."));
        }
        catch (JsonException e)
        {
            return (null, Problem.InvalidRequest(e.Path is { Length: > 1 } path
                ? $"The member {path.TrimStart('$', '.')} is missing or has the wrong type."
                : "The body is not the JSON object that this operation takes."));
        }
    }
}
