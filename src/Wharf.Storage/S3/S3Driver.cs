using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using Wharf.Storage.Parts;

namespace Wharf.Storage.S3;

/// <summary>
/// Blobs as objects of a bucket: <c>[PREFIX/]blobs/ab/…</c> and <c>[PREFIX/]meta/…</c> for files by name; what is unfinished is a multipart upload of S3's, and
/// tails (<see cref="PartWriter"/>). On plain HTTP each request signs its bytes, so that the store refuses damaged ones; on HTTPS the connection sees to that.
/// </summary>
public sealed partial class S3Driver : IBlobDriver, IPartStore, IDisposable
{
    private const string ContentType = "application/octet-stream";
    private const int MostDeleted = 1_000;
    private const long MostCopiedAtOnce = 5L << 30;
    private const long CopiedPart = 512L << 20;
    private const long LeastBytesPerSecond = 64 << 10;

    private static readonly TimeSpan s_answer = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_stall = TimeSpan.FromSeconds(30);

    private readonly S3Options _options;
    private readonly ObjectNames _names;
    private readonly Lazy<AmazonS3Client> _client;
    private readonly Lazy<AmazonS3Client> _signer;
    private readonly CloudFrontSigner? _cloudFront;
    private readonly PartUploads _uploads;
    private readonly bool _isEncrypted;

    /// <summary>Knows the bucket; nothing is asked of it yet.</summary>
    public S3Driver(S3Options options)
    {
        _options = options;
        _names = new ObjectNames(options.Prefix);
        // Credentials and the SDK are looked up when they are first needed, not when the process starts.
        _client = new(() => S3Clients.Create(options, options.Endpoint));
        _signer = new(() => options.PublicEndpoint is null ? _client!.Value : S3Clients.Create(options, options.PublicEndpoint));
        _cloudFront = options.CloudFront is { } cloudFront ? new CloudFrontSigner(cloudFront) : null;
        _uploads = new PartUploads(this, this);
        _isEncrypted = options.Endpoint is null || options.Endpoint.Scheme == Uri.UriSchemeHttps;
    }

    private AmazonS3Client Client => _client.Value;

    /// <inheritdoc/>
    public Task<IBlobWriter> BeginAsync(string key, CancellationToken ct) => _uploads.BeginAsync(key, ct);

