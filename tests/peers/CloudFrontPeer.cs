using System.Security.Cryptography;
using System.Text;
using System.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Wharf.Tests.Peers;

/// <summary>
/// A distribution of CloudFront whose objects want a signed URL ("Create a signed URL using a canned policy", "Code and examples for creating a signature"): Expires, Signature and Key-Pair-Id, the policy made anew from the
/// address without them, RSA with SHA-1, and CloudFront's replacements in base64. What is not so is answered 403.
/// </summary>
internal sealed class CloudFrontPeer : IAsyncDisposable
{
    public const string KeyPairId = "K2JCJMDEHXQW5F";

    private readonly RSA _key = RSA.Create(2048);
    private readonly Func<string, byte[]?> _object;
    private WebApplication? _app;

    private CloudFrontPeer(Func<string, byte[]?> found) => _object = found;

    public Uri Address => new(_app!.Urls.First());

    /// <summary>The private key that belongs to the distribution's public one.</summary>
    public string PrivateKey => _key.ExportPkcs8PrivateKeyPem();

    /// <param name="found">The bytes of an object of the bucket behind it.</param>
    public static async Task<CloudFrontPeer> StartAsync(Func<string, byte[]?> found)
    {
        var peer = new CloudFrontPeer(found);
        peer._app = await PeerServer.StartAsync(peer.AnswerAsync);
        return peer;
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        _key.Dispose();
    }

    private async Task AnswerAsync(HttpContext http, string target, byte[] body)
    {
        var (path, query) = (target.Split('?')[0], HttpUtility.ParseQueryString(target.Split('?', 2) is [_, var q] ? q : ""));
        if (!HttpMethods.IsGet(http.Request.Method) || query.Count != 3 || query["Key-Pair-Id"] != KeyPairId || !long.TryParse(query["Expires"], out var expires) || DateTimeOffset.FromUnixTimeSeconds(expires) < TimeProvider.System.GetUtcNow()
            || !IsSigned($"http://{http.Request.Host}{path}", expires, query["Signature"] ?? ""))
        {
            http.Response.StatusCode = 403;
            return;
        }
        if (_object(Uri.UnescapeDataString(path).TrimStart('/')) is { } bytes) await http.Response.Body.WriteAsync(bytes);
        else http.Response.StatusCode = 404;
    }

    private bool IsSigned(string address, long expires, string signature)
    {
        var policy = "{\"Statement\":[{\"Resource\":\"" + address + "\",\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":" + expires + "}}}]}";
        try
        {
            var bytes = Convert.FromBase64String(signature.Replace('-', '+').Replace('_', '=').Replace('~', '/'));
#pragma warning disable CA5350 // CloudFront verifies nothing else
            return _key.VerifyData(Encoding.UTF8.GetBytes(policy), bytes, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);
#pragma warning restore CA5350
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
