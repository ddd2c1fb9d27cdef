using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wharf.Oci;
using Wharf.Scanner.Targets;

namespace Wharf.Server.Security.Scans;

/// <summary>
/// An image in a registry, read as any client reads it: anonymously, or as the credentials file of podman and docker says, with a token where the registry
/// names a service that gives them (distribution-spec 1.1, and https://distribution.github.io/distribution/spec/auth/token/).
/// </summary>
internal sealed partial class RegistryImage : IBlobSource, IDisposable
{
    private const int MaxManifest = 4 << 20;
    private const string Accept = $"{MediaTypes.OciIndex}, {MediaTypes.OciManifest}, {MediaTypes.DockerManifestList}, {MediaTypes.DockerManifest}";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(15) }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly string _repository;
    private readonly AuthenticationHeaderValue? _basic;
    private AuthenticationHeaderValue? _authorization;

    private RegistryImage(Uri registry, string repository, AuthenticationHeaderValue? basic)
    {
        _http.BaseAddress = registry;
        _repository = repository;
        _basic = basic;
    }

    /// <summary>Finds an image by its name.</summary>
    /// <param name="name"><c>host[:port]/path[:tag|@digest]</c>; the tag is latest when there is neither.</param>
    /// <param name="plainHttp">Without TLS; always so for this host itself.</param>
    /// <exception cref="TargetException">It is no name, or there is no such image.</exception>
    public static async Task<(RegistryImage Image, Digest Top)> FindAsync(string name, bool plainHttp, CancellationToken ct)
    {
        var slash = name.IndexOf('/');
        if (slash <= 0 || !(name.AsSpan(0, slash).ContainsAny('.', ':') || name.StartsWith("localhost/", StringComparison.Ordinal)))
            throw new TargetException($"Name the registry too: registry:registry.example.com/{name}");
        var (host, path) = (name[..slash], name[(slash + 1)..]);
        var reference = "latest";
        if (path.IndexOf('@') is >= 0 and var at)
            (path, reference) = (path[..at].Split(':')[0], path[(at + 1)..]);
        else if (path.LastIndexOf(':') is >= 0 and var colon)
            (path, reference) = (path[..colon], path[(colon + 1)..]);
        if (!RepositoryName.TryParse(path, null, out _) || !TagName.IsValid(reference) && !Digest.TryParse(reference, out _))
            throw new TargetException($"{name} is not the name of an image: host/path:tag or host/path@sha256:...");
        var isHere = host.Split(':')[0] is "localhost" or "127.0.0.1" || host.StartsWith("[::1]", StringComparison.Ordinal);
        var image = new RegistryImage(new Uri($"{(plainHttp || isHere ? "http" : "https")}://{host}/"), path, RegistryCredentials.Find(host, path));
        try
        {
            var (bytes, digest) = await image.ReadManifestAsync(reference, ct);
            return (image, Digest.TryParse(reference, out var asked) ? asked : digest ?? Digest.Of(bytes));
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    public async Task<byte[]> ReadManifestAsync(Digest digest, CancellationToken ct)
    {
        var (bytes, _) = await ReadManifestAsync(digest.ToString(), ct);
        return Digest.Of(bytes, digest.Algorithm) == digest ? bytes : throw new TargetException($"The registry served other bytes than {digest}.");
    }

    public async Task<Stream> OpenBlobAsync(Digest digest, CancellationToken ct)
    {
        var response = await SendAsync($"v2/{_repository}/blobs/{digest}", null, ct);
        return await response.Content.ReadAsStreamAsync(ct);
    }

    public void Dispose() => _http.Dispose();

    private async Task<(byte[] Bytes, Digest? Digest)> ReadManifestAsync(string reference, CancellationToken ct)
    {
        using var response = await SendAsync($"v2/{_repository}/manifests/{reference}", Accept, ct);
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        using var memory = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int n; (n = await body.ReadAsync(buffer, ct)) > 0;)
        {
            memory.Write(buffer, 0, n);
            if (memory.Length > MaxManifest)
                throw new TargetException($"The manifest {reference} is larger than {MaxManifest >> 20} MiB.");
        }
        var bytes = memory.ToArray();
        return (bytes, Digest.TryParse(reference, out _) ? null : Digest.Of(bytes));
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string? accept, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = _authorization;
            if (accept is not null)
                request.Headers.TryAddWithoutValidation("Accept", accept);
            HttpResponseMessage response;
            try
            {
                response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            }
            catch (HttpRequestException e)
            {
                throw new TargetException($"{_http.BaseAddress} does not answer: {e.Message}", e);
            }
            if (response.IsSuccessStatusCode)
                return response;
            using (response)
            {
                if (response.StatusCode == HttpStatusCode.Unauthorized && attempt == 0)
                {
                    _authorization = await AuthorizeAsync(response.Headers.WwwAuthenticate.ToString(), ct);
                    continue;
                }
                throw new TargetException(response.StatusCode switch
                {
                    HttpStatusCode.NotFound => $"{_http.BaseAddress!.Host} has no {path[3..]}.",
                    HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"{_http.BaseAddress!.Host} does not let us read {_repository}: `podman login {_http.BaseAddress.Authority}` keeps a credential that is used here.",
                    var status => $"{_http.BaseAddress!.Host} answered {(int)status} for {path}.",
                });
            }
        }
    }

    private async Task<AuthenticationHeaderValue?> AuthorizeAsync(string challenge, CancellationToken ct)
    {
        if (Realm().Match(challenge) is not { Success: true } realm || !challenge.StartsWith("Bearer", StringComparison.OrdinalIgnoreCase))
            return _basic;
        if (!Uri.TryCreate(_http.BaseAddress!, realm.Groups["realm"].Value, out var service) || service.Scheme is not ("http" or "https"))
            throw new TargetException("The registry names a token service that is no address.");
        var query = new StringBuilder(service.Query.Length > 0 ? "&" : "?").Append("scope=").Append(Uri.EscapeDataString($"repository:{_repository}:pull"));
        if (Service().Match(challenge) is { Success: true } named)
            query.Append("&service=").Append(Uri.EscapeDataString(named.Groups["service"].Value));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(service + query.ToString()));
        // A credential goes where the registry it is for sends it, and never in clear where that has TLS.
        if (service.Scheme == _http.BaseAddress!.Scheme || service.Scheme == "https")
            request.Headers.Authorization = _basic;
        using var answer = await _http.SendAsync(request, ct);
        if (!answer.IsSuccessStatusCode)
            throw new TargetException($"The token service {service.Host} answered {(int)answer.StatusCode}: is the credential right?");
        using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(ct));
        var token = json.RootElement.TryGetProperty("token", out var t) || json.RootElement.TryGetProperty("access_token", out t) ? t.GetString() : null;
        return token is null ? null : new AuthenticationHeaderValue("Bearer", token);
    }

    [GeneratedRegex("realm=\"(?<realm>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Realm();

    [GeneratedRegex("service=\"(?<service>[^\"]*)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Service();
}
