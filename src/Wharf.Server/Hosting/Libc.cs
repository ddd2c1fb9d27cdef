using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Wharf.Server.Hosting;

/// <summary>The calls of the C library that .NET has no door to.</summary>
internal static partial class Libc
{
    public const int ReadWrite = 2, Create = 0x40, CloseOnExec = 0x80000, PathOnly = 0x200000;
    public const int LockExclusive = 2, LockNonBlocking = 4;
    public const int WouldBlock = 11;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(SafeHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int StatFileSystem(string path, Span<long> buffer);

    /// <summary>Makes names in a directory durable.</summary>
    public static void SyncDirectory(string path)
    {
        using var directory = new SafeFileHandle(Open(path, CloseOnExec, 0), ownsHandle: true);
        if (directory.IsInvalid || Sync(directory) != 0) throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Waits for the only right to change a directory, among all that ask in this way; disposing gives it back.</summary>
    public static SafeFileHandle LockDirectory(string path)
    {
        var directory = new SafeFileHandle(Open(path, CloseOnExec, 0), ownsHandle: true);
        if (!directory.IsInvalid && Lock(directory, LockExclusive) == 0) return directory;
        var message = Marshal.GetLastPInvokeErrorMessage();
        directory.Dispose();
        throw new IOException($"{path} cannot be locked: {message}");
    }

    /// <summary>Returns free memory of the C library to the kernel.</summary>
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    public static partial int TrimHeap(nuint keep);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(SafeHandle file);

    [LibraryImport("libc", EntryPoint = "umask")]
    public static partial uint SetUmask(uint mask);
}
