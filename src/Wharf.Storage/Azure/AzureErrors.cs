using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Wharf.Storage.Azure;

/// <summary>What Azure's answers mean (learn.microsoft.com, "Status and error codes" and "Blob Storage error codes").</summary>
internal static class AzureErrors
{
    private const int InsufficientStorage = 507;
    private const string Permission = "Give the identity the role Storage Blob Data Contributor on the container, or the SAS the permissions to read, add, create, write, delete and list.";

    // Codes that no further try changes.
    private static readonly Dictionary<string, string> s_advice = new(StringComparer.Ordinal)
    {
        ["AuthenticationFailed"] = "Correct Account, AccountKey or Sas, or set the clock of this machine if it differs from Azure's.",
        ["AuthorizationFailure"] = "Correct AccountKey or Sas, and let this machine through the account's firewall.",
        ["AuthorizationPermissionMismatch"] = Permission,
        ["InsufficientAccountPermissions"] = Permission,
        ["InvalidAuthenticationInfo"] = "Correct ClientId: Azure does not accept the identity's token for this account.",
        ["KeyBasedAuthenticationNotPermitted"] = "The account takes no keys: leave AccountKey and Sas out, and use a managed identity.",
        ["AccountIsDisabled"] = "Enable the storage account.",
        ["ContainerNotFound"] = "Make the container, or correct Container or Account.",
        ["ResourceNotFound"] = "Correct Account, Container or Endpoint, which has the account in its path where its host does not name it.",
        ["InvalidResourceName"] = "Correct Container.",
    };

    /// <summary>Azure's own code of the error; empty when somebody else answered.</summary>
    public static string Code(HttpResponseMessage answer) => Header(answer, "x-ms-error-code");

    /// <summary>Whether the blob is not there: the container, and whatever stands before Azure, also say 404.</summary>
    public static bool IsNoBlob(HttpResponseMessage answer) => answer.StatusCode == HttpStatusCode.NotFound && Code(answer) == "BlobNotFound";

    /// <summary>Whether a blob of that name exists where none should.</summary>
    public static bool Exists(HttpResponseMessage answer) =>
        (answer.StatusCode, Code(answer)) is (HttpStatusCode.Conflict, "BlobAlreadyExists") or (HttpStatusCode.PreconditionFailed, "ConditionNotMet" or "TargetConditionNotMet")
            or (HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed, "BlobImmutableDueToPolicy");

    /// <summary>Whether the same request may succeed soon.</summary>
    public static bool IsPassing(HttpResponseMessage answer) =>
        (int)answer.StatusCode is 408 or 429 or (>= 500 and not InsufficientStorage)
        // Damaged on the way, and refused: Azurite has the second name for it.
        || (answer.StatusCode == HttpStatusCode.BadRequest && Code(answer) is "Md5Mismatch" or "InvalidOperation");

    /// <summary>The fault to throw for an answer that is none of the expected ones. Addresses are left out: they may carry a signature.</summary>
    public static StorageException Fault(string what, HttpResponseMessage answer)
    {
        var (status, code) = ((int)answer.StatusCode, Code(answer));
        var text = $"{what}: Azure answered {status} {(code.Length > 0 ? code : answer.ReasonPhrase)} (request {Header(answer, "x-ms-request-id") switch { "" => "without an id", var id => id }}).";
        // Azure documents no code for an account at its limit; 507 is HTTP's own (RFC 4918, section 11.5).
        if (status == InsufficientStorage || code.Contains("QuotaExceeded", StringComparison.Ordinal) || code.Contains("CapacityExceeded", StringComparison.Ordinal)) return new StorageFullException(text);
        if (s_advice.TryGetValue(code, out var advice)) return new StorageMisconfiguredException(text, advice, null);
        return status switch
        {
            403 => new StorageMisconfiguredException(text, Permission, null),
            301 or 302 or 307 or 308 => new StorageMisconfiguredException(text, "Correct Endpoint: the account is elsewhere.", null),
            404 when code.Length == 0 => new StorageMisconfiguredException(text, "Correct Endpoint: whoever answers there is not Azure.", null),
            _ => new StorageException(text),
        };
    }

    /// <summary>The fault to throw when there was no answer.</summary>
    public static StorageException Fault(string what, Exception e, TimeSpan time)
    {
        if (e is OperationCanceledException) return new StorageException($"{what}: Azure did not answer within {time.TotalSeconds:0} s.", e);
        // The inmost message is the one that says what happened.
        var inmost = e;
        while (inmost.InnerException is { } inner) inmost = inner;
        return inmost switch
        {
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData } => new StorageMisconfiguredException($"{what}: {e.Message}", "The host of the account is not known: correct Account or Endpoint.", e),
            AuthenticationException => new StorageMisconfiguredException($"{what}: {inmost.Message}", "The certificate of the account's host is not trusted: give its authority's as CaFile; or it speaks no TLS: correct Endpoint, with http:// for plain HTTP.", e),
            // Says to where, and nothing of the path or the query.
            SocketException => new StorageException($"{what}: {e.Message}", e),
            _ => new StorageException($"{what}: {inmost.Message}", e),
        };
    }

    /// <summary>A header of an answer, or nothing.</summary>
    public static string Header(HttpResponseMessage answer, string name) => answer.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : "";
}
