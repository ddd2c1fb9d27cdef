using System.Globalization;
using System.Text.Json.Serialization;
using Wharf.Oci;

namespace Wharf.Server.Distribution;

/// <summary>An error of distribution-spec 1.1.1, "Error Codes": a status, a code, what is wrong and what would be right. All of them are in this file.</summary>
/// <param name="RetryAfterSeconds">More than 0 sends Retry-After.</param>
internal sealed record OciError(int Status, string Code, string Message, string? Detail = null, int RetryAfterSeconds = 0) : IResult
{
    public static OciError BlobUnknown(Digest digest) => new(404, "BLOB_UNKNOWN", "The blob is not in this repository.", digest.ToString());

    public static OciError BlobQuarantined(Digest digest) =>
        new(404, "BLOB_UNKNOWN", "The bytes of this blob are missing or damaged, and so it is quarantined. Push it again, and it is served again.", digest.ToString());

    public static OciError UploadUnknown() => new(404, "BLOB_UPLOAD_UNKNOWN", "There is no such upload in this repository for this user; it may have ended. Start a new one with POST.");

    public static OciError UploadInvalid(string message) => new(400, "BLOB_UPLOAD_INVALID", message);

    public static OciError DigestInvalid(string message, string? detail = null) => new(400, "DIGEST_INVALID", message, detail);

    public static OciError DigestMalformed(string? text) => DigestInvalid("A digest is 'sha256:' and 64 lower-case hexadecimal digits, or 'sha512:' and 128.", Shorten(text));

    public static OciError DigestMismatch(string claimed, Digest actual) => DigestInvalid($"The content has the digest {actual}, not {Shorten(claimed)}.", claimed);

    public static OciError RangeInvalid(string message) => new(416, "BLOB_UPLOAD_INVALID", message);

    public static OciError RangeNotSatisfiable(long size) => new(416, "RANGE_INVALID", $"The blob has {size.ToString(CultureInfo.InvariantCulture)} bytes; the range asks for others.");

    public static OciError SizeInvalid(string message) => new(400, "SIZE_INVALID", message);

    public static OciError TooLarge(string message) => new(413, "SIZE_INVALID", message);

    public static OciError ManifestUnknown(string reference) => new(404, "MANIFEST_UNKNOWN", "The manifest is not in this repository.", reference);

    /// <summary>Quay's code and words for a tag that is no more, and how to have it back.</summary>
    public static OciError TagExpired(RepositoryName name, string tag, Digest digest) => new(404, "TAG_EXPIRED", $"Tag {tag} was deleted or has expired. To pull, revive via time machine",
        $$"""POST /api/v1/repository/{{name}}/tag/{{tag}}/restore {"manifest_digest":"{{digest}}"}""");

    /// <summary>A time before which the registry shows nothing.</summary>
    public static OciError HistoryExpired(string message) => new(404, "HISTORY_EXPIRED", message);

    public static OciError ManifestInvalid(string message, string? detail = null) => new(400, "MANIFEST_INVALID", message, detail);

    public static OciError ManifestUnsupported(string message) => new(415, "MANIFEST_INVALID", message);

    public static OciError ManifestBlobUnknown(Digest digest) =>
        new(404, "MANIFEST_BLOB_UNKNOWN", $"The manifest names the blob {digest}, which is not in this repository. Push it first.", digest.ToString());

    public static OciError ManifestChildUnknown(Digest digest) =>
        new(404, "MANIFEST_BLOB_UNKNOWN", $"The index names the manifest {digest}, which is not in this repository. Push it first.", digest.ToString());

    public static OciError NameInvalid(string name) => new(400, "NAME_INVALID",
        "A repository name has at least two parts of lower-case letters and digits, with '.', '_', '__' or '-' between them, joined by '/', 255 characters in all.", Shorten(name));

    public static OciError NameUnknown(RepositoryName name) => new(404, "NAME_UNKNOWN", "There is no such repository.", name.ToString());

    public static OciError TagInvalid(string tag) => new(400, "TAG_INVALID",
        "A tag has up to 128 letters, digits, '_', '.' and '-', and begins with a letter, a digit or '_'.", Shorten(tag));

    public static OciError PaginationInvalid(string message) => new(400, "PAGINATION_NUMBER_INVALID", message);

    public static OciError Unauthorized(string message) => new(401, "UNAUTHORIZED", message);

    public static OciError Denied(string message) => new(403, "DENIED", message);

    public static OciError TooManyRequests(string message, int seconds) => new(429, "TOOMANYREQUESTS", message, null, seconds);

    public static OciError Unsupported(string message) => new(405, "UNSUPPORTED", message);

    public static OciError RouteUnknown() => new(404, "UNSUPPORTED", "There is no such resource in the distribution API; see distribution-spec 1.1, 'Endpoints'.");

    public static OciError TransferCodingUnknown() => new(501, "UNSUPPORTED", "The only Transfer-Encoding is 'chunked'. Send the content as it is.");

    public static OciError Unavailable(string message) => new(503, "UNAVAILABLE", message, null, 5);

    public static OciError StorageFull() => new(507, "STORAGE_FULL", "The registry has no space left for this; nothing was stored. Try again later or tell its administrator.", null, 30);

    public static OciError Invalid(string message) => new(400, "INVALID_REQUEST", message);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (RetryAfterSeconds > 0)
            response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return response.WriteAsJsonAsync(new OciErrors([new(Code, Message, Detail, httpContext.TraceIdentifier)]), DistributionJson.Default.OciErrors, cancellationToken: httpContext.RequestAborted);
    }

    private static string? Shorten(string? text) => text is { Length: > 300 } ? text[..300] + "..." : text;

    internal sealed record OciErrors(IReadOnlyList<Entry> Errors);

    /// <param name="RequestId">The request id, also in the header X-Request-Id and in the server's log.</param>
    internal sealed record Entry(string Code, string Message, string? Detail, [property: JsonPropertyName("request_id")] string RequestId);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OciError.OciErrors))]
[JsonSerializable(typeof(TagList))]
[JsonSerializable(typeof(RepositoryList))]
[JsonSerializable(typeof(TokenAnswer))]
internal sealed partial class DistributionJson : JsonSerializerContext;
