using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Wharf.Storage.Local;

/// <summary>What makes bytes and names survive a loss of power. A class of its own so that tests can fail it, or forget what it was not told to keep.</summary>
internal partial class LocalDisk
{
    private const int OpenReadOnlyCloseOnExec = 0x80000;

    /// <summary>Makes the bytes of a file and its length durable.</summary>
    /// <exception cref="IOException">They may be lost, whatever a second call says: Linux reports a failed write-back once.</exception>
    public virtual void SyncData(SafeFileHandle file, string path)
    {
        if (FDataSync(file) != 0) throw Error(path);
    }

    /// <summary>Makes a file durable with all its metadata.</summary>
    /// <exception cref="IOException">As for <see cref="SyncData"/>.</exception>
    public virtual void SyncFile(SafeFileHandle file, string path) => RandomAccess.FlushToDisk(file);

    /// <summary>Makes the names in a directory durable.</summary>
    /// <exception cref="IOException">They may not be.</exception>
    public virtual void SyncDirectory(string path)
    {
        var directory = Open(path, OpenReadOnlyCloseOnExec);
        if (directory < 0) throw Error(path);
        var error = FSync(directory) == 0 ? null : Error(path);
        _ = Close(directory);
        if (error is not null) throw error;
    }

    private static IOException Error(string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int file);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);

    /// <summary>Gives a file a second name; false where the file system cannot, such as on another one.</summary>
    public virtual bool TryLink(string from, string to) => Link(from, to) == 0;

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    /// <summary>Has the kernel begin to write bytes out, without waiting: a hint, so that the sync at the end has little left to do.</summary>
    public virtual void BeginWriteback(SafeFileHandle file, long offset, long length) => _ = SyncFileRange(file, offset, length, StartWriting);

    private const uint StartWriting = 2;

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
