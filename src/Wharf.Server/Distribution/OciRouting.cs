using Microsoft.AspNetCore.Http.Features;
using Wharf.Oci;
using Wharf.Server.Repositories;

namespace Wharf.Server.Distribution;

/// <summary>
/// Repository names hold slashes, which route templates cannot have in mid-path. So the raw path under /v2 is read here once, by the
/// grammar, from the right; what follows the name becomes an ordinary endpoint under /v2/-/. Whatever is not in the grammar ends here,
/// so that no decoding, dot segment or letter case can reach an endpoint by another way.
/// </summary>
internal sealed class OciRouting(RequestDelegate next, RegistryOptions options)
{
    private const string Prefix = "/v2/";

    public Task InvokeAsync(HttpContext http)
    {
        var path = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (path.IndexOf('?', StringComparison.Ordinal) is var query and >= 0)
            path = path[..query];
        if (!path.StartsWith(Prefix, StringComparison.Ordinal))
        {
            // "/V2/x", "//v2/x" and "/%76%32/x" would otherwise match the templates below.
            return path != "/v2" && http.Request.Path.Value is { } decoded && decoded.TrimStart('/').StartsWith("v2", StringComparison.OrdinalIgnoreCase)
                ? OciError.RouteUnknown().ExecuteAsync(http)
                : next(http);
        }
        // Kestrel unpacks "chunked" only; bytes under another coding would be taken for the content (RFC 9112 6.1).
        if (http.Request.Headers.TransferEncoding is { Count: > 0 } coding && !(coding.Count == 1 && "chunked".Equals(coding[0], StringComparison.OrdinalIgnoreCase)))
        {
            http.Response.Headers.Connection = "close";
            return OciError.TransferCodingUnknown().ExecuteAsync(http);
        }
        // distribution-spec, legacy Docker support: "docker manifest" gives up when a 401 does not bear it
        http.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
        if (path is "/v2/" or "/v2/auth" or "/v2/_catalog")
            return next(http);
        // A digest's colon is the one character that careful clients escape.
        if (path.Contains('%', StringComparison.Ordinal))
            path = path.Replace("%3A", ":", StringComparison.OrdinalIgnoreCase);
        if (!TrySplit(path, out var name, out var rest))
            return OciError.RouteUnknown().ExecuteAsync(http);
        if (!RepositoryName.TryParse(name, options.LibraryNamespace, out var repository))
            return OciError.NameInvalid(name).ExecuteAsync(http);
        http.Features.Set(repository);
        http.Request.Path = "/v2/-/" + rest;
        return next(http);
    }

    /// <summary>Splits a path at the right-most place where a route of the specification begins.</summary>
    internal static bool TrySplit(string path, out string name, out string rest)
    {
        name = rest = "";
        var last = path.LastIndexOf('/');
        var second = last > 0 ? path.LastIndexOf('/', last - 1) : -1;
        if (second < 0)
            return false;
        var third = second > 0 ? path.LastIndexOf('/', second - 1) : -1;
        var word = path.AsSpan(second + 1, last - second - 1);
        var tail = path.AsSpan(last + 1);
        int start;
        if (word is "uploads" && third > 0 && path.AsSpan(third + 1, second - third - 1) is "blobs")
            start = third;
        else if (word is "blobs" && tail is "uploads")
            start = second;
        else if ((word is "manifests" or "blobs" or "referrers" && tail.Length > 0) || (word is "tags" && tail is "list"))
            start = second;
        else
            return false;
        if (start < Prefix.Length || (tail.Length > 0 && !tail.ContainsOnlyReference()))
            return false;
        name = path[Prefix.Length..start];
        rest = path[(start + 1)..];
        return name.Length > 0;
    }
}

internal static class OciRoutingExtensions
{
    // Characters of tags, digests and upload ids; what they mean is checked by the endpoint, which can say what is wrong.
    private static readonly System.Buffers.SearchValues<char> Allowed =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:+=@~");

    public static bool ContainsOnlyReference(this ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Allowed);
}
