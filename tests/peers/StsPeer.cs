using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Web;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Wharf.Tests.Peers;

/// <summary>
/// Gives temporary credentials as four services do, and holds whoever asks to the documented request: STS AssumeRole and AssumeRoleWithWebIdentity ("AWS Security Token Service API Reference", version 2011-06-15), the instance
/// metadata service in its version 2 ("Use IMDS to access instance metadata"), and a container's ("Container credential provider"). What differs is answered with 400 or 401 and kept.
/// </summary>
internal sealed class StsPeer : IAsyncDisposable
{
    public const string Role = "arn:aws:iam::123456789012:role/wharf";
    public const string ExternalId = "external-1";
    public const string AccessKey = "AKIDPEER";
    public const string Secret = "peersecret";
    public const string WebIdentity = "eyJhbGciOiJSUzI1NiJ9.peer.sig";
    public const string ContainerToken = "Basic peertoken";

    private static readonly XNamespace s_ns = "https://sts.amazonaws.com/doc/2011-06-15/";

    private readonly ConcurrentDictionary<string, (string Secret, string Token)> _given = new();
    private readonly ConcurrentDictionary<string, byte> _metadataTokens = new();
    private readonly ConcurrentQueue<string> _faults = new();
    private WebApplication? _app;

    /// <summary>How long the credentials that it gives are good.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(1);

    public Uri Endpoint => new(_app!.Urls.First());

    /// <summary>How often it gave credentials.</summary>
    public int Given => _given.Count;

    /// <summary>What was not as documented.</summary>
    public IReadOnlyList<string> Faults => [.. _faults];

    public static async Task<StsPeer> StartAsync()
    {
        var peer = new StsPeer();
        peer._app = await PeerServer.StartAsync(peer.AnswerAsync);
        return peer;
    }

    /// <summary>The secret and the token of an access key that it gave.</summary>
    public (string Secret, string? Token)? Find(string key) => _given.TryGetValue(key, out var found) ? (found.Secret, found.Token) : null;

    public ValueTask DisposeAsync() => _app!.DisposeAsync();

    private Task AnswerAsync(HttpContext http, string target, byte[] body) => (http.Request.Method, target.Split('?')[0]) switch
    {
        ("POST", "/") => StsAsync(http, target, body),
        ("PUT", "/latest/api/token") => TokenAsync(http),
        ("GET", "/latest/meta-data/iam/security-credentials" or "/latest/meta-data/iam/security-credentials/") => MetadataAsync(http, static h => h.Response.WriteAsync("peer-role")),
        ("GET", "/latest/meta-data/iam/security-credentials/peer-role") => MetadataAsync(http, CredentialsAsync),
        ("GET", "/container") => http.Request.Headers.Authorization == ContainerToken ? CredentialsAsync(http) : RefuseAsync(http, 401, "a container without its token"),
        _ => RefuseAsync(http, 404, $"{http.Request.Method} {target}"),
    };

    private Task StsAsync(HttpContext http, string target, byte[] body)
    {
        var form = HttpUtility.ParseQueryString(Encoding.UTF8.GetString(body));
        if (form["Version"] != "2011-06-15" || form["RoleArn"] != Role || string.IsNullOrEmpty(form["RoleSessionName"])) return RefuseAsync(http, 400, $"not the documented form: {form}");
        switch (form["Action"])
        {
            case "AssumeRole":
                if (SignatureV4.Fault("POST", target, name => http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null, body, S3Peer.Region, "sts", TimeProvider.System.GetUtcNow(),
                    static key => key == AccessKey ? (Secret, null) : null) is { } fault) return RefuseAsync(http, 403, fault);
                if (form["ExternalId"] != ExternalId) return RefuseAsync(http, 403, "another external id");
                break;
            case "AssumeRoleWithWebIdentity":
                if (http.Request.Headers.ContainsKey("Authorization")) return RefuseAsync(http, 400, "a web identity is its own credential");
                if (form["WebIdentityToken"] != WebIdentity) return RefuseAsync(http, 400, "another web identity");
                break;
            default:
                return RefuseAsync(http, 400, $"action {form["Action"]}");
        }
        var (key, secret, token, until) = New();
        http.Response.ContentType = "text/xml";
        return http.Response.WriteAsync(new XElement(s_ns + $"{form["Action"]}Response", new XElement(s_ns + $"{form["Action"]}Result", new XElement(s_ns + "Credentials",
            new XElement(s_ns + "AccessKeyId", key), new XElement(s_ns + "SecretAccessKey", secret), new XElement(s_ns + "SessionToken", token), new XElement(s_ns + "Expiration", until)))).ToString());
    }

    private Task TokenAsync(HttpContext http)
    {
        if (!int.TryParse(http.Request.Headers["x-aws-ec2-metadata-token-ttl-seconds"], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds is < 1 or > 21600) return RefuseAsync(http, 400, "a token without its lifetime");
        var token = Guid.NewGuid().ToString("N");
        _metadataTokens[token] = 0;
        http.Response.Headers["x-aws-ec2-metadata-token-ttl-seconds"] = seconds.ToString(CultureInfo.InvariantCulture);
        return http.Response.WriteAsync(token);
    }

    // Version 1, without a token, is off, as everywhere that is careful.
    private Task MetadataAsync(HttpContext http, Func<HttpContext, Task> answer) =>
        _metadataTokens.ContainsKey(http.Request.Headers["x-aws-ec2-metadata-token"].ToString()) ? answer(http) : RefuseAsync(http, 401, "metadata without a token");

    private Task CredentialsAsync(HttpContext http)
    {
        var (key, secret, token, until) = New();
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync($$"""{"Code":"Success","LastUpdated":"2026-01-01T00:00:00Z","Type":"AWS-HMAC","AccessKeyId":"{{key}}","SecretAccessKey":"{{secret}}","Token":"{{token}}","Expiration":"{{until}}"}""");
    }

    private (string Key, string Secret, string Token, string Until) New()
    {
        var (key, secret, token) = ("ASIA" + Guid.NewGuid().ToString("N")[..16].ToUpperInvariant(), Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        _given[key] = (secret, token);
        return (key, secret, token, (TimeProvider.System.GetUtcNow() + Lifetime).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }

    private Task RefuseAsync(HttpContext http, int status, string fault)
    {
        _faults.Enqueue(fault);
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/xml";
        return http.Response.WriteAsync(new XElement("ErrorResponse", new XElement("Error", new XElement("Code", "AccessDenied"), new XElement("Message", fault))).ToString());
    }
}
