using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Storage.Azure;

/// <summary>A key of the account (learn.microsoft.com, "Authorize with Shared Key").</summary>
internal sealed class SharedKeyCredential(string account, byte[] key) : IAzureCredential
{
    // In this order, between the method and the x-ms- headers; the time is in x-ms-date.
    private static readonly string[] Signed =
        ["Content-Encoding", "Content-Language", "Content-Length", "Content-MD5", "Content-Type", "Date", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"];

    public ValueTask AuthorizeAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var text = new StringBuilder(512).Append(request.Method.Method).Append('\n');
        foreach (var name in Signed) text.Append(Value(request, name)).Append('\n');
        var own = request.Headers.NonValidated.Where(static h => h.Key.StartsWith("x-ms-", StringComparison.OrdinalIgnoreCase));
        foreach (var (name, value) in own.Select(static h => (Name: h.Key.ToLowerInvariant(), Value: h.Value.ToString())).OrderBy(static h => h.Name, StringComparer.Ordinal))
            text.Append(name).Append(':').Append(value).Append('\n');
        text.Append('/').Append(account).Append(request.RequestUri!.AbsolutePath);
        foreach (var (name, value) in Parameters(request.RequestUri).OrderBy(static p => p.Name, StringComparer.Ordinal))
            text.Append('\n').Append(name).Append(':').Append(value);

        var signature = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text.ToString()));
        request.Headers.Authorization = new AuthenticationHeaderValue("SharedKey", $"{account}:{Convert.ToBase64String(signature)}");
        return ValueTask.CompletedTask;
    }

    public Uri Readable(Uri blob) => blob;

    public ValueTask<string?> SignReadAsync(SasGrant grant, CancellationToken ct) => ValueTask.FromResult<string?>(grant.Sign(key));

    private static string Value(HttpRequestMessage request, string name)
    {
        // A length of nothing is signed as no length since version 2015-02-21.
        if (name == "Content-Length") return request.Content?.Headers.ContentLength is { } length and > 0 ? length.ToString(CultureInfo.InvariantCulture) : "";
        HttpHeaders? headers = name.StartsWith("Content-", StringComparison.Ordinal) ? request.Content?.Headers : request.Headers;
        return headers is not null && headers.NonValidated.TryGetValues(name, out var value) ? value.ToString() : "";
    }

    private static IEnumerable<(string Name, string Value)> Parameters(Uri address) =>
        from pair in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        let parts = pair.Split('=', 2)
        select (Uri.UnescapeDataString(parts[0]).ToLowerInvariant(), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
}
