using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Wharf.Storage.Parts;

namespace Wharf.Storage.Azure;

/// <summary>
/// What the driver needs of Azure's Blob Storage REST API (learn.microsoft.com, "Blob Storage REST API"), in one container. Every request is bounded in time and,
/// because each of them can be sent twice without harm, tried again when the connection breaks or Azure is busy.
/// </summary>
internal sealed partial class AzureClient : IDisposable
{
    /// <summary>The version of the service that is spoken, and by which SAS are signed.</summary>
    public const string Version = "2021-12-02";

    // Which writer a blob is from, so that an answer that got lost can be told from somebody else who was faster.
    private const string WriterHeader = "x-ms-meta-writer";

    private static readonly TimeSpan s_connect = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_connectLocally = TimeSpan.FromSeconds(2);

    private readonly AzureOptions _options;
    private readonly Uri _container;
    private readonly bool _isPlain;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;
    private readonly HttpClient _local;
    private readonly HttpClient _remote;
    private readonly IdentityTokens? _tokens;
    private readonly IAzureCredential _credential;

    private enum Creation
    {
        Done,
        Exists,
        NoBlocks,
    }

    /// <summary>A client by these settings; nothing is asked yet.</summary>
    /// <exception cref="StorageMisconfiguredException">The key is not base64, or the file of authorities cannot be used.</exception>
    public AzureClient(AzureOptions options, TimeProvider? clock = null, Func<string, string?>? variable = null)
    {
        _options = options;
        _clock = clock ?? TimeProvider.System;
        _container = new Uri($"{options.EffectiveEndpoint.AbsoluteUri.TrimEnd('/')}/{options.Container}");
        _isPlain = _container.Scheme == Uri.UriSchemeHttp;
        _http = CreateHttp(options.CaFile, options.Proxy, s_connect);
        _local = CreateHttp(null, null, s_connectLocally);
        _remote = CreateHttp(null, options.Proxy, s_connect);
        if (options.Key is { Length: > 0 } key)
        {
            var bytes = new byte[key.Length];
            if (!Convert.TryFromBase64String(key, bytes, out var length)) throw new StorageMisconfiguredException("The account's key is not base64.", "Correct AccountKey.", null);
            _credential = new SharedKeyCredential(options.Account, bytes[..length]);
        }
        else if (options.Sas is { Length: > 0 } sas)
        {
            _credential = new SasCredential(sas);
        }
        else
        {
            _tokens = new IdentityTokens(options.ClientId, _local, _remote, variable ?? Environment.GetEnvironmentVariable, _clock);
            _credential = new IdentityCredential(_tokens, GetUserDelegationKeyAsync, _clock);
        }
    }

    /// <summary>Puts a whole blob of at most 5,000 MiB.</summary>
    /// <param name="content">From its position to its end; it can seek.</param>
    /// <returns>False when there is a blob of that name, which stays as it is.</returns>
    public async Task<bool> PutBlobAsync(string name, Stream content, CancellationToken ct)
    {
        var (start, length) = (content.Position, content.Length - content.Position);
        var digest = _isPlain ? await Md5Async(content, start, ct) : null;
        var writer = NewWriter();
        return await CreateAsync($"Putting {name}", name, writer, () =>
        {
            content.Position = start;
            var request = Request(HttpMethod.Put, name, "");
            request.Content = new SeekableContent(content, start);
            request.Content.Headers.ContentMD5 = digest;
            request.Headers.Add("x-ms-blob-type", "BlockBlob");
            return request;
        }, length, ct);
    }

