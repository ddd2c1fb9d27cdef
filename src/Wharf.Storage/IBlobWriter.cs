namespace Wharf.Storage;

/// <summary>
/// An upload in progress; one caller at a time. Disposing it without completing keeps what was checkpointed, so that <see cref="IBlobDriver.ResumeAsync"/> can go on from there.
/// Every member but <see cref="AbortAsync"/> throws <see cref="UploadLostException"/> once the upload is lost or was resumed by another writer, and <see cref="StorageFullException"/> when there is no room.
/// </summary>
public interface IBlobWriter : IAsyncDisposable
{
    /// <summary>The bytes written so far, those of earlier writers included.</summary>
    long Length { get; }

    /// <summary>Appends bytes.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct);

    /// <summary>Makes all bytes so far durable and answers the state that resumes after them. Earlier states stay valid.</summary>
    Task<byte[]> CheckpointAsync(CancellationToken ct);

    /// <summary>
    /// Makes the blob durable and readable. Its key is the upload's own unless it was checkpointed or continued: then it may be another
    /// of <see cref="StorageKey.UploadOf"/> that upload, so that no byte has to be moved. The writer can then only be disposed.
    /// </summary>
    Task<StoredBlob> CompleteAsync(CancellationToken ct);

    /// <summary>Removes the upload, or nothing when it is lost or another writer's by now: it never hides the fault that led here. The writer can then only be disposed.</summary>
    Task AbortAsync(CancellationToken ct);
}
