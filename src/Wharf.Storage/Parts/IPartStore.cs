namespace Wharf.Storage.Parts;

/// <summary>
/// What object stores do differently of what <see cref="PartWriter"/> needs. Each call is one request, tried again inside where that is safe; it throws <see cref="StorageException"/> when
/// the store fails, <see cref="StorageFullException"/> when there is no room.
/// </summary>
internal interface IPartStore
{
    /// <summary>How many bytes to gather for a part that has so many before it. Grows where the number of parts is bounded.</summary>
    int PartBytes(int before);

    /// <summary>The fewest bytes of a part that has so many before it and is not the last, when no more are at hand; at least 1.</summary>
    int LeastBytes(int before);

    /// <summary>The largest number of a part.</summary>
    int LastNumber { get; }

    /// <summary>Stores a whole object: the bytes from an offset on.</summary>
    Task PutAsync(string key, PartBuffer bytes, long from, CancellationToken ct);

    /// <summary>Begins an object of parts; answers the store's name for it.</summary>
    Task<string> BeginAsync(string key, CancellationToken ct);

    /// <summary>Stores a part; answers its tag.</summary>
    /// <exception cref="UploadLostException">The object is not being made any more.</exception>
    Task<string> PutPartAsync(string key, string session, int number, PartBuffer bytes, CancellationToken ct);

    /// <summary>Makes the object of these parts.</summary>
    /// <exception cref="UploadLostException">The object is not being made any more, or a part is gone or is not what its tag says.</exception>
    Task CompleteAsync(string key, string session, IReadOnlyList<StoredPart> parts, CancellationToken ct);

    /// <summary>Gives an object of parts up. One that is not being made is fine.</summary>
    Task AbortAsync(string key, string session, CancellationToken ct);

    /// <summary>Makes sure that the parts are still there.</summary>
    /// <exception cref="UploadLostException">They are not.</exception>
    Task CheckAsync(string key, string session, IReadOnlyList<StoredPart> parts, CancellationToken ct);
}