    /// <summary>Puts a block, which is kept for a week and seen by nobody before its list is put. The same id again replaces it.</summary>
    /// <param name="id">In base64; all ids of a blob have one length.</param>
    /// <param name="content">From its position to its end; it can seek.</param>
    public async Task PutBlockAsync(string name, string id, Stream content, CancellationToken ct)
    {
        var what = $"Putting a block of {name}";
        var (start, length) = (content.Position, content.Length - content.Position);
        // TLS notices what is damaged on the way; on a plain connection Azure has to.
        var digest = _isPlain ? await Md5Async(content, start, ct) : null;
        await SendAsync(what, () =>
        {
            var request = Request(HttpMethod.Put, name, $"comp=block&blockid={Uri.EscapeDataString(id)}");
            request.Content = new SeekableContent(content, start);
            request.Content.Headers.ContentMD5 = digest;
            return request;
        }, length, (answer, _) => answer.StatusCode == HttpStatusCode.Created ? Task.FromResult(true) : throw AzureErrors.Fault(what, answer), ct);
    }

    /// <summary>Makes a blob of the blocks with these ids, in this order.</summary>
    /// <returns>False when there is a blob of that name, which stays as it is.</returns>
    /// <exception cref="UploadLostException">A block is not there.</exception>
    public Task<bool> PutBlockListAsync(string name, IReadOnlyList<string> ids, CancellationToken ct)
    {
        var list = new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
        foreach (var id in ids) list.Append("<Latest>").Append(id).Append("</Latest>");
        var body = Encoding.UTF8.GetBytes(list.Append("</BlockList>").ToString());
        return CreateAsync($"Completing {name}", name, NewWriter(), () =>
        {
            var request = Request(HttpMethod.Put, name, "comp=blocklist");
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentMD5 = _isPlain ? Md5(body) : null;
            request.Headers.Add("x-ms-blob-content-type", "application/octet-stream");
            return request;
        }, body.Length, ct);
    }

    /// <summary>The blocks of a blob that were not committed, in any order; null when there are none and no blob.</summary>
    public Task<IReadOnlyList<AzureBlock>?> UncommittedBlocksAsync(string name, CancellationToken ct)
    {
        var what = $"Listing the blocks of {name}";
        return SendAsync<IReadOnlyList<AzureBlock>?>(what, () => Request(HttpMethod.Get, name, "comp=blocklist&blocklisttype=uncommitted"), 0, async (answer, limit) =>
        {
            if (AzureErrors.IsNoBlob(answer)) return null;
            if (answer.StatusCode != HttpStatusCode.OK) throw AzureErrors.Fault(what, answer);
            var blocks = (await AzureXml.ReadAsync(answer.Content, what, limit)).Descendants("Block");
            return [.. blocks.Select(static b => new AzureBlock(AzureXml.Text(b, "Name"), AzureXml.Number(b, "Size")))];
        }, ct);
    }

    /// <summary>At most this many bytes of a blob from an offset on; null when there is no blob. A read that breaks goes on where it was.</summary>
    public async Task<Stream?> OpenAsync(string name, long offset, long length, CancellationToken ct)
    {
        // There is no range without a byte.
        if (length == 0) return await StatAsync(name, ct) is null ? null : Stream.Null;
        if (await GetAsync(name, offset, length, ct) is not var (body, there)) return null;
        return there == 0 ? body : new ResumingStream(body, there, async (read, t) => (await GetAsync(name, offset + read, there - read, t))?.Body, s_stall);
    }

    /// <summary>What a blob is; null when there is none.</summary>
    public async Task<AzureBlob?> StatAsync(string name, CancellationToken ct)
    {
        var what = $"Asking for {name}";
        return await SendAsync<AzureBlob?>(what, () => Request(HttpMethod.Head, name, ""), 0, (answer, _) => Task.FromResult<AzureBlob?>(
            AzureErrors.IsNoBlob(answer) ? null
            : answer.StatusCode != HttpStatusCode.OK || answer.Content.Headers.ContentLength is not { } size ? throw AzureErrors.Fault(what, answer)
            : new AzureBlob(name, size, answer.Content.Headers.LastModified ?? _clock.GetUtcNow())), ct);
    }

