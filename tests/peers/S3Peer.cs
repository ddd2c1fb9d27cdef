using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Web;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Wharf.Tests.Peers;

/// <summary>
/// A bucket in memory, for what a Ceph gateway does not ask for: temporary credentials with their token, virtual-host style, encryption that is asked for in each request, and
/// objects that are locked (docs.aws.amazon.com, "Amazon S3 API Reference"). It verifies each signature by computing it itself, and keeps what was not as documented.
/// </summary>
internal sealed class S3Peer : IAsyncDisposable
{
    public const string Bucket = "peer-bucket";
    public const string Region = "eu-test-1";

    private static readonly XNamespace s_ns = "http://s3.amazonaws.com/doc/2006-03-01/";

    private readonly Func<string, (string Secret, string? Token)?> _credential;
    private readonly bool _virtualHost;
    private readonly ConcurrentDictionary<string, byte[]> _objects = new();
    private readonly ConcurrentDictionary<string, (string Key, SortedDictionary<int, byte[]> Parts)> _uploads = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentQueue<string> _encrypted = new();
    private WebApplication? _app;

    private S3Peer(Func<string, (string, string?)?> credential, bool virtualHost) => (_credential, _virtualHost) = (credential, virtualHost);

    public Uri Endpoint => new(_app!.Urls.First());

    /// <summary>What was not as documented.</summary>
    public IReadOnlyList<string> Faults => [.. _faults];

    /// <summary>The names of all objects.</summary>
    public IReadOnlyCollection<string> Objects => [.. _objects.Keys];

    /// <summary>What was stored, and the encryption that was asked for: <c>PUT aws:kms key</c>.</summary>
    public IReadOnlyList<string> Encrypted => [.. _encrypted];

    /// <summary>Until when objects may not be deleted.</summary>
    public DateTimeOffset? LockedUntil { get; set; }

    /// <param name="credential">The secret and the token of an access key, now.</param>
    public static async Task<S3Peer> StartAsync(Func<string, (string Secret, string? Token)?> credential, bool virtualHost = false, X509Certificate2? certificate = null)
    {
        var peer = new S3Peer(credential, virtualHost);
        peer._app = await PeerServer.StartAsync(peer.AnswerAsync, certificate);
        return peer;
    }

    public ValueTask DisposeAsync() => _app!.DisposeAsync();

    private async Task AnswerAsync(HttpContext http, string target, byte[] body)
    {
        var request = http.Request;
        if (SignatureV4.Fault(request.Method, target, name => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null, body, Region, "s3", TimeProvider.System.GetUtcNow(), _credential) is { } fault)
        {
            _faults.Enqueue($"{request.Method} {target}: {fault}");
            await ErrorAsync(http, 403, fault.StartsWith("no such key", StringComparison.Ordinal) ? "InvalidAccessKeyId" : "SignatureDoesNotMatch");
            return;
        }
        var path = Uri.UnescapeDataString(target.Split('?')[0]);
        var prefix = _virtualHost ? "/" : $"/{Bucket}";
        if (_virtualHost != request.Host.Host.StartsWith($"{Bucket}.", StringComparison.Ordinal) || !path.StartsWith(prefix, StringComparison.Ordinal))
        {
            _faults.Enqueue($"{request.Method} {request.Host}{target}: not the bucket");
            await ErrorAsync(http, 404, "NoSuchBucket");
            return;
        }
        var (key, query) = (path[prefix.Length..].TrimStart('/'), HttpUtility.ParseQueryString(target.Split('?', 2) is [_, var q] ? q : ""));
        bool Has(string name) => query.AllKeys.Contains(name) || query.GetValues(null)?.Contains(name) == true;
        switch (request.Method)
        {
            case "GET" when key.Length == 0 && query["list-type"] == "2":
                await XmlAsync(http, new XElement(s_ns + "ListBucketResult", new XElement(s_ns + "IsTruncated", "false"),
                    _objects.Where(o => o.Key.StartsWith(query["prefix"] ?? "", StringComparison.Ordinal)).OrderBy(static o => o.Key, StringComparer.Ordinal).Select(static o => new XElement(s_ns + "Contents",
                        new XElement(s_ns + "Key", o.Key), new XElement(s_ns + "Size", o.Value.Length), new XElement(s_ns + "LastModified", "2026-01-01T00:00:00.000Z"), new XElement(s_ns + "ETag", Tag(o.Value))))));
                break;
            case "GET" when key.Length == 0 && Has("uploads"):
                await XmlAsync(http, new XElement(s_ns + "ListMultipartUploadsResult", new XElement(s_ns + "IsTruncated", "false"),
                    _uploads.Select(static u => new XElement(s_ns + "Upload", new XElement(s_ns + "Key", u.Value.Key), new XElement(s_ns + "UploadId", u.Key), new XElement(s_ns + "Initiated", "2026-01-01T00:00:00.000Z")))));
                break;
            case "POST" when key.Length == 0 && Has("delete"):
                await DeleteAsync(http, body);
                break;
            case "POST" when Has("uploads"):
                NoteEncryption("POST", request);
                var id = Guid.NewGuid().ToString("N");
                _uploads[id] = (key, []);
                await XmlAsync(http, new XElement(s_ns + "InitiateMultipartUploadResult", new XElement(s_ns + "Key", key), new XElement(s_ns + "UploadId", id)));
                break;
            case "PUT" when query["uploadId"] is { } upload:
                if (request.Headers.ContainsKey("x-amz-server-side-encryption")) _faults.Enqueue("a part names an encryption");
                _uploads[upload].Parts[int.Parse(query["partNumber"]!, CultureInfo.InvariantCulture)] = body;
                http.Response.Headers.ETag = Tag(body);
                break;
            case "POST" when query["uploadId"] is { } upload:
                _uploads.TryRemove(upload, out var whole);
                _objects[key] = [.. whole.Parts.SelectMany(static p => p.Value)];
                await XmlAsync(http, new XElement(s_ns + "CompleteMultipartUploadResult", new XElement(s_ns + "Key", key), new XElement(s_ns + "ETag", "\"x-1\"")));
                break;
            case "DELETE" when query["uploadId"] is { } upload:
                _uploads.TryRemove(upload, out _);
                http.Response.StatusCode = 204;
                break;
            case "PUT" when request.Headers.TryGetValue("x-amz-copy-source", out var source):
                NoteEncryption("COPY", request);
                _objects[key] = _objects[Uri.UnescapeDataString(source.ToString()).TrimStart('/')[(Bucket.Length + 1)..]];
                await XmlAsync(http, new XElement(s_ns + "CopyObjectResult", new XElement(s_ns + "ETag", Tag(_objects[key]))));
                break;
            case "PUT":
                if (request.Headers.IfNoneMatch == "*" && _objects.ContainsKey(key))
                {
                    await ErrorAsync(http, 412, "PreconditionFailed");
                    break;
                }
                NoteEncryption("PUT", request);
                _objects[key] = body;
                http.Response.Headers.ETag = Tag(body);
                break;
            case "GET" or "HEAD" when _objects.TryGetValue(key, out var bytes):
                if (LockedUntil is { } until) http.Response.Headers["x-amz-object-lock-retain-until-date"] = until.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
                await BytesAsync(http, bytes);
                break;
            case "GET" or "HEAD":
                await ErrorAsync(http, 404, "NoSuchKey");
                break;
            default:
                _faults.Enqueue($"{request.Method} {target}");
                await ErrorAsync(http, 501, "NotImplemented");
                break;
        }
    }

