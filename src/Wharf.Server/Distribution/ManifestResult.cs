using Wharf.Oci;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

/// <summary>A manifest's bytes exactly as pushed, whatever the client accepts: a rewritten one would have another digest.</summary>
internal sealed class ManifestResult(Digest digest, ManifestEntry manifest, bool byDigest) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, name) = (httpContext.Response, digest.ToString());
        var headers = response.Headers;
        headers["Docker-Content-Digest"] = name;
        headers.ETag = $"\"{name}\"";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = byDigest ? "private, max-age=31536000, immutable" : "private, no-cache";
        response.ContentType = manifest.MediaType;
        if (httpContext.Request.Headers.IfNoneMatch is { Count: > 0 } wanted && ETags.Match(wanted, $"\"{name}\""))
        {
            response.StatusCode = 304;
            return Task.CompletedTask;
        }
        response.ContentLength = manifest.Bytes.Length;
        return HttpMethods.IsHead(httpContext.Request.Method)
            ? Task.CompletedTask
            : response.BodyWriter.WriteAsync(manifest.Bytes, httpContext.RequestAborted).AsTask();
    }
}
