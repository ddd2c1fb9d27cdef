using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Tests.Peers;

/// <summary>Amazon's signature version 4 of a request's headers, computed from the documentation (docs.aws.amazon.com, "Authenticating Requests: Using the Authorization Header").</summary>
internal static class SignatureV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(15);

    /// <summary>What is wrong with a request; null when it is signed with that credential.</summary>
    /// <param name="target">The path and the query as they came.</param>
    /// <param name="header">A header's value by its small name; null when there is none.</param>
    /// <param name="credential">The secret and the token that belong to an access key; null when there is no such key.</param>
    public static string? Fault(string method, string target, Func<string, string?> header, byte[] body, string region, string service, DateTimeOffset now, Func<string, (string Secret, string? Token)?> credential)
    {
        if (header("authorization") is not { } authorization || !authorization.StartsWith(Algorithm + " ", StringComparison.Ordinal)) return "no signature";
        var fields = authorization[(Algorithm.Length + 1)..].Split(',').Select(static f => f.Trim().Split('=', 2)).ToDictionary(static f => f[0], static f => f[1]);
        if (fields["Credential"].Split('/') is not [var key, var day, var signedRegion, var signedService, "aws4_request"]) return "malformed credential";
        if (signedRegion != region || signedService != service) return $"signed for {signedRegion}/{signedService} instead of {region}/{service}";
        if (credential(key) is not var (secret, token)) return $"no such key {key}";
        var date = header("x-amz-date") ?? "";
        if (!DateTimeOffset.TryParseExact(date, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) || (at - now).Duration() > s_skew || !date.StartsWith(day, StringComparison.Ordinal)) return $"dated {date}";
        if (header("x-amz-security-token") != token) return "another security token than the key's";
        var hash = service == "s3" ? header("x-amz-content-sha256") ?? "" : Convert.ToHexStringLower(SHA256.HashData(body));
        if (hash != "UNSIGNED-PAYLOAD" && hash != Convert.ToHexStringLower(SHA256.HashData(body))) return "the body is not what was signed";
        var signed = fields["SignedHeaders"].Split(';');
        if (!signed.Contains("host") || (token is not null && !signed.Contains("x-amz-security-token")) || (service == "s3" && !signed.Contains("x-amz-content-sha256"))) return "a header that must be signed is not";
        return fields["Signature"] == Sign(method, target, signed, header, hash, date, region, service, secret) ? null : "wrong signature";
    }

    /// <summary>The signature of a request.</summary>
    public static string Sign(string method, string target, string[] signed, Func<string, string?> header, string payloadHash, string date, string region, string service, string secret)
    {
        var (path, query) = target.Split('?', 2) is [var p, var q] ? (p, q) : (target, "");
        var parameters = query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(static s => s.Contains('=') ? s : s + "=").Order(StringComparer.Ordinal);
        var canonical = string.Join('\n', method, path, string.Join('&', parameters), string.Concat(signed.Select(h => $"{h}:{header(h)?.Trim()}\n")), string.Join(';', signed), payloadHash);
        var scope = $"{date[..8]}/{region}/{service}/aws4_request";
        var text = string.Join('\n', Algorithm, date, scope, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
        var k = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in new[] { date[..8], region, service, "aws4_request" }) k = HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part));
        return Convert.ToHexStringLower(HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(text)));
    }
}