    private void NoteEncryption(string method, HttpRequest request) =>
        _encrypted.Enqueue($"{method} {request.Headers["x-amz-server-side-encryption"]} {request.Headers["x-amz-server-side-encryption-aws-kms-key-id"]}".TrimEnd());

    private async Task DeleteAsync(HttpContext http, byte[] body)
    {
        // Of several objects the documentation demands a checksum of the list.
        if (!http.Request.Headers.Any(static h => h.Key.Equals("Content-MD5", StringComparison.OrdinalIgnoreCase) || h.Key.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase))) _faults.Enqueue("a deletion without a checksum");
        var keys = XDocument.Parse(Encoding.UTF8.GetString(body)).Descendants().Where(static e => e.Name.LocalName == "Key").Select(static e => e.Value).ToList();
        if (LockedUntil is null) keys.ForEach(key => _objects.TryRemove(key, out _));
        await XmlAsync(http, new XElement(s_ns + "DeleteResult", LockedUntil is null ? [] : keys.Select(static key => new XElement(s_ns + "Error",
            new XElement(s_ns + "Key", key), new XElement(s_ns + "Code", "AccessDenied"), new XElement(s_ns + "Message", "Access Denied because object protected by object lock.")))));
    }

    private static async Task BytesAsync(HttpContext http, byte[] bytes)
    {
        var (first, last) = (0L, bytes.Length - 1L);
        if (http.Request.Headers.Range.ToString() is { Length: > 0 } range)
        {
            var ends = range["bytes=".Length..].Split('-');
            first = long.Parse(ends[0], CultureInfo.InvariantCulture);
            if (first >= bytes.Length)
            {
                await ErrorAsync(http, 416, "InvalidRange");
                return;
            }
            if (ends[1].Length > 0) last = Math.Min(last, long.Parse(ends[1], CultureInfo.InvariantCulture));
            http.Response.StatusCode = 206;
            http.Response.Headers.ContentRange = $"bytes {first}-{last}/{bytes.Length}";
        }
        http.Response.ContentLength = last - first + 1;
        http.Response.Headers.ETag = Tag(bytes);
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(bytes.AsMemory((int)first, (int)(last - first + 1)));
    }

#pragma warning disable CA5351 // S3's tag of an object is its MD5
    private static string Tag(byte[] bytes) => $"\"{Convert.ToHexStringLower(MD5.HashData(bytes))}\"";
#pragma warning restore CA5351

    private static Task XmlAsync(HttpContext http, XElement xml)
    {
        http.Response.ContentType = "application/xml";
        return http.Response.WriteAsync(xml.ToString(SaveOptions.DisableFormatting));
    }

    private static Task ErrorAsync(HttpContext http, int status, string code)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/xml";
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask
            : http.Response.WriteAsync(new XElement("Error", new XElement("Code", code), new XElement("Message", $"Peer: {code}"), new XElement("RequestId", "peer")).ToString());
    }
}
