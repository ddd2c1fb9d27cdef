using System.Net.Sockets;
using System.Text;

namespace Wharf.Server.Hosting.Admin;

/// <summary>The unix socket in the data directory through which commands reach the server. Who can open it is the file system's answer: 0600 in a 0700 directory.</summary>
internal sealed class AdminSocket(DataDirectory data)
{
    // sockaddr_un.sun_path has 108 bytes with its zero.
    private const int MaxPath = 107;

    private string? _short;

    private string Path => data.File("wharf.sock");

    /// <summary>The path for the server to bind; a socket that a dead server left is removed. The caller holds the directory's lock.</summary>
    public string BindPath()
    {
        File.Delete(Path);
        return Short();
    }

    /// <summary>A connection to the running server, or null when none listens.</summary>
    public async Task<Socket?> ConnectAsync(CancellationToken ct)
    {
        if (!File.Exists(Path)) return null;
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Short()), ct);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    // A deep data directory has a name through an open descriptor of itself that is short enough.
    private string Short()
    {
        if (_short is not null) return _short;
        if (Encoding.UTF8.GetByteCount(Path) <= MaxPath) return _short = Path;
        var fd = Libc.Open(data.Path, Libc.PathOnly | Libc.CloseOnExec, 0);
        return fd < 0 ? Path : _short = $"/proc/self/fd/{fd}/wharf.sock";
    }
}
