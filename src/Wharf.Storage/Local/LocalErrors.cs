namespace Wharf.Storage.Local;

/// <summary>What the operating system's errors mean for an upload.</summary>
internal static class LocalErrors
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int DiskFull = unchecked((int)0x80070070);

    /// <summary>Whether there is no room. The runtime keeps errno in HResult, except where it has a Windows code of its own.</summary>
    public static bool IsFull(IOException error) => error.HResult is NoSpace or QuotaExceeded or DiskFull;

    /// <summary>The fault to throw for an error of the disk.</summary>
    public static StorageException Fault(IOException error, string what) =>
        IsFull(error) ? new StorageFullException($"{what}: no room.", error) : new StorageException($"{what}: {error.Message}", error);
}
