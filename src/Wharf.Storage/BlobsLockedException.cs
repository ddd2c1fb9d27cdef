namespace Wharf.Storage;

/// <summary>The place may not remove some blobs yet (object lock, retention); the others of the same call are removed.</summary>
public sealed class BlobsLockedException : StorageException
{
    public BlobsLockedException()
    {
    }

    public BlobsLockedException(string message) : base(message)
    {
    }

    public BlobsLockedException(string message, Exception? inner) : base(message, inner)
    {
    }

    /// <param name="until">Their keys, and until when; null where the place does not say, as for a hold that somebody has to lift.</param>
    public BlobsLockedException(IReadOnlyDictionary<string, DateTimeOffset?> until) : base($"The storage does not let {until.Count} objects go yet.") => Until = until;

    /// <summary>The keys of what is locked, and until when; null where the place does not say.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset?> Until { get; } = new Dictionary<string, DateTimeOffset?>();
}