    /// <summary>Deletes a blob; one that is not there is fine.</summary>
    /// <returns>Null, or what keeps it.</returns>
    public async Task<AzureLock?> DeleteAsync(string name, CancellationToken ct)
    {
        var what = $"Deleting {name}";
        var isLocked = await SendAsync(what, () =>
        {
            var request = Request(HttpMethod.Delete, name, "");
            // Snapshots are none of Wharf's, but one that somebody made would keep the blob.
            request.Headers.Add("x-ms-delete-snapshots", "include");
            return request;
        }, 0, (answer, _) => Task.FromResult(
            answer.StatusCode != HttpStatusCode.Accepted && !AzureErrors.IsNoBlob(answer) && (AzureErrors.Code(answer) == "BlobImmutableDueToPolicy" ? true : throw AzureErrors.Fault(what, answer))), ct);
        if (!isLocked) return null;
        what = $"Asking until when {name} is locked";
        return await SendAsync<AzureLock?>(what, () => Request(HttpMethod.Head, name, ""), 0, (answer, _) => Task.FromResult<AzureLock?>(
            answer.StatusCode != HttpStatusCode.OK ? throw AzureErrors.Fault(what, answer)
            : new AzureLock(DateTimeOffset.TryParse(AzureErrors.Header(answer, "x-ms-immutability-policy-until-date"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until) ? until : null)), ct);
    }

    /// <summary>All blobs whose names begin with the prefix.</summary>
    /// <param name="uncommitted">Whether also those that have blocks and were never committed.</param>
    public async IAsyncEnumerable<AzureBlob> ListAsync(string prefix, bool uncommitted, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        const int PageSize = 1000;
        var marker = "";
        do
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"restype=container&comp=list&maxresults={PageSize}&prefix={Uri.EscapeDataString(prefix)}")
                + (uncommitted ? "&include=uncommittedblobs" : "") + (marker.Length > 0 ? $"&marker={Uri.EscapeDataString(marker)}" : "");
            var page = await SendAsync("Listing", () => Request(HttpMethod.Get, null, query), 0, static async (answer, limit) =>
                answer.StatusCode == HttpStatusCode.OK ? await AzureXml.ReadAsync(answer.Content, "Listing", limit) : throw AzureErrors.Fault("Listing", answer), ct);
            foreach (var blob in page.Descendants("Blob"))
            {
                var name = blob.Element("Name");
                // A name that XML cannot hold is escaped, and says so.
                var text = name?.Attribute("Encoded")?.Value == "true" ? Uri.UnescapeDataString(name.Value) : name?.Value ?? "";
                var properties = blob.Element("Properties");
                // An account with a hierarchical namespace has its directories among them.
                if (AzureXml.Text(properties, "ResourceType") == "directory") continue;
                yield return new AzureBlob(text, AzureXml.Number(properties, "Content-Length"),
                    DateTimeOffset.TryParse(AzureXml.Text(properties, "Last-Modified"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var modified) ? modified : _clock.GetUtcNow());
            }
            marker = AzureXml.Text(page.Root, "NextMarker");
        }
        while (marker.Length > 0);
    }

