using System.Net.Sockets;
using System.Text;

namespace Wharf.Tests.Server;

/// <summary>Bytes on a socket, for requests that no client library would send.</summary>
internal static class RawHttp
{
    /// <summary>Sends the bytes and reads until the server closes, or says nothing for <paramref name="patience"/> (3 s when not given).</summary>
    /// <param name="endAfterwards">Tells the server that nothing more comes.</param>
    public static async Task<RawAnswer> SendAsync(Uri server, byte[] request, TimeSpan? patience = null, bool endAfterwards = false)
    {
        using var client = await ConnectAsync(server);
        var stream = client.GetStream();
        var sent = SendAsync(client, request, endAfterwards);
        var all = new MemoryStream();
        var buffer = new byte[64 << 10];
        var closed = false;
        while (!closed)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(patience ?? TimeSpan.FromSeconds(3));
            try
            {
                var n = await stream.ReadAsync(buffer, limit.Token);
                closed = n == 0;
                all.Write(buffer, 0, n);
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (IOException)
            {
                closed = true; // reset: the server had enough
            }
        }
        client.Close();
        await sent;
        return new RawAnswer(Encoding.Latin1.GetString(all.ToArray()), closed);
    }

    public static Task<RawAnswer> SendAsync(Uri server, string request, TimeSpan? patience = null) => SendAsync(server, Encoding.Latin1.GetBytes(request), patience);

    /// <summary>A whole request without a body; the target goes to the wire as it is.</summary>
    public static Task<RawAnswer> RequestAsync(Uri server, string method, string target, params string[] headers) =>
        SendAsync(server, $"{method} {target} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n", TimeSpan.FromSeconds(10));

    public static async Task<TcpClient> ConnectAsync(Uri server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task SendAsync(TcpClient client, byte[] request, bool end)
    {
        try
        {
            await client.GetStream().WriteAsync(request, TestContext.Current.CancellationToken);
            if (end)
            {
                client.Client.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The server may refuse and close before it has read everything; what it answered is what counts.
        }
    }
}
