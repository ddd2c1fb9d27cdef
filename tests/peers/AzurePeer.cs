using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wharf.Tests.Server;

namespace Wharf.Tests.Peers;

/// <summary>
/// What Azure's blob store does and its emulator does not: requests with an identity's token ("Authorize with Microsoft Entra ID"), user delegation keys and the
/// addresses signed by them ("Get User Delegation Key", "Create a user delegation SAS"), copies that take their time ("Copy Blob"), and blobs under an immutability policy or a legal hold ("Delete Blob", "Get Blob Properties"). It verifies each
/// signature by computing it itself, and keeps what was not as documented.
/// </summary>
internal sealed class AzurePeer : IAsyncDisposable
{
    public const string Account = "peeraccount";
    public const string Container = "blobs";

    private const string ObjectId = "aaaaaaaa-1111-2222-3333-444444444444";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    // In this order in the text to sign of version 2020-12-06; those without a parameter here are empty.
    private static readonly string[] s_signed =
        ["sp", "st", "se", "PATH", "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct"];

    private static readonly string[] s_required = ["sv", "se", "sr", "sp", "skoid", "sktid", "skt", "ske", "sks", "skv", "sig"];

    private readonly WebApplication _app;
    private readonly TokenPeer _tokens;
    private readonly ConcurrentDictionary<string, byte[]> _blobs = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset?> _locks = new();
    private readonly ConcurrentDictionary<string, (string Source, int Left)> _copies = new();
    private readonly ConcurrentDictionary<(string Start, string Expiry), byte[]> _keys = new();
    private readonly ConcurrentQueue<string> _faults = new();

    private AzurePeer(WebApplication app, TokenPeer tokens) => (_app, _tokens) = (app, tokens);

    public Uri Endpoint => new(_app.Urls.First());

    /// <summary>What was not as documented.</summary>
    public IReadOnlyList<string> Faults => [.. _faults];

    /// <summary>User delegation keys given so far.</summary>
    public int Keys => _keys.Count;

    /// <summary>The names of all blobs.</summary>
    public IReadOnlyCollection<string> Blobs => [.. _blobs.Keys];

    /// <summary>How a copy ends, after it was asked for three times.</summary>
    public string CopyEnd { get; set; } = "success";

