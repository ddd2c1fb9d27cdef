using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;
using Wharf.Storage.Parts;

namespace Wharf.Storage.S3;

public sealed partial class S3Driver
{
    /// <summary>The fewest bytes of a part but the last, of which there may be ten thousand (docs.aws.amazon.com, "Amazon S3 multipart upload limits").</summary>
    public const int LeastPart = 5 << 20;

    private const int MostParts = 10_000;

    // Shorter parts as long as there are few; after that each counts. And longer ones later, so that a blob may have half a terabyte with parts of 16 MiB at first.
    private const int ShortParts = 1_000;
    private const int PartsOfOneSize = 2_000;

    int IPartStore.LastNumber => MostParts;

    int IPartStore.PartBytes(int before) => (int)Math.Min((long)_options.PartBytes << (before / PartsOfOneSize), 1 << 30);

    int IPartStore.LeastBytes(int before) => before < ShortParts ? LeastPart : ((IPartStore)this).PartBytes(before);

    async Task IPartStore.PutAsync(string key, PartBuffer bytes, long from, CancellationToken ct) => await CallAsync("Storing an object", bytes.Length - from,
        t => Client.PutObjectAsync(Sealed(new PutObjectRequest { BucketName = _options.Bucket, Key = _names.Of(key), InputStream = bytes.Read(from) }), t), ct);

    async Task<string> IPartStore.BeginAsync(string key, CancellationToken ct) => (await CallAsync("Beginning an upload", 0, t => Client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest
    {
        BucketName = _options.Bucket,
        Key = _names.Of(key),
        ContentType = ContentType,
        ServerSideEncryptionMethod = Encryption,
        ServerSideEncryptionKeyManagementServiceKeyId = _options.KmsKey,
    }, t), ct)).UploadId;

    async Task<string> IPartStore.PutPartAsync(string key, string session, int number, PartBuffer bytes, CancellationToken ct)
    {
        try
        {
            return Quoted((await CallAsync("Storing a part", bytes.Length, t => Client.UploadPartAsync(new UploadPartRequest
            {
                BucketName = _options.Bucket,
                Key = _names.Of(key),
                UploadId = session,
                PartNumber = number,
                PartSize = bytes.Length,
                InputStream = bytes.Read(),
                UseChunkEncoding = false,
                DisablePayloadSigning = _isEncrypted,
            }, t), ct)).ETag);
        }
        catch (StorageException e) when (IsNoUpload(e))
        {
            throw new UploadLostException("The store does not know the upload any more.", e);
        }
    }

    async Task IPartStore.CompleteAsync(string key, string session, IReadOnlyList<StoredPart> parts, CancellationToken ct)
    {
        try
        {
            await CompleteMultipartAsync(key, session, parts, ct);
        }
        catch (StorageException e) when (IsNoUpload(e))
        {
            if (await TryComposeAsync(key, session, parts, ct)) return;
            // The answer to an earlier try may have got lost.
            if (await StatAsync(key, ct) != parts.Sum(static p => p.Size)) throw new UploadLostException("The store does not know the upload any more.", e);
        }
    }

    async Task IPartStore.AbortAsync(string key, string session, CancellationToken ct)
    {
        try
        {
            await CallAsync("Giving an upload up", 0, t => Client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = _options.Bucket, Key = _names.Of(key), UploadId = session }, t), ct);
        }
        catch (StorageException e) when (IsNoUpload(e))
        {
            // Nothing there is fine.
        }
    }

    async Task IPartStore.CheckAsync(string key, string session, IReadOnlyList<StoredPart> parts, CancellationToken ct)
    {
        var there = await ListPartsAsync(key, session, ct) ?? throw new UploadLostException("The store does not know the upload any more.");
        if (!parts.All(there.Contains)) throw new UploadLostException("The store does not have all parts of the upload any more.");
    }

    // Null when there is no such upload.
    private async Task<List<StoredPart>?> ListPartsAsync(string key, string session, CancellationToken ct)
    {
        var all = new List<StoredPart>();
        var request = new ListPartsRequest { BucketName = _options.Bucket, Key = _names.Of(key), UploadId = session };
        try
        {
            while (true)
            {
                var page = await CallAsync("Listing parts", 0, t => Client.ListPartsAsync(request, t), ct);
                all.AddRange((page.Parts ?? []).Select(static p => new StoredPart(p.PartNumber ?? 0, p.Size ?? 0, Quoted(p.ETag))));
                if (page.IsTruncated is not true) return all;
                request.PartNumberMarker = page.NextPartNumberMarker?.ToString(CultureInfo.InvariantCulture);
            }
        }
        catch (StorageException e) when (IsNoUpload(e))
        {
            return null;
        }
    }

    /// <summary>
    /// Ceph takes a list of parts only if it has all that were sent, also those that a writer sent which was killed or is late. Then the object is made of all of them, and made anew, by the store itself, of
    /// those that belong to it. No row names it before the end.
    /// </summary>
    /// <returns>False when that is not what is wrong.</returns>
    private async Task<bool> TryComposeAsync(string key, string session, IReadOnlyList<StoredPart> parts, CancellationToken ct)
    {
        if (await ListPartsAsync(key, session, ct) is not { } all || all.Count <= parts.Count || !parts.All(all.Contains)) return false;
        await CompleteMultipartAsync(key, session, all, ct);
        IPartStore store = this;
        var anew = await store.BeginAsync(key, ct);
        try
        {
            var (copied, at) = (new List<StoredPart>(), 0L);
            foreach (var part in all)
            {
                var (first, last) = (at, (at += part.Size) - 1);
                if (parts.Contains(part)) copied.Add(await CopyPartAsync(this, key, first, last, key, anew, copied.Count + 1, ct));
            }
            await CompleteMultipartAsync(key, anew, copied, ct);
            return true;
        }
        catch
        {
            await store.AbortAsync(key, anew, CancellationToken.None);
            throw;
        }
    }

    private async Task CompleteMultipartAsync(string key, string session, IReadOnlyList<StoredPart> parts, CancellationToken ct) =>
        await CallAsync("Completing an upload", parts.Count * LeastBytesPerSecond / 100, t => Client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
        {
            BucketName = _options.Bucket,
            Key = _names.Of(key),
            UploadId = session,
            PartETags = [.. parts.Select(static p => new PartETag(p.Number, p.Tag))],
        }, t), ct);

    private async Task<StoredPart> CopyPartAsync(S3Driver from, string source, long first, long last, string to, string session, int number, CancellationToken ct) =>
        new(number, last - first + 1, Quoted((await CallAsync("Copying a part", last - first + 1, t => Client.CopyPartAsync(new CopyPartRequest
        {
            SourceBucket = from._options.Bucket,
            SourceKey = from._names.Of(source),
            DestinationBucket = _options.Bucket,
            DestinationKey = _names.Of(to),
            UploadId = session,
            PartNumber = number,
            FirstByte = first,
            LastByte = last,
        }, t), ct)).ETag));

    // As the store sends it with a part, whatever it has in a listing.
    private static string Quoted(string tag) => $"\"{tag.Trim('"')}\"";

    private static bool IsNoUpload(StorageException e) => e.InnerException is AmazonS3Exception s && S3Errors.IsNoUpload(s);
}
