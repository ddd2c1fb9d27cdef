using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wharf.Oci;

namespace Wharf.Server.Bench;

/// <summary>A client of any registry: anonymous, Basic, or with tokens as the registry's challenge asks.</summary>
internal sealed partial class RegistryClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly AuthenticationHeaderValue? _basic;
    private AuthenticationHeaderValue? _authorization;

    public RegistryClient(Uri registry, string? user, string? password)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = true, MaxConnectionsPerServer = 256 }) { BaseAddress = registry, Timeout = TimeSpan.FromMinutes(10) };
        if (user is not null)
            _basic = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
    }

    /// <summary>Signs in for some repositories: a token where the registry's challenge names a realm, Basic where it does not.</summary>
    public async Task SignInAsync(IEnumerable<string> repositories, CancellationToken ct)
    {
        using var ping = await _http.GetAsync(new Uri("v2/", UriKind.Relative), ct);
        if (ping.StatusCode != HttpStatusCode.Unauthorized)
            return;
        var challenge = ping.Headers.WwwAuthenticate.ToString();
        _authorization = _basic ?? throw new BenchException($"{_http.BaseAddress} asks for a credential; name a user with --user.");
        if (Realm().Match(challenge) is not { Success: true } realm)
            return;
        var query = new StringBuilder($"?service={Uri.EscapeDataString(Service().Match(challenge).Groups[1].Value)}");
        foreach (var repository in repositories)
            query.Append("&scope=").Append(Uri.EscapeDataString($"repository:{repository}:pull,push"));
        using var request = new HttpRequestMessage(HttpMethod.Get, realm.Groups[1].Value + query) { Headers = { Authorization = _basic } };
        using var answer = await _http.SendAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
            throw new BenchException($"The token service answered {(int)answer.StatusCode}: wrong user or password?");
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ct));
        _authorization = new("Bearer", json.RootElement.GetProperty("token").GetString());
    }

    /// <summary>Sends one request; anything but the expected status ends the run.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpStatusCode expected, HttpContent? content, CancellationToken ct, RangeHeaderValue? range = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, path.Contains("://", StringComparison.Ordinal) ? UriKind.Absolute : UriKind.Relative)) { Content = content };
        request.Headers.Authorization = _authorization;
        request.Headers.Range = range;
        // Distribution hides an OCI manifest from who does not say that it takes one.
        if (method == HttpMethod.Get && path.Contains("/manifests/", StringComparison.Ordinal))
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaTypes.OciManifest));
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (response.StatusCode == expected)
            return response;
        var body = await response.Content.ReadAsStringAsync(ct);
        response.Dispose();
        throw new BenchException($"{method} {path} answered {(int)response.StatusCode}: {body[..Math.Min(300, body.Length)]}");
    }

    /// <summary>Reads a body and checks that it hashes to the digest.</summary>
    public async Task<long> GetAsync(string path, Digest digest, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, path, HttpStatusCode.OK, null, ct);
        return await ReadAsync(response, digest, ct);
    }

    public static async Task<long> ReadAsync(HttpResponseMessage response, Digest? digest, CancellationToken ct)
    {
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(256 << 10);
        try
        {
            long length = 0;
            int n;
            while ((n = await body.ReadAsync(buffer, ct)) > 0)
            {
                length += n;
                hash.AppendData(buffer, 0, n);
            }
            if (digest is { } wanted && new Digest(hash.GetHashAndReset()) != wanted)
                throw new BenchException($"The registry served other bytes than {wanted}.");
            return length;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>POST and PUT, the way clients push a blob.</summary>
    public async Task PushBlobAsync(string repository, Digest digest, ReadOnlyMemory<byte> content, CancellationToken ct)
    {
        using var started = await SendAsync(HttpMethod.Post, $"v2/{repository}/blobs/uploads/", HttpStatusCode.Accepted, null, ct);
        var location = started.Headers.Location!.ToString();
        using var body = new ReadOnlyMemoryContent(content) { Headers = { ContentType = new("application/octet-stream") } };
        using var put = await SendAsync(HttpMethod.Put, $"{location}{(location.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={digest}", HttpStatusCode.Created, body, ct);
    }

    public async Task PutManifestAsync(string repository, string reference, byte[] manifest, CancellationToken ct)
    {
        using var body = new ByteArrayContent(manifest) { Headers = { ContentType = new(MediaTypes.OciManifest) } };
        using var put = await SendAsync(HttpMethod.Put, $"v2/{repository}/manifests/{reference}", HttpStatusCode.Created, body, ct);
    }

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("realm=\"([^\"]+)\"", RegexOptions.None, 1000)]
    private static partial Regex Realm();

    [GeneratedRegex("service=\"([^\"]*)\"", RegexOptions.None, 1000)]
    private static partial Regex Service();
}