    /// <param name="authority">With one, it listens on HTTPS.</param>
    public static async Task<AzurePeer> StartAsync(TokenPeer tokens, PrivateAuthority? authority = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (authority is not null) listen.UseHttps(X509Certificate2.CreateFromPemFile(authority.ServerCertificateFile, authority.ServerKeyFile));
        }));
        var app = builder.Build();
        var peer = new AzurePeer(app, tokens);
        app.Run(peer.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return peer;
    }

    /// <summary>Puts a blob under a policy until a time, or under a legal hold.</summary>
    public void Lock(string name, DateTimeOffset? until) => _locks[name] = until;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        http.Response.Headers["x-ms-request-id"] = Guid.NewGuid().ToString();
        http.Response.Headers["x-ms-version"] = "2021-12-02";
        if (http.Request.Query.ContainsKey("sig"))
        {
            await ReadBySasAsync(http);
            return;
        }
        var bearer = http.Request.Headers.Authorization.ToString();
        if (!bearer.StartsWith("Bearer ", StringComparison.Ordinal) || !_tokens.Knows(bearer["Bearer ".Length..]))
        {
            Refuse(http, 401, "InvalidAuthenticationInfo");
            return;
        }
        Must(http.Request.Headers["x-ms-version"] == "2021-12-02", "x-ms-version");
        Must(DateTimeOffset.TryParseExact(http.Request.Headers["x-ms-date"], "R", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            && (TimeProvider.System.GetUtcNow() - date).Duration() < TimeSpan.FromMinutes(15), "x-ms-date");
        if (http.Request.Path == "/" || http.Request.Query.ContainsKey("restype")) await GiveKeyAsync(http);
        else await ServeBlobAsync(http);
    }

    private async Task GiveKeyAsync(HttpContext http)
    {
        var request = http.Request;
        Must(request.Method == "POST" && request.Path == "/" && request.Query.Count == 2 && request.Query["restype"] == "service" && request.Query["comp"] == "userdelegationkey", $"{request.Method} {request.Path}{request.QueryString}");
        Must(request.ContentLength > 0, "Content-Length");
        var root = (await XDocument.LoadAsync(request.Body, LoadOptions.None, http.RequestAborted)).Root!;
        Must(root.Name == "KeyInfo" && root.Elements().Select(static e => e.Name.LocalName).SequenceEqual(["Start", "Expiry"]), "body " + root);
        var (start, expiry) = (Time(root.Element("Start")?.Value), Time(root.Element("Expiry")?.Value));
        var now = TimeProvider.System.GetUtcNow();
        Must(start <= now && expiry > now && expiry <= now.AddDays(7), $"from {start} to {expiry}");
        var (signedStart, signedExpiry) = (start.ToString(TimeFormat, CultureInfo.InvariantCulture), expiry.ToString(TimeFormat, CultureInfo.InvariantCulture));
        var key = _keys.GetOrAdd((signedStart, signedExpiry), static _ => RandomNumberGenerator.GetBytes(32));
        http.Response.ContentType = "application/xml";
        await http.Response.WriteAsync($"""
            <?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>{ObjectId}</SignedOid><SignedTid>{TokenPeer.Tenant}</SignedTid><SignedStart>{signedStart}</SignedStart><SignedExpiry>{signedExpiry}</SignedExpiry><SignedService>b</SignedService><SignedVersion>2021-12-02</SignedVersion><Value>{Convert.ToBase64String(key)}</Value></UserDelegationKey>
            """);
    }

    private async Task ServeBlobAsync(HttpContext http)
    {
        var name = Name(http.Request);
        var isThere = _blobs.TryGetValue(name, out var content);
        switch (http.Request.Method)
        {
            case "PUT" when http.Request.Headers["x-ms-copy-source"].ToString() is { Length: > 0 } source:
                Must(http.Request.Query.Count == 0 && http.Request.Headers.IfNoneMatch == "*" && http.Request.ContentLength is null or 0, "Copy Blob");
                var from = source[(new Uri(Endpoint, Container + "/").AbsoluteUri.Length)..];
                Must(_blobs.ContainsKey(from), "x-ms-copy-source " + source);
                if (!_blobs.TryAdd(name, []))
                {
                    Refuse(http, 409, "BlobAlreadyExists");
                    break;
                }
                _copies[name] = (from, 2);
                (http.Response.StatusCode, http.Response.Headers["x-ms-copy-status"], http.Response.Headers["x-ms-copy-id"]) = (202, "pending", "1");
                break;
            case "PUT":
                Must(http.Request.Query.Count == 0 && http.Request.Headers["x-ms-blob-type"] == "BlockBlob" && http.Request.Headers.IfNoneMatch == "*", "Put Blob");
                var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body, http.RequestAborted);
                if (!_blobs.TryAdd(name, body.ToArray())) Refuse(http, 409, "BlobAlreadyExists");
                else http.Response.StatusCode = 201;
                break;
            case "DELETE" when isThere && _locks.ContainsKey(name):
                Refuse(http, 409, "BlobImmutableDueToPolicy");
                break;
            case "DELETE" when isThere:
                _blobs.TryRemove(name, out _);
                _copies.TryRemove(name, out _);
                http.Response.StatusCode = 202;
                break;
            case "GET" or "HEAD" when isThere:
                if (_locks.TryGetValue(name, out var until))
                {
                    if (until is { } end) (http.Response.Headers["x-ms-immutability-policy-until-date"], http.Response.Headers["x-ms-immutability-policy-mode"]) = (end.ToString("R", CultureInfo.InvariantCulture), "locked");
                    else http.Response.Headers["x-ms-legal-hold"] = "true";
                }
                if (_copies.TryGetValue(name, out var copy))
                {
                    http.Response.Headers["x-ms-copy-id"] = "1";
                    http.Response.Headers["x-ms-copy-status"] = copy.Left > 0 ? "pending" : CopyEnd;
                    if (copy.Left == 0 && CopyEnd == "success") _blobs[name] = content = _blobs[copy.Source];
                    _copies[name] = copy with { Left = Math.Max(0, copy.Left - 1) };
                }
                await WriteAsync(http, content!);
                break;
            default:
                Refuse(http, 404, "BlobNotFound");
                break;
        }
    }

    private async Task ReadBySasAsync(HttpContext http)
    {
        var query = http.Request.Query;
        var key = _keys.GetValueOrDefault((query["skt"].ToString(), query["ske"].ToString()));
        var name = Name(http.Request);
        var text = string.Join('\n', s_signed.Select(p => p == "PATH" ? $"/blob/{Account}/{Container}/{name}" : query[p].ToString()));
        var signature = key is null ? "" : Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        var now = TimeProvider.System.GetUtcNow();
        var isRight = s_required.All(query.ContainsKey) && query.Keys.All(static k => k == "sig" || s_signed.Contains(k)) && query["sig"] == signature && query["skoid"] == ObjectId && query["sktid"] == TokenPeer.Tenant
            && !http.Request.Headers.ContainsKey("Authorization") && query["spr"] == (http.Request.IsHttps ? "https" : "https,http") && Time(query["se"]) > now && Time(query["ske"]) > now && Time(query["skt"]) <= now;
        if (!isRight) Refuse(http, 403, "AuthenticationFailed");
        else if (query["sr"] != "b" || !query["sp"].ToString().Contains('r', StringComparison.Ordinal) || http.Request.Method is not ("GET" or "HEAD")) Refuse(http, 403, "AuthorizationPermissionMismatch");
        else if (!_blobs.TryGetValue(name, out var content)) Refuse(http, 404, "BlobNotFound");
        else await WriteAsync(http, content, query["rsct"]);
    }

    private static async Task WriteAsync(HttpContext http, byte[] content, string? type = null)
    {
        http.Response.ContentType = type ?? "application/octet-stream";
        http.Response.ContentLength = content.Length;
        http.Response.Headers.ETag = "\"0x1\"";
        http.Response.Headers.LastModified = TimeProvider.System.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        if (http.Request.Method == "GET") await http.Response.Body.WriteAsync(content);
    }

    private static void Refuse(HttpContext http, int status, string code)
    {
        http.Response.StatusCode = status;
        http.Response.Headers["x-ms-error-code"] = code;
    }

    private static string Name(HttpRequest request) =>
        request.Path.Value is { } path && path.StartsWith($"/{Container}/", StringComparison.Ordinal) ? path[(Container.Length + 2)..] : "";

    private static DateTimeOffset Time(string? text) =>
        DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : DateTimeOffset.MinValue;

    private void Must(bool holds, string fault)
    {
        if (!holds) _faults.Enqueue(fault);
    }
}
