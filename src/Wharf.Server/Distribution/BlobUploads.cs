using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Repositories;

namespace Wharf.Server.Distribution;

/// <summary>Pushing blobs: whole, in chunks or as one stream, and by mounting what another repository has.</summary>
internal static class BlobUploads
{
    public static void Map(WebApplication app)
    {
        app.MapPost("/v2/-/blobs/uploads/", Start).WithMetadata(new DisableRequestSizeLimitAttribute()).Requires(Permission.Push).WithName("startUpload")
            .Describe("Starts an upload, stores a whole blob, or mounts one of another repository.").Query("digest", "With it the body is the whole blob.")
            .Query("digest-algorithm", "What the blob will be digested with.").Query("mount", "The digest of a blob to mount.")
            .Query("from", "The repository that has it.").Takes("application/octet-stream").Gives(201).Gives(202);
        app.MapGet("/v2/-/blobs/uploads/{id}", Status).Requires(Permission.Push).WithName("getUpload")
            .Describe("Says how far an upload is.").Gives(204);
        app.MapPatch("/v2/-/blobs/uploads/{id}", Append).WithMetadata(new DisableRequestSizeLimitAttribute()).Requires(Permission.Push).WithName("appendUpload")
            .Describe("Appends to an upload.").Takes("application/octet-stream").Gives(202);
        app.MapPut("/v2/-/blobs/uploads/{id}", Finish).WithMetadata(new DisableRequestSizeLimitAttribute()).Requires(Permission.Push).WithName("finishUpload")
            .Describe("Ends an upload; the blob is there from now on.").Query("digest", "The digest of the whole blob.", required: true)
            .Takes("application/octet-stream").Gives(201);
        app.MapDelete("/v2/-/blobs/uploads/{id}", Cancel).Requires(Permission.Push).WithName("cancelUpload")
            .Describe("Gives an upload up.").Gives(204);
    }

    // distribution-spec#pushing-blobs (end-4a, end-4b, end-11)
    private static async Task<IResult> Start(HttpContext http, Uploads uploads, ContentStore content, Permissions permissions, RegistryOptions options, Locations locations, CancellationToken ct)
    {
        var (access, by, query) = (http.Access(), http.Caller().Principal, http.Request.Query);
        if (query["mount"].ToString() is { Length: > 0 } mount)
        {
            if (!Digest.TryParse(mount, out var wanted))
                return OciError.DigestMalformed(mount);
            if (await MountAsync(http, content, permissions, options, wanted, query["from"].ToString(), ct))
                return Created(http, access, wanted);
            // Where mounting is not possible the specification has the client upload instead.
        }
        else if (query["digest"].ToString() is { Length: > 0 } digest)
        {
            if (!Digest.TryParse(digest, out var claimed))
                return OciError.DigestMalformed(digest);
            if (Encoded(http.Request) is { } encoded)
                return encoded;
            return ToResult(http, access, digest, claimed, await uploads.StoreAsync(by, access, claimed, http.Request.ContentLength, http.Request.Body, ct), null);
        }
        var algorithm = DigestAlgorithm.Sha256;
        if (query["digest-algorithm"].ToString() is { Length: > 0 } asked && !DigestAlgorithms.TryParse(asked, out algorithm))
            return OciError.DigestInvalid("The digest algorithms are sha256 and sha512.", asked.Length > 100 ? null : asked);
        var (id, refusal) = await uploads.StartAsync(by, access, algorithm, ct);
        if (refusal is not null)
            return refusal.ToError(access);
        if (Math.Max(options.ChunkMinLength, locations.Primary.LeastChunk) is > 0 and var least)
            http.Response.Headers["OCI-Chunk-Min-Length"] = least.ToString(CultureInfo.InvariantCulture);
        return Accepted(http, access, id, 0, 202);
    }

    private static async Task<IResult> Status(HttpContext http, string id, Uploads uploads, CancellationToken ct) =>
        await uploads.FindAsync(id, http.Caller().Principal, http.Access().Name, ct) is { } upload
            ? Accepted(http, http.Access(), id, upload.Size, 204)
            : OciError.UploadUnknown();

    // distribution-spec#pushing-a-blob-in-chunks (end-5)
    private static async Task<IResult> Append(HttpContext http, string id, Uploads uploads, CancellationToken ct)
    {
        if (Encoded(http.Request) is { } encoded)
            return encoded;
        if (ParseRange(http.Request, out var range) is { } invalid)
            return invalid;
        var access = http.Access();
        return ToResult(http, access, null, default, await uploads.AppendAsync(id, http.Caller().Principal, access, range, http.Request.ContentLength, http.Request.Body, ct), id);
    }

