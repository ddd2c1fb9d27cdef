using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Amazon.Runtime;
using Amazon.S3;

namespace Wharf.Storage.S3;

/// <summary>What the store's answers mean.</summary>
internal static class S3Errors
{
    private const HttpStatusCode InsufficientStorage = (HttpStatusCode)507;

    // Codes of docs.aws.amazon.com, "Error responses", that no further try changes.
    private static readonly Dictionary<string, string> s_advice = new(StringComparer.Ordinal)
    {
        ["NoSuchBucket"] = "Make the bucket, or correct Bucket, Endpoint or PathStyle.",
        ["InvalidAccessKeyId"] = "Correct AccessKey.",
        ["SignatureDoesNotMatch"] = "Correct SecretKey, and Region where the store has one of its own.",
        ["AccessDenied"] = "Allow the key to list the bucket and its uploads, and to get, put and delete its objects.",
        ["PermanentRedirect"] = "Correct Region or Endpoint: the bucket is elsewhere.",
        ["AuthorizationHeaderMalformed"] = "Correct Region.",
        ["IllegalLocationConstraintException"] = "Correct Region.",
        ["RequestTimeTooSkewed"] = "Set the clock of this machine: it differs from the store's.",
        ["ExpiredToken"] = "Renew the temporary key, or give a role to take on.",
        ["InvalidBucketName"] = "Correct Bucket.",
    };

    /// <summary>Whether the object is not there. A bucket that is not there is a fault.</summary>
    public static bool IsNoObject(AmazonS3Exception e) => e.ErrorCode is "NoSuchKey" or "NoSuchVersion";

    /// <summary>Whether the multipart upload is not there any more, or its parts are not what they were.</summary>
    public static bool IsNoUpload(AmazonS3Exception e) => e.ErrorCode is "NoSuchUpload" or "InvalidPart" or "InvalidPartOrder";

    /// <summary>Whether there is an object already, where there must be none.</summary>
    public static bool IsTaken(AmazonS3Exception e) => e.StatusCode == HttpStatusCode.PreconditionFailed || e.ErrorCode is "PreconditionFailed" or "ConditionalRequestConflict";

    /// <summary>Whether an exception is the store's, and not the caller's doing.</summary>
    public static bool IsOfStore(Exception e) => e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or TimeoutException;

    /// <summary>The fault to throw: what was tried, and what the store said; never a key or a signature.</summary>
    public static StorageException Fault(string what, Exception e) => e switch
    {
        AmazonS3Exception { StatusCode: InsufficientStorage } or AmazonS3Exception { ErrorCode: "QuotaExceeded" or "XMinioStorageFull" or "InsufficientStorage" or "InsufficientCapacity" }
            => new StorageFullException($"{what}: the store has no room.", e),
        AmazonServiceException { ErrorCode: { } code } s when s_advice.TryGetValue(code, out var advice) => new StorageMisconfiguredException(Said(what, s), advice, e),
        AmazonServiceException { StatusCode: HttpStatusCode.Forbidden } s => new StorageMisconfiguredException(Said(what, s), s_advice["AccessDenied"], e),
        AmazonServiceException { StatusCode: HttpStatusCode.MovedPermanently } s => new StorageMisconfiguredException(Said(what, s), s_advice["PermanentRedirect"], e),
        // The SDK's own words for an answer without a code: an object that is not there has one, except for HEAD.
        AmazonServiceException { StatusCode: HttpStatusCode.NotFound, ErrorCode: "NotFound" or "" or null } s =>
            new StorageMisconfiguredException($"{what}: the answer is 404 without the code of a store.", "Correct Endpoint, Bucket or PathStyle: whoever answers there is not an S3 store.", s),
        AmazonServiceException s when (int)s.StatusCode > 0 => new StorageException(Said(what, s), e),
        _ when Innermost(e) is SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } unknown =>
            new StorageMisconfiguredException($"{what}: {Reason(e, unknown)}", "The host of Endpoint (or of the region) is not known: correct it, or give PathStyle: true where the bucket's name is no part of the host's.", e),
        _ when Innermost(e) is AuthenticationException tls => new StorageMisconfiguredException($"{what}: {tls.Message}", "The store's certificate is not trusted: give its authority's as CaFile; or it speaks no TLS: correct Endpoint, with http:// for plain HTTP.", e),
        _ when e is AmazonClientException && Innermost(e) is AmazonClientException none && none.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) =>
            new StorageMisconfiguredException($"{what}: there are no credentials.", "Give AccessKey and SecretKey, or credentials in the surroundings: the environment, a web identity token, or the role of the instance.", e),
        _ => new StorageException($"{what}: {Reason(e, Innermost(e))}", e),
    };

    private static string Said(string what, AmazonServiceException s) => $"{what}: the store answered {(int)s.StatusCode}{(s.ErrorCode is { Length: > 0 } code ? $" {code}" : "")}: {s.Message} (request {s.RequestId ?? "without an id"}).";

    // The HTTP client names the host, which what lies beneath does not.
    private static string Reason(Exception? e, Exception innermost) => e switch
    {
        null => innermost.Message,
        HttpRequestException http => http.Message,
        _ => Reason(e.InnerException, innermost),
    };

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
