namespace Wharf.Storage;

/// <summary>
/// One place that keeps blobs, addressed by <see cref="StorageKey"/>; it knows no digests. A blob is invisible until its writer completes, and never changes after that.
/// What others wrote there can be read, told about and copied by its own name (<see cref="StorageKey.IsForeign"/>), and is removed by <see cref="DeleteForeignAsync"/> alone.
/// Every member throws <see cref="StorageException"/> when the place fails, and <see cref="ArgumentException"/> for text that is no storage key.
/// </summary>
public interface IBlobDriver
{
    /// <summary>Starts an upload under a key that was never used.</summary>
    Task<IBlobWriter> BeginAsync(string key, CancellationToken ct);

    /// <summary>
    /// Continues an upload from one of its checkpoints, which may have been made by another process; bytes written after it are gone.
    /// An empty state is the checkpoint before the first byte. A writer of the same upload that is still open can do no more harm.
    /// </summary>
    /// <param name="attempt">Larger than at every earlier call for this upload, so that nothing which a former writer still sends gets the name of what this one does.</param>
    /// <exception cref="UploadLostException">The upload was completed, aborted or damaged.</exception>
    Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, long attempt, CancellationToken ct);

    /// <summary>Removes what an upload left that will not be continued. Nothing there is fine; a completed blob stays.</summary>
    Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct);

    /// <summary>At most <paramref name="length"/> bytes of a blob from an offset on; null when there is no blob.</summary>
    Task<Stream?> OpenAsync(string key, long offset, long length, CancellationToken ct);

    /// <summary>The size of a blob in bytes, or null.</summary>
    Task<long?> StatAsync(string key, CancellationToken ct);

    /// <summary>Removes blobs. A missing one is fine.</summary>
    /// <exception cref="BlobsLockedException">The place may not remove some of them yet; the others are gone.</exception>
    Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken ct);

    /// <summary>Removes what others wrote there (<see cref="StorageKey.IsForeign"/>), which nothing else here does. A missing object is fine.</summary>
    /// <exception cref="BlobsLockedException">The place may not remove some of them yet; the others are gone.</exception>
    Task DeleteForeignAsync(IReadOnlyList<string> names, CancellationToken ct);

    /// <summary>An address where a stranger may read the blob for this long; null when the place has none to give.</summary>
    Task<Uri?> PresignAsync(string key, TimeSpan lifetime, CancellationToken ct);

    /// <summary>
    /// Has the place itself take a blob from another one, or from another of its own keys, to a key that was never used, without a byte coming through here.
    /// It is durable when the task ends, and of the size that it has there.
    /// </summary>
    /// <returns>False where the place cannot; then it has to be read and written.</returns>
    /// <exception cref="StorageException">There is no such blob, or the place failed.</exception>
    Task<bool> TryCopyAsync(IBlobDriver source, string from, string to, CancellationToken ct);

    /// <summary>All blobs whose key starts with the prefix, in any order.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(string? prefix, CancellationToken ct);

    /// <summary>
    /// All uploads that were neither completed nor aborted, in any order, but not those that this driver has a writer open for.
    /// One that several processes worked on may come more than once.
    /// </summary>
    IAsyncEnumerable<UnfinishedUpload> ListUnfinishedAsync(CancellationToken ct);

    /// <summary>Stores a file under a <see cref="StoredName"/>, all or nothing; durable when the task ends.</summary>
    /// <param name="content">From its position to its end; it can seek.</param>
    /// <returns>False when there is a file of that name, which stays as it is.</returns>
    Task<bool> PutFileAsync(string name, Stream content, CancellationToken ct);

    /// <summary>The bytes of a file; null when there is none of that name.</summary>
    Task<Stream?> OpenFileAsync(string name, CancellationToken ct);

    /// <summary>All files, in any order.</summary>
    IAsyncEnumerable<StoredObject> ListFilesAsync(CancellationToken ct);

    /// <summary>Removes files. A missing one is fine.</summary>
    Task DeleteFilesAsync(IReadOnlyList<string> names, CancellationToken ct);

    /// <summary>What else lies in the place, by names of the place's own: nothing that this driver writes, and so nothing that it may touch.</summary>
    IAsyncEnumerable<StoredObject> ListForeignAsync(CancellationToken ct);
}
