namespace Wharf.Storage.Local;

/// <summary>What the operating system's errors mean for an upload.</summary>
internal static class LocalErrors
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int DiskFull = unchecked((int)0x80070070);

    /// <summary>Whether it is an error of the disk: the runtime has a type of its own for those that deny access.</summary>
    public static bool IsOfDisk(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>Whether there is no room. The runtime keeps errno in HResult, except where it has a Windows code of its own.</summary>
    public static bool IsFull(Exception error) => error is IOException { HResult: NoSpace or QuotaExceeded or DiskFull };

    /// <summary>The fault to throw for an error of the disk.</summary>
    public static StorageException Fault(Exception error, string what) =>
        IsFull(error) ? new StorageFullException($"{what}: no room.", error) : new StorageException($"{what}: {error.Message}", error);

    /// <summary>The same rows; reading them throws <see cref="StorageException"/> when the disk fails.</summary>
    public static IEnumerable<T> Listing<T>(IEnumerable<T> rows)
    {
        using var row = Try(rows.GetEnumerator);
        while (Try(row.MoveNext)) yield return row.Current;

        static TResult Try<TResult>(Func<TResult> step)
        {
            try
            {
                return step();
            }
            catch (Exception e) when (IsOfDisk(e))
            {
                throw Fault(e, "Listing");
            }
        }
    }
}
