using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Wharf.Server.Hosting.Network;

/// <summary>
/// The PROXY protocol of HAProxy (proxy-protocol.txt), versions 1 and 2: the connection begins with a header that names the client.
/// It is read before TLS, from trusted proxies only; a connection from anyone else, without a header, with a wrong or too long one,
/// or that is slow to send it, is closed.
/// </summary>
internal sealed partial class ProxyProtocol(TrustedProxies proxies, ILogger<ProxyProtocol> logger)
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(5);

    public ConnectionDelegate Wrap(ConnectionDelegate next) => async connection =>
    {
        if (!proxies.Contain(connection.RemoteEndPoint))
        {
            Log.Stranger(logger, connection.RemoteEndPoint);
            connection.Abort(new ConnectionAbortedException("not a trusted proxy"));
            return;
        }

        if (await ReadAsync(connection) is not { } header)
        {
            Log.NoHeader(logger, connection.RemoteEndPoint);
            connection.Abort(new ConnectionAbortedException("no PROXY header"));
            return;
        }

        if (header.Client is { } client) connection.RemoteEndPoint = client;
        await next(connection);
    };

    private static async Task<ProxyHeader?> ReadAsync(ConnectionContext connection)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
        deadline.CancelAfter(s_timeout);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(deadline.Token);
                switch (ProxyHeader.TryRead(read.Buffer, out var header, out var length))
                {
                    case OperationStatus.Done:
                        input.AdvanceTo(read.Buffer.GetPosition(length));
                        return header;
                    case OperationStatus.NeedMoreData when !read.IsCompleted:
                        input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                        break;
                    default:
                        input.AdvanceTo(read.Buffer.End);
                        return null;
                }
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Closed a connection from {Peer}: Server.ProxyProtocol is on and it is not in Server.TrustedProxies")]
        public static partial void Stranger(ILogger logger, EndPoint? peer);

        [LoggerMessage(2, LogLevel.Warning, "Closed a connection from {Peer}: it did not begin with a PROXY header")]
        public static partial void NoHeader(ILogger logger, EndPoint? peer);
    }
}
