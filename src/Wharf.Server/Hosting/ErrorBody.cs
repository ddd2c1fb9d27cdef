using System.Text.Json;

namespace Wharf.Server.Hosting;

/// <summary>
/// The body of errors that no slice has written: OCI JSON below /v2 (distribution-spec, error codes), and Quay's shape of
/// RFC 7807 elsewhere. Both carry the request id that the log has.
/// </summary>
internal static class ErrorBody
{
    public static async Task WriteAsync(HttpContext http, int status, string message)
    {
        var oci = http.Request.Path.StartsWithSegments("/v2", StringComparison.OrdinalIgnoreCase);
        http.Response.StatusCode = status;
        http.Response.ContentType = oci ? "application/json" : "application/problem+json";

        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        if (oci) WriteOci(json, status, message, http.TraceIdentifier);
        else WriteProblem(json, status, message, http.TraceIdentifier);
        json.WriteEndObject();
    }

    private static void WriteOci(Utf8JsonWriter json, int status, string message, string requestId)
    {
        json.WriteStartArray("errors");
        json.WriteStartObject();
        json.WriteString("code", status switch
        {
            404 => "NAME_UNKNOWN",
            405 => "UNSUPPORTED",
            413 => "SIZE_INVALID",
            429 => "TOOMANYREQUESTS",
            503 => "UNAVAILABLE",
            _ => "UNKNOWN",
        });
        json.WriteString("message", message);
        json.WriteStartObject("detail");
        json.WriteString("requestId", requestId);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteProblem(Utf8JsonWriter json, int status, string message, string requestId)
    {
        var type = status switch
        {
            401 => "invalid_token",
            403 => "insufficient_scope",
            404 => "not_found",
            >= 500 => "internal_error",
            _ => "invalid_request",
        };
        json.WriteString("detail", message);
        json.WriteString("error_message", message);
        json.WriteString("error_type", type);
        json.WriteString("title", type);
        json.WriteString("type", $"/api/v1/error/{type}");
        json.WriteNumber("status", status);
        json.WriteString("request_id", requestId);
    }
}