    /// <summary>Copies a blob of a container of the same account to a name that has none.</summary>
    /// <returns>False when there is a blob of that name, which stays as it is.</returns>
    /// <exception cref="StorageException">The source is not there, Azure gave the copy up, or it took too long.</exception>
    public async Task<bool> CopyAsync(AzureClient container, string from, string to, CancellationToken ct)
    {
        var what = $"Copying {from} to {to}";
        var source = await container.StatAsync(from, ct) ?? throw new StorageException($"{what}: there is no {from}.");
        var isNew = await CreateAsync(what, to, NewWriter(), () =>
        {
            var request = Request(HttpMethod.Put, to, "");
            request.Headers.Add("x-ms-copy-source", container._credential.Readable(container.Address(from, "")).AbsoluteUri);
            return request;
        }, 0, ct);
        if (!isNew) return false;
        var began = _clock.GetTimestamp();
        var limit = TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(source.Size / SlowestRate);
        for (var pause = TimeSpan.FromMilliseconds(50); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.TicksPerSecond * 5)))
        {
            var (status, id) = await SendAsync(what, () => Request(HttpMethod.Head, to, ""), 0, (answer, _) =>
                answer.StatusCode == HttpStatusCode.OK ? Task.FromResult((AzureErrors.Header(answer, "x-ms-copy-status"), AzureErrors.Header(answer, "x-ms-copy-id"))) : throw AzureErrors.Fault(what, answer), ct);
            if (status == "success") return true;
            var late = _clock.GetElapsedTime(began) > limit;
            if (status == "pending" && !late)
            {
                await Task.Delay(pause, _clock, ct);
                continue;
            }
            // What there is of it is empty, and must not be taken for the blob.
            if (status == "pending") await AbortCopyAsync(to, id, ct);
            await DeleteAsync(to, ct);
            throw new StorageException(late ? $"{what}: not done within {limit}." : $"{what}: Azure's copy ended as \"{status}\".");
        }
    }

    /// <summary>An address where a stranger can read a blob for this long; null when the credential can give none.</summary>
    public async Task<Uri?> PresignAsync(string name, TimeSpan lifetime, CancellationToken ct)
    {
        var endpoint = _options.PublicEndpoint ?? _options.EffectiveEndpoint;
        var grant = new SasGrant(_options.Account, _options.Container, name, _clock.GetUtcNow() + lifetime, endpoint.Scheme == Uri.UriSchemeHttps);
        return await _credential.SignReadAsync(grant, ct) is { } query ? new Uri($"{endpoint.AbsoluteUri.TrimEnd('/')}/{_options.Container}/{Escape(name)}?{query}") : null;
    }

    public void Dispose()
    {
        (_credential as IDisposable)?.Dispose();
        _tokens?.Dispose();
        _http.Dispose();
        _local.Dispose();
        _remote.Dispose();
    }

    private static HttpClient CreateHttp(string? authority, Uri? proxy, TimeSpan connect)
    {
        var tls = new SslClientAuthenticationOptions();
        if (authority is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            try
            {
                policy.CustomTrustStore.ImportFromPemFile(authority);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw new StorageMisconfiguredException($"{authority} cannot be used as authorities: {e.Message}", "Correct CaFile.", e);
            }
            tls.CertificateChainPolicy = policy;
        }
        return new HttpClient(new SocketsHttpHandler
        {
            UseProxy = proxy is not null,
            Proxy = proxy is null ? null : new WebProxy(proxy),
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = connect,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            MaxConnectionsPerServer = 256,
            MaxResponseHeadersLength = 64,
            SslOptions = tls,
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    private static string NewWriter() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static string Escape(string name) => string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

#pragma warning disable CA5351 // Azure's check against damage on the way; nothing is kept safe by it
    private static byte[] Md5(ReadOnlySpan<byte> bytes) => MD5.HashData(bytes);

    private static async Task<byte[]> Md5Async(Stream content, long start, CancellationToken ct)
    {
        content.Position = start;
        return await MD5.HashDataAsync(content, ct);
    }
#pragma warning restore CA5351

    private Uri Address(string? name, string query) => new($"{_container.AbsoluteUri}{(name is null ? "" : "/" + Escape(name))}{(query.Length > 0 ? "?" + query : "")}");

    private HttpRequestMessage Request(HttpMethod method, string? name, string query) => new(method, Address(name, query));

    // The bytes of the range, and how many they are; null when there is no blob.
    private async Task<(Stream Body, long Length)?> GetAsync(string name, long offset, long length, CancellationToken ct)
    {
        var what = $"Reading {name}";
        var end = length > long.MaxValue - offset ? long.MaxValue : offset + length;
        return await SendAsync<(Stream, long)?>(what, () =>
        {
            var request = Request(HttpMethod.Get, name, "");
            if (offset > 0 || end < long.MaxValue)
                request.Headers.Add("x-ms-range", string.Create(CultureInfo.InvariantCulture, $"bytes={offset}-") + (end < long.MaxValue ? (end - 1).ToString(CultureInfo.InvariantCulture) : ""));
            return request;
        }, 0, async (answer, limit) =>
        {
            if (AzureErrors.IsNoBlob(answer)) return null;
            // 416 is for a range that begins at the end or behind it; one of an empty blob always does.
            var size = answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable ? 0
                : answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent && answer.Content.Headers.ContentLength is { } given ? given
                : throw AzureErrors.Fault(what, answer);
            if (size == 0)
            {
                answer.Dispose();
                return (Stream.Null, 0);
            }
            var isRange = answer.StatusCode == HttpStatusCode.PartialContent;
            if (isRange ? answer.Content.Headers.ContentRange?.From != offset || size > end - offset : offset > 0 || size > end)
                throw new StorageException($"{what}: Azure answered another range than it was asked for.");
            return (await answer.Content.ReadAsStreamAsync(limit), size);
        }, ct, keep: true);
    }

    // Of those who create one name at once one does: Azure looks at the condition and writes in one step.
    private async Task<bool> CreateAsync(string what, string name, string writer, Func<HttpRequestMessage> make, long bytes, CancellationToken ct)
    {
        var outcome = await SendAsync(what, () =>
        {
            var request = make();
            request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
            request.Headers.Add(WriterHeader, writer);
            return request;
        }, bytes, (answer, _) => Task.FromResult(
            answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.Accepted ? Creation.Done
            : AzureErrors.Exists(answer) ? Creation.Exists
            : AzureErrors.Code(answer) == "InvalidBlockList" ? Creation.NoBlocks
            : throw AzureErrors.Fault(what, answer)), ct);
        if (outcome == Creation.Done) return true;
        // It may have been this writer, whose answer got lost.
        var isOurs = await SendAsync(what, () => Request(HttpMethod.Head, name, ""), 0, (answer, _) => Task.FromResult(
            answer.StatusCode == HttpStatusCode.OK || AzureErrors.IsNoBlob(answer) ? AzureErrors.Header(answer, WriterHeader) == writer : throw AzureErrors.Fault(what, answer)), ct);
        return isOurs || (outcome == Creation.Exists ? false : throw new UploadLostException($"{what}: a block is not there."));
    }

    private Task<bool> AbortCopyAsync(string name, string id, CancellationToken ct) => SendAsync("Aborting a copy", () =>
    {
        var request = Request(HttpMethod.Put, name, $"comp=copy&copyid={Uri.EscapeDataString(id)}");
        request.Headers.Add("x-ms-copy-action", "abort");
        return request;
    }, 0, static (answer, _) => answer.StatusCode == HttpStatusCode.NoContent || AzureErrors.Code(answer) == "NoPendingCopyOperation" ? Task.FromResult(true) : throw AzureErrors.Fault("Aborting a copy", answer), ct);

    private async Task<UserDelegationKey> GetUserDelegationKeyAsync(DateTimeOffset start, DateTimeOffset end, CancellationToken ct)
    {
        const string What = "Getting a user delegation key";
        var body = Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>{SasGrant.Time(start)}</Start><Expiry>{SasGrant.Time(end)}</Expiry></KeyInfo>");
        var answer = await SendAsync(What, () => new HttpRequestMessage(HttpMethod.Post, $"{_options.EffectiveEndpoint.AbsoluteUri.TrimEnd('/')}/?restype=service&comp=userdelegationkey")
        {
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/xml") } },
        }, body.Length, static async (answer, limit) => answer.StatusCode == HttpStatusCode.OK ? await AzureXml.ReadAsync(answer.Content, What, limit) : throw AzureErrors.Fault(What, answer), ct);
        string Text(string name) => AzureXml.Text(answer.Root, name) is { Length: > 0 } text ? text : throw new StorageException($"{What}: the answer has no {name}.");
        var value = Text("Value");
        var key = new byte[value.Length];
        if (!Convert.TryFromBase64String(value, key, out var length)) throw new StorageException($"{What}: the answer has no key.");
        return new UserDelegationKey(Text("SignedOid"), Text("SignedTid"), Text("SignedStart"), Text("SignedExpiry"), Text("SignedService"), Text("SignedVersion"), key[..length]);
    }
}