    /// <inheritdoc/>
    public Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, long attempt, CancellationToken ct) => _uploads.ResumeAsync(key, state, attempt, ct);

    /// <inheritdoc/>
    public Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct) => _uploads.AbortAsync(key, state, ct);

    /// <inheritdoc/>
    public async Task<Stream?> OpenAsync(string key, long offset, long length, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        // S3 has no range without a byte.
        if (length == 0) return await StatAsync(key, ct) is null ? null : Stream.Null;
        return await OpenNamedAsync(_names.Of(key), offset, length, ct);
    }

    /// <inheritdoc/>
    public async Task<long?> StatAsync(string key, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(key);
        var name = _names.Of(key);
        try
        {
            return (await CallAsync("Asking for an object", 0, t => Client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = _options.Bucket, Key = name }, t), ct)).ContentLength;
        }
        catch (StorageException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound })
        {
            // An answer without a body does not tell an object from a bucket that is not there; a listing does.
            await foreach (var found in ListNamesAsync(name, 1, ct))
            {
                if (found.Key == name) return found.Size;
                break;
            }
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        foreach (var key in keys) StorageKey.ThrowIfInvalid(key);
        await DeleteNamesAsync([.. keys.Select(key => (_names.Of(key), key))], ct);
    }

    /// <inheritdoc/>
    public async Task DeleteForeignAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        foreach (var name in names) StorageKey.ThrowIfNotForeign(name);
        await DeleteNamesAsync([.. names.Select(static name => (name, name))], ct);
    }

    /// <inheritdoc/>
    public async Task<Uri?> PresignAsync(string key, TimeSpan lifetime, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(key);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        var (name, until) = (_names.Of(key), TimeProvider.System.GetUtcNow() + lifetime);
        if (_cloudFront is not null) return _cloudFront.Sign(name, until);
        var request = new GetPreSignedUrlRequest
        {
            BucketName = _options.Bucket,
            Key = name,
            Verb = HttpVerb.GET,
            Expires = until.UtcDateTime,
            Protocol = (_options.PublicEndpoint ?? _options.Endpoint)?.Scheme == Uri.UriSchemeHttp ? Protocol.HTTP : Protocol.HTTPS,
        };
        // Signed with the rest: nobody can have it served as a page.
        request.ResponseHeaderOverrides.ContentType = ContentType;
        return new Uri(await CallAsync("Signing an address", 0, _ => _signer.Value.GetPreSignedURLAsync(request), ct));
    }

    /// <inheritdoc/>
    /// <remarks>By the store itself, where both are of one endpoint and one credential.</remarks>
    public async Task<bool> TryCopyAsync(IBlobDriver source, string from, string to, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(from);
        StorageKey.ThrowIfInvalid(to);
        if (source is not S3Driver other || !IsOfOneStore(other._options, _options)) return false;
        var size = await other.StatAsync(from, ct) ?? throw new StorageException($"There is no object {from}.");
        if (size <= MostCopiedAtOnce)
        {
            await CallAsync("Copying an object", size, t => Client.CopyObjectAsync(new CopyObjectRequest
            {
                SourceBucket = other._options.Bucket,
                SourceKey = other._names.Of(from),
                DestinationBucket = _options.Bucket,
                DestinationKey = _names.Of(to),
                ServerSideEncryptionMethod = Encryption,
                ServerSideEncryptionKeyManagementServiceKeyId = _options.KmsKey,
            }, t), ct);
        }
        else
        {
            await CopyPartsAsync(other, from, to, size, ct);
        }
        return true;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string? prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var found in ListNamesAsync(_names.Blobs + prefix, null, ct))
        {
            if (_names.KeyOf(found.Key) is { } key) yield return found with { Key = key };
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<UnfinishedUpload> ListUnfinishedAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var request = new ListMultipartUploadsRequest { BucketName = _options.Bucket, Prefix = _names.Blobs };
        while (true)
        {
            var page = await CallAsync("Listing uploads", 0, t => Client.ListMultipartUploadsAsync(request, t), ct);
            foreach (var upload in page.MultipartUploads ?? [])
            {
                if (_names.KeyOf(upload.Key) is { } key && !_uploads.IsOpen(key))
                    yield return new UnfinishedUpload(key, (PartState.Empty with { Session = upload.UploadId }).ToBytes(), Time(upload.Initiated));
            }
            if (page.IsTruncated is not true) yield break;
            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
    }

    /// <inheritdoc/>
    public async Task<bool> PutFileAsync(string name, Stream content, CancellationToken ct)
    {
        StoredName.ThrowIfInvalid(name);
        var start = content.Position;
        try
        {
            await CallAsync("Storing a file", content.Length - start, t =>
            {
                content.Position = start;
                return Client.PutObjectAsync(Sealed(new PutObjectRequest { BucketName = _options.Bucket, Key = _names.OfFile(name), InputStream = content, AutoCloseStream = false, IfNoneMatch = "*" }), t);
            }, ct);
            return true;
        }
        catch (StorageException e) when (e.InnerException is AmazonS3Exception s && S3Errors.IsTaken(s))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenFileAsync(string name, CancellationToken ct)
    {
        StoredName.ThrowIfInvalid(name);
        return OpenNamedAsync(_names.OfFile(name), 0, long.MaxValue, ct);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListFilesAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var found in ListNamesAsync(_names.Files, null, ct))
        {
            if (_names.FileOf(found.Key) is { } name) yield return found with { Key = name };
        }
    }

    /// <inheritdoc/>
    public async Task DeleteFilesAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        foreach (var name in names) StoredName.ThrowIfInvalid(name);
        await DeleteNamesAsync([.. names.Select(name => (_names.OfFile(name), name))], ct);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListForeignAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var found in ListNamesAsync("", null, ct))
        {
            if (_names.IsForeign(found.Key)) yield return found;
        }
    }

    public void Dispose()
    {
        if (_signer.IsValueCreated) _signer.Value.Dispose();
        if (_client.IsValueCreated) _client.Value.Dispose();
    }

    private ServerSideEncryptionMethod? Encryption => _options.Encryption is { } method ? new ServerSideEncryptionMethod(method) : null;

    private static bool IsOfOneStore(S3Options a, S3Options b) =>
        a.Endpoint == b.Endpoint && a.AccessKey == b.AccessKey && a.SecretKey == b.SecretKey && a.RoleArn == b.RoleArn && (a.Endpoint is not null || a.Region == b.Region);

    private PutObjectRequest Sealed(PutObjectRequest request)
    {
        request.ContentType = ContentType;
        request.UseChunkEncoding = false;
        request.DisablePayloadSigning = _isEncrypted;
        request.ServerSideEncryptionMethod = Encryption;
        request.ServerSideEncryptionKeyManagementServiceKeyId = _options.KmsKey;
        return request;
    }

    private async Task<Stream?> OpenNamedAsync(string name, long offset, long length, CancellationToken ct)
    {
        if (await GetAsync(name, offset, length, ct) is not var (stream, there)) return null;
        return there == 0 ? stream : new ResumingStream(stream, there, async (read, t) => (await GetAsync(name, offset + read, there - read, t))?.Stream, s_stall);
    }

    private async Task<(Stream Stream, long Length)?> GetAsync(string name, long offset, long length, CancellationToken ct)
    {
        var request = new GetObjectRequest { BucketName = _options.Bucket, Key = name };
        var last = length > long.MaxValue - offset ? long.MaxValue : offset + length - 1;
        if (offset > 0 || last < long.MaxValue) request.ByteRange = new ByteRange($"bytes={offset}-{(last == long.MaxValue ? "" : last.ToString(CultureInfo.InvariantCulture))}");
        try
        {
            var response = await CallAsync("Reading an object", 0, t => Client.GetObjectAsync(request, t), ct);
            return (response.ResponseStream, response.ContentLength);
        }
        catch (StorageException e) when (e.InnerException is AmazonS3Exception s && S3Errors.IsNoObject(s))
        {
            return null;
        }
        catch (StorageException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.RequestedRangeNotSatisfiable })
        {
            // What lies beyond the end is empty.
            return (Stream.Null, 0);
        }
    }

    private async IAsyncEnumerable<StoredObject> ListNamesAsync(string prefix, int? most, [EnumeratorCancellation] CancellationToken ct)
    {
        var request = new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = prefix };
        if (most is { } n) request.MaxKeys = n;
        while (true)
        {
            var page = await CallAsync("Listing objects", 0, t => Client.ListObjectsV2Async(request, t), ct);
            foreach (var found in page.S3Objects ?? []) yield return new StoredObject(found.Key, found.Size ?? 0, Time(found.LastModified));
            if (page.IsTruncated is not true || most is not null) yield break;
            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    private async Task DeleteNamesAsync(IReadOnlyList<(string Name, string Key)> objects, CancellationToken ct)
    {
        var locked = new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal);
        var refused = new List<DeleteError>();
        foreach (var chunk in objects.Chunk(MostDeleted))
        {
            var request = new DeleteObjectsRequest { BucketName = _options.Bucket, Quiet = true, Objects = [.. chunk.Select(static o => new KeyVersion { Key = o.Name })] };
            try
            {
                await CallAsync("Deleting objects", 0, t => Client.DeleteObjectsAsync(request, t), ct);
            }
            catch (StorageException e) when (e.InnerException is DeleteObjectsException some)
            {
                foreach (var error in some.Response.DeleteErrors ?? [])
                {
                    if (error.Code is "NoSuchKey") continue;
                    if (await LockOfAsync(error.Key, ct) is (true, var until)) locked[chunk.First(o => o.Name == error.Key).Key] = until;
                    else refused.Add(error);
                }
            }
        }
        if (refused.Count > 0) throw new StorageException($"Deleting objects: the store refused {refused.Count} of {objects.Count}, the first with {refused[0].Code}: {refused[0].Message}");
        if (locked.Count > 0) throw new BlobsLockedException(locked);
    }

    // Object lock: kept until a date, or by a hold that somebody has to lift.
    private async Task<(bool IsLocked, DateTimeOffset? Until)> LockOfAsync(string name, CancellationToken ct)
    {
        try
        {
            var about = await CallAsync("Asking for an object", 0, t => Client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = _options.Bucket, Key = name }, t), ct);
            if (about.ObjectLockLegalHoldStatus == ObjectLockLegalHoldStatus.On) return (true, null);
            return about.ObjectLockRetainUntilDate is { } until && Time(until) > TimeProvider.System.GetUtcNow() ? (true, Time(until)) : (false, null);
        }
        catch (StorageException)
        {
            return (false, null);
        }
    }

    private async Task CopyPartsAsync(S3Driver other, string from, string to, long size, CancellationToken ct)
    {
        IPartStore parts = this;
        var session = await parts.BeginAsync(to, ct);
        try
        {
            var copied = new List<StoredPart>();
            for (var at = 0L; at < size; at += CopiedPart)
            {
                var (first, last) = (at, Math.Min(size, at + CopiedPart) - 1);
                copied.Add(await CopyPartAsync(other, from, first, last, to, session, copied.Count + 1, ct));
            }
            await parts.CompleteAsync(to, session, copied, ct);
        }
        catch
        {
            await parts.AbortAsync(to, session, CancellationToken.None);
            throw;
        }
    }

    /// <summary>One call, in bounded time: ten seconds and what the bytes take at 64 KiB/s, the SDK's own further tries included.</summary>
    private static async Task<T> CallAsync<T>(string what, long bytes, Func<CancellationToken, Task<T>> call, CancellationToken ct)
    {
        var limit = s_answer + TimeSpan.FromSeconds(bytes / (double)LeastBytesPerSecond);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(limit);
        try
        {
            return await call(late.Token);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new StorageException(string.Create(CultureInfo.InvariantCulture, $"{what}: the store did not answer within {limit.TotalSeconds:0} s."), e);
        }
        catch (Exception e) when (S3Errors.IsOfStore(e))
        {
            ct.ThrowIfCancellationRequested();
            throw S3Errors.Fault(what, e);
        }
    }

    private static DateTimeOffset Time(DateTime? time) => time is { } t ? new DateTimeOffset(t.ToUniversalTime()) : DateTimeOffset.UnixEpoch;
}
