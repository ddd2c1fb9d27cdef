using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Storage;

namespace Wharf.Server.Distribution;

/// <summary>
/// A blob's bytes, whole or in ranges (RFC 9110 14). Kestrel has no sendfile and its own file path copies 16 KiB at a time, so the
/// bytes are read in large pieces straight into the response's buffer. Never content-encoded: the digest is over these bytes.
/// </summary>
internal sealed partial class BlobResult(Digest digest, BlobEntry blob) : IResult
{
    private const int Piece = 256 << 10;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response, ct) = (httpContext.Request, httpContext.Response, httpContext.RequestAborted);
        var (name, tag) = (digest.ToString(), $"\"{digest}\"");
        var headers = response.Headers;
        headers["Docker-Content-Digest"] = name;
        headers.ETag = tag;
        headers.AcceptRanges = "bytes";
        headers.CacheControl = "private, max-age=31536000, immutable";
        headers.XContentTypeOptions = "nosniff";
        response.ContentType = "application/octet-stream";
        if (ETags.Match(request.Headers.IfNoneMatch, tag))
        {
            response.StatusCode = 304;
            return;
        }
        if (HttpMethods.IsHead(request.Method))
        {
            response.ContentLength = blob.Size;
            return;
        }
        // If-Range with another validator than ours asks for the whole (RFC 9110 13.1.5).
        var ifRange = request.Headers.IfRange;
        var ranges = ByteRanges.Parse(ifRange.Count == 0 || (ifRange.Count == 1 && ifRange[0] == tag) ? request.Headers.Range.ToString() : null, blob.Size);
        // What a store answers as it is answered here: the whole, or one plain range. Several are no matter for it, Azure knows none of the last bytes, and none knows our validator.
        var range = request.Headers.Range.ToString();
        var isPlain = range.Length == 0 || (ifRange.Count == 0 && ranges.Kind == ByteRangesKind.Single && PlainRange().IsMatch(range));
        if (isPlain && blob.Location.Redirects(httpContext.Connection.RemoteIpAddress ?? IPAddress.None)
            && await blob.Location.Driver.PresignAsync(blob.StorageKey, blob.Location.Options.RedirectLifetime, ct) is { } address)
        {
            Redirect(response, address);
            return;
        }
        switch (ranges.Kind)
        {
            case ByteRangesKind.Unsatisfiable:
                headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{blob.Size}");
                response.ContentType = null;
                // The error is not the blob: nothing may keep it in its place.
                headers.ETag = headers.CacheControl = default;
                await OciError.RangeNotSatisfiable(blob.Size).ExecuteAsync(httpContext);
                break;
            case ByteRangesKind.Single:
                var only = ranges.Ranges[0];
                response.StatusCode = 206;
                headers.ContentRange = Describe(only);
                response.ContentLength = only.Length;
                await SendAsync(response, only.Start, only.Length, ct);
                break;
            case ByteRangesKind.Multiple:
                await SendPartsAsync(response, ranges.Ranges, ct);
                break;
            default:
                response.ContentLength = blob.Size;
                await SendAsync(response, 0, blob.Size, ct);
                break;
        }
    }

    [GeneratedRegex("^bytes=[0-9]{1,18}-[0-9]{0,18}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PlainRange();

    // The method stays (307), and so does the range, which the store answers.
    private static void Redirect(HttpResponse response, Uri to)
    {
        response.StatusCode = 307;
        response.ContentType = null;
        response.Headers.Location = to.OriginalString;
        // The address ends soon: only the blob behind it may be kept, and the store says nothing of that.
        response.Headers.ETag = response.Headers.AcceptRanges = default;
        response.Headers.CacheControl = "no-store";
    }

    private string Describe(ByteRange range) => string.Create(CultureInfo.InvariantCulture, $"bytes {range.Start}-{range.End}/{blob.Size}");

    private async Task SendPartsAsync(HttpResponse response, IReadOnlyList<ByteRange> ranges, CancellationToken ct)
    {
        var boundary = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        response.StatusCode = 206;
        response.ContentType = $"multipart/byteranges; boundary={boundary}";
        var heads = new List<string>(ranges.Count);
        var end = $"\r\n--{boundary}--\r\n";
        long length = end.Length;
        foreach (var range in ranges)
        {
            heads.Add($"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: {Describe(range)}\r\n\r\n");
            length += heads[^1].Length + range.Length;
        }
        response.ContentLength = length;
        for (var i = 0; i < ranges.Count; i++)
        {
            await response.WriteAsync(heads[i], ct);
            await SendAsync(response, ranges[i].Start, ranges[i].Length, ct);
        }
        await response.WriteAsync(end, ct);
    }

    private async Task SendAsync(HttpResponse response, long offset, long length, CancellationToken ct)
    {
        if (length == 0)
            return;
        await using var stream = await blob.OpenAsync(offset, length, ct)
            ?? throw new StorageException($"The object of {digest} is missing from the store.");
        var writer = response.BodyWriter;
        while (length > 0)
        {
            var memory = writer.GetMemory((int)Math.Min(Piece, length));
            var n = await stream.ReadAsync(memory[..(int)Math.Min(Math.Min(memory.Length, Piece), length)], ct);
            if (n == 0)
                throw new StorageException($"The object of {digest} is shorter than its row says.");
            length -= n;
            writer.Advance(n);
            if ((await writer.FlushAsync(ct)).IsCompleted)
                return;
        }
    }
}
