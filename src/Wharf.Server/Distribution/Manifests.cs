using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

internal static class Manifests
{
    /// <summary>The specification asks for at least 4 MiB.</summary>
    private const int MaxBytes = 4 << 20;

    /// <summary>More tags in one request than any client sends; the specification asks for at least 10.</summary>
    private const int MaxTags = 100;

    public static void Map(WebApplication app)
    {
        app.MapMethods("/v2/-/manifests/{reference}", ["GET", "HEAD"], Get).Requires(Permission.Pull).WithName("getManifest")
            .Describe("Gives a manifest by its tag or digest.").Gives(200, "*/*").Gives(304);
        app.MapPut("/v2/-/manifests/{reference}", Put).Requires(Permission.Push).WithName("putManifest")
            .Describe("Stores a manifest, under a tag or by its digest.").Takes("*/*").Gives(201);
        app.MapDelete("/v2/-/manifests/{reference}", Delete).Requires(Permission.Delete).WithName("deleteManifest")
            .Describe("Deletes a manifest, or a tag alone.").Gives(202);
    }

    // distribution-spec#pulling-manifests (end-3)
    private static async Task<IResult> Get(HttpContext http, string reference, ContentStore content, Pulls pulls, CancellationToken ct)
    {
        if (!Reference.TryParse(reference, out var parsed))
            return Malformed(reference);
        var access = http.Access();
        if (!access.Exists)
            return OciError.NameUnknown(access.Name);
        if (AsOf.TryRead(http, default, out var past) is { } malformed)
            return malformed;
        if (past is { } at)
            return await AsOf.CheckAsync(http, content, at, ct) ?? await GetPastAsync(http, parsed, at, content, pulls, ct);
        var isPull = HttpMethods.IsGet(http.Request.Method);
        var (digest, manifest) = parsed.IsDigest
            ? (parsed.Digest, await (isPull ? content.FindManifestAsync(access, parsed.Digest, ct) : content.KeepManifestAsync(access, parsed.Digest, ct)))
            : await content.FindManifestAsync(access, parsed.Tag, ct) is var (named, tagged) ? (named, tagged) : default;
        if (manifest is null)
            return parsed.IsDigest ? OciError.ManifestUnknown(reference) : await MissedAsync(http, parsed.Tag, content, pulls, ct);
        // Quay: asking whether it is there is no pull.
        if (isPull)
            await pulls.ManifestAsync(http.Caller().Principal, access, digest, parsed.IsDigest ? null : parsed.Tag, manifest.MediaType, ct);
        return new ManifestResult(digest, manifest, parsed.IsDigest);
    }

    // A name that is no tag now may ask for the past, or have been a tag.
    private static async ValueTask<IResult> MissedAsync(HttpContext http, string tag, ContentStore content, Pulls pulls, CancellationToken ct)
    {
        var access = http.Access();
        if (await content.FindDeadTagAsync(access, tag, ct) is { } dead)
            return OciError.TagExpired(access.Name, tag, dead);
        if (!Moment.TrySplit(tag, out var of, out var at) || !Reference.TryParse(of, out var then))
            return OciError.ManifestUnknown(tag);
        return await AsOf.CheckAsync(http, content, at, ct) switch
        {
            null => await GetPastAsync(http, then, at, content, pulls, ct),
            // It is a good name for a tag all the same, which clients look for before they push it.
            { Status: 400 } => OciError.ManifestUnknown(tag),
            var tooOld => tooOld,
        };
    }

    private static async ValueTask<IResult> GetPastAsync(HttpContext http, Reference reference, Moment at, ContentStore content, Pulls pulls, CancellationToken ct)
    {
        var access = http.Access();
        var (digest, manifest) = reference.IsDigest
            ? (reference.Digest, await content.FindManifestAsync(access, reference.Digest, at, ct))
            : await content.FindManifestAsync(access, reference.Tag, at, ct) is var (named, tagged) ? (named, tagged) : default;
        if (manifest is null)
            return OciError.ManifestUnknown($"{reference} as of {at}");
        if (HttpMethods.IsGet(http.Request.Method))
            await pulls.ManifestAsync(http.Caller().Principal, access, digest, reference.IsDigest ? null : at.Of(reference.Tag), manifest.MediaType, ct);
        // What is of the past may be deleted for good at any time, so it is asked for anew even by its digest.
        return new ManifestResult(digest, manifest, byDigest: false);
    }

