using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

internal static class Blobs
{
    public static void Map(WebApplication app)
    {
        app.MapMethods("/v2/-/blobs/{digest}", ["GET", "HEAD"], Get).Requires(Permission.Pull).WithName("getBlob")
            .Describe("Gives a blob, or the ranges of it that are asked for.").Gives(200, "*/*").Gives(206, "*/*").Gives(304).Gives(307);
        app.MapDelete("/v2/-/blobs/{digest}", Delete).Requires(Permission.Delete).WithName("deleteBlob")
            .Describe("Deletes a blob from a repository.").Gives(202);
    }

    // distribution-spec#pulling-blobs (end-2)
    private static async Task<IResult> Get(HttpContext http, string digest, ContentStore content, Pulls pulls, CancellationToken ct)
    {
        if (!Digest.TryParse(digest, out var parsed))
            return OciError.DigestMalformed(digest);
        var access = http.Access();
        if (!access.Exists)
            return OciError.NameUnknown(access.Name);
        var isPull = HttpMethods.IsGet(http.Request.Method);
        if (await (isPull ? content.FindBlobAsync(access, parsed, ct) : content.KeepBlobAsync(access, parsed, ct)) is not { } blob)
            return isPull && await content.IsQuarantinedAsync(access, parsed, ct) ? OciError.BlobQuarantined(parsed) : OciError.BlobUnknown(parsed);
        if (isPull)
            await pulls.BlobAsync(http.Caller().Principal, access, parsed, ct);
        return new BlobResult(parsed, blob);
    }

    // distribution-spec#deleting-blobs (end-10)
    private static async Task<IResult> Delete(HttpContext http, string digest, ContentStore content, CancellationToken ct)
    {
        if (!Digest.TryParse(digest, out var parsed))
            return OciError.DigestMalformed(digest);
        var access = http.Access();
        if (!access.Exists)
            return OciError.NameUnknown(access.Name);
        return await content.DeleteBlobAsync(http.Caller().Principal, access, parsed, ct) is { } refusal ? refusal.ToError(access) : TypedResults.StatusCode(202);
    }
}