    // distribution-spec#post-then-put, #pushing-a-blob-in-chunks (end-6)
    private static async Task<IResult> Finish(HttpContext http, string id, Uploads uploads, CancellationToken ct)
    {
        var digest = http.Request.Query["digest"];
        if (digest.Count != 1 || !Digest.TryParse(digest[0], out var claimed))
            return digest.Count == 0 ? OciError.DigestInvalid("Name the digest of the blob: PUT <location>?digest=sha256:...") : OciError.DigestMalformed(digest.ToString());
        if (Encoded(http.Request) is { } encoded)
            return encoded;
        if (ParseRange(http.Request, out var range) is { } invalid)
            return invalid;
        var access = http.Access();
        return ToResult(http, access, digest.ToString(), claimed, await uploads.FinishAsync(id, http.Caller().Principal, access, range, claimed, http.Request.ContentLength, http.Request.Body, ct), id);
    }

    // development version of distribution-spec, "Cancelling an upload"
    private static async Task<IResult> Cancel(HttpContext http, string id, Uploads uploads, CancellationToken ct) =>
        await uploads.CancelAsync(id, http.Caller().Principal, http.Access().Name, ct) ? TypedResults.NoContent() : OciError.UploadUnknown();

    /// <summary>Without <paramref name="from"/>, any repository that the caller may pull from will do ("content discovery").</summary>
    private static async ValueTask<bool> MountAsync(HttpContext http, ContentStore content, Permissions permissions, RegistryOptions options, Digest digest, string from, CancellationToken ct)
    {
        var (caller, to) = (http.Caller(), http.Access());
        var candidates = from.Length > 0 ? [from] : await content.FindHoldersAsync(caller.Principal, digest, 16, ct);
        foreach (var candidate in candidates)
        {
            if (!RepositoryName.TryParse(candidate, options.LibraryNamespace, out var name))
                continue;
            // The bearer's account must be able to read the source. The token need not name it: clients ask for the target's scope only,
            // and who can name a digest of a repository that the account may pull from gains nothing by mounting it.
            var access = await permissions.DecideAsync(caller.Principal, name, RepositoryRole.Read, ct);
            if (access is { Exists: true, Role: >= RepositoryRole.Read } && await content.MountAsync(caller.Principal, access, to, digest, ct) is null)
                return true;
        }
        return false;
    }

    private static IResult ToResult(HttpContext http, RepositoryAccess access, string? claimedText, Digest claimed, UploadResult result, string? id)
    {
        switch (result.Outcome)
        {
            case UploadOutcome.Done when claimedText is null:
                return Accepted(http, access, id!, result.Size, 202);
            case UploadOutcome.Done:
                return Created(http, access, claimed);
            case UploadOutcome.OutOfOrder:
                Accepted(http, access, id!, result.Size, 416);
                return OciError.RangeInvalid($"The upload has {result.Size} bytes; the next chunk begins at {result.Size}.");
            case UploadOutcome.LengthMismatch:
                return OciError.SizeInvalid("Content-Range and the body differ in length.");
            case UploadOutcome.TooLarge:
                return OciError.TooLarge("The blob is larger than this registry takes.");
            case UploadOutcome.DigestMismatch:
                return OciError.DigestMismatch(claimedText!, result.Actual);
            case UploadOutcome.Refused:
                return result.Refusal!.ToError(access);
            default:
                return OciError.UploadUnknown();
        }
    }

    private static OciError? Encoded(HttpRequest request) => request.Headers.ContentEncoding.Count > 0
        ? new OciError(415, "UNSUPPORTED", "Send the blob as it is, without a Content-Encoding: its digest is over these bytes.")
        : null;

    private static OciError? ParseRange(HttpRequest request, out ContentRange? range)
    {
        range = null;
        var header = request.Headers.ContentRange;
        if (header.Count == 0)
            return null;
        if (header.Count > 1 || !ContentRange.TryParse(header[0], out var parsed))
            return OciError.UploadInvalid("Content-Range is '<first byte>-<last byte>', both counted from 0.");
        if (request.ContentLength is { } length && length != parsed.Length)
            return OciError.SizeInvalid($"Content-Range tells {parsed.Length} bytes, Content-Length {length}.");
        range = parsed;
        return null;
    }

    // The location is relative, so that neither a Host nor a forwarding header can send credentials elsewhere (CVE-2026-50151).
    private static Microsoft.AspNetCore.Http.HttpResults.StatusCodeHttpResult Accepted(HttpContext http, RepositoryAccess access, string id, long size, int status)
    {
        var headers = http.Response.Headers;
        headers.Location = $"/v2/{access.Name}/blobs/uploads/{id}";
        headers["Docker-Upload-Uuid"] = id;
        headers.Range = string.Create(CultureInfo.InvariantCulture, $"0-{Math.Max(0, size - 1)}");
        return TypedResults.StatusCode(status);
    }

    private static Microsoft.AspNetCore.Http.HttpResults.StatusCodeHttpResult Created(HttpContext http, RepositoryAccess access, Digest digest)
    {
        http.Response.Headers.Location = $"/v2/{access.Name}/blobs/{digest}";
        http.Response.Headers["Docker-Content-Digest"] = digest.ToString();
        return TypedResults.StatusCode(201);
    }
}