    // distribution-spec#pushing-manifests (end-7); several tags: development version, "Pushing Manifests"
    private static async Task<IResult> Put(HttpContext http, string reference, ContentStore content, ChangeRules rules, CancellationToken ct)
    {
        if (!Reference.TryParse(reference, out var parsed))
            return Malformed(reference);
        var query = http.Request.Query["tag"];
        if (query.Count > 0 && !parsed.IsDigest)
            return OciError.Invalid("The parameter 'tag' goes with a push by digest.");
        if (query.Count > MaxTags)
            return new OciError(414, "TAG_INVALID", $"At most {MaxTags} tags fit into one push.");
        var tags = parsed.IsDigest ? [.. query.OfType<string>().Distinct(StringComparer.Ordinal)] : new[] { parsed.Tag };
        foreach (var tag in tags)
            if (!TagName.IsValid(tag))
                return OciError.TagInvalid(tag);
        if (http.Request.Headers.ContentEncoding.Count > 0)
            return OciError.ManifestUnsupported("Send the manifest as it is, without a Content-Encoding: its digest is over these bytes.");
        if (await ReadAsync(http.Request, ct) is not { } bytes)
            return OciError.TooLarge($"A manifest has at most {MaxBytes} bytes.");
        if (!Manifest.TryParse(bytes, http.Request.ContentType, out var manifest, out var kind, out var problem))
            return kind == ManifestProblem.Invalid ? OciError.ManifestInvalid(problem) : OciError.ManifestUnsupported(problem);
        var digest = Digest.Of(bytes, parsed.IsDigest ? parsed.Digest.Algorithm : DigestAlgorithm.Sha256);
        if (parsed.IsDigest && digest != parsed.Digest)
            return OciError.DigestMismatch(reference, digest);
        var access = http.Access();
        if (await content.PutManifestAsync(http.Caller().Principal, access, manifest, digest, tags, ct) is { } refusal)
            return refusal.ToError(access);
        var headers = http.Response.Headers;
        headers["Docker-Content-Digest"] = digest.ToString();
        headers.Location = $"/v2/{access.Name}/manifests/{(parsed.IsDigest ? digest.ToString() : parsed.Tag)}";
        if (manifest.Subject is { } subject)
            headers["OCI-Subject"] = subject.Digest.ToString();
        if (parsed.IsDigest && tags.Length > 0)
            headers["OCI-Tag"] = tags;
        if (await rules.WarnAsync(new Change(ChangeKind.PutManifest, http.Caller().Principal, access) { Tags = tags, Digest = digest }, ct) is { } warning)
            headers.Warning = $"299 - \"{warning}\"";
        return TypedResults.StatusCode(201);
    }

    // distribution-spec#deleting-tags and #deleting-manifests (end-9)
    private static async Task<IResult> Delete(HttpContext http, string reference, ContentStore content, CancellationToken ct)
    {
        if (!Reference.TryParse(reference, out var parsed))
            return Malformed(reference);
        var access = http.Access();
        if (!access.Exists)
            return OciError.NameUnknown(access.Name);
        var by = http.Caller().Principal;
        var refusal = parsed.IsDigest ? await content.DeleteManifestAsync(by, access, parsed.Digest, ct) : await content.EndTagAsync(by, access, parsed.Tag, ct);
        return refusal switch
        {
            null => TypedResults.StatusCode(202),
            { Kind: RefusalKind.ManifestUnknown or RefusalKind.TagUnknown } => OciError.ManifestUnknown(reference),
            _ => refusal.ToError(access),
        };
    }

    private static OciError Malformed(string reference) => reference.Contains(':', StringComparison.Ordinal) ? OciError.DigestMalformed(reference) : OciError.TagInvalid(reference);

    private static async ValueTask<byte[]?> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength > MaxBytes)
            return null;
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(ct);
            var tooLarge = read.Buffer.Length > MaxBytes;
            if (tooLarge || read.IsCompleted)
            {
                var body = tooLarge ? null : System.Buffers.BuffersExtensions.ToArray(read.Buffer);
                reader.AdvanceTo(read.Buffer.End); // a read that is not given back breaks the next request of the connection
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
