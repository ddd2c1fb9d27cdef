using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Wharf.Server.Hosting;

/// <summary>
/// The directory that holds everything a server keeps on this machine. Exactly one process may use it: whoever holds its lock
/// (contracts 5). Network file systems are refused, because neither that lock nor SQLite's shared memory works across machines.
/// </summary>
internal sealed class DataDirectory(string path) : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private SafeFileHandle? _lock;

    /// <summary>The full path.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Creates the directory where it is missing, and takes its lock.</summary>
    /// <exception cref="CannotStartException">Not a usable directory, on a network file system, or in use by another process.</exception>
    public void Open()
    {
        if (TryOpen() is { } owner)
        {
            throw new CannotStartException($"{Path} is in use by process {owner}. One server at a time uses a data directory; give another one with --data.");
        }
    }

    /// <summary>As <see cref="Open"/>, but answers the process id of whoever holds the lock (<c>?</c> when it did not say), or null: it is ours.</summary>
    public string? TryOpen()
    {
        Create();
        var fd = Libc.Open(File("lock"), Libc.ReadWrite | Libc.Create | Libc.CloseOnExec, 0x180 /* 0600 */);
        if (fd < 0) throw new CannotStartException($"{Path} cannot be used: {Marshal.GetLastPInvokeErrorMessage()}.");

        var file = new SafeFileHandle(fd, ownsHandle: true);
        if (Libc.Lock(file, Libc.LockExclusive | Libc.LockNonBlocking) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            using (file)
            {
                return error == Libc.WouldBlock ? Owner(file) : throw new CannotStartException($"{Path} cannot be locked: {Marshal.GetPInvokeErrorMessage(error)}.");
            }
        }

        RandomAccess.SetLength(file, 0);
        RandomAccess.Write(file, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"), 0);
        _lock = file;
        return null;
    }

    public void Dispose() => _lock?.Dispose();

    private void Create()
    {
        try
        {
            Directory.CreateDirectory(Path, Private);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CannotStartException($"The data directory {Path} cannot be made: {fault.Message}", fault);
        }

        if (NetworkFileSystem.NameAt(Path) is { } name)
        {
            throw new CannotStartException($"{Path} is on a network file system ({name}). The data directory must be on a local disk; give another one with --data.");
        }
    }

    private static string Owner(SafeFileHandle file)
    {
        Span<byte> text = stackalloc byte[16];
        var pid = Encoding.ASCII.GetString(text[..RandomAccess.Read(file, text, 0)]).Trim();
        return pid.Length > 0 ? pid : "?";
    }
}
