using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Wharf.Server.Hosting;

namespace Wharf.Server.Audit.Sinks;

/// <summary>
/// Syslog over TLS (RFC 5425: each message of RFC 5424 behind its length), facility "log audit". The protocol acknowledges nothing: a
/// delivery counts when the connection stayed whole for a moment after it, and after a break the last one is sent again.
/// </summary>
internal sealed class SyslogSink(SinkOptions options, TimeProvider clock) : ISink
{
    private const int Facility = 13;
    private const int Warning = 4;
    private const int Informational = 6;
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(250);
    private static readonly string s_host = Name(Environment.MachineName);

    private readonly byte[] _probe = new byte[1];
    private Socket? _socket;
    private SslStream? _stream;
    private Task<int>? _end;

    // Sent on this connection and not known to have been read; goes again with the next one.
    private IReadOnlyList<SinkEntry> _last = [];

    public async Task SendAsync(IReadOnlyList<SinkEntry> entries, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(options.Timeout);
        try
        {
            if (_end is { IsCompleted: true })
                Close();
            if (_stream is null)
            {
                await ConnectAsync(limit.Token);
                await WriteAsync([.. _last, .. entries], limit.Token);
            }
            else
                await WriteAsync(entries, limit.Token);
            // A receiver that has gone says so by an end or a reset.
            await Task.WhenAny(_end!, Task.Delay(s_settle, clock, limit.Token));
            if (_end!.IsCompleted)
                throw new IOException("The connection was closed.");
            _last = entries;
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or CryptographicException or OperationCanceledException or ObjectDisposedException && !ct.IsCancellationRequested)
        {
            Close();
            throw new SinkException(e is OperationCanceledException ? "it takes too long" : e.Message, e);
        }
    }

    public void Dispose() => Close();

    /// <summary>One message with its length before it (RFC 5425 4.3).</summary>
    internal static byte[] Frame(SinkEntry entry)
    {
        var message = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"<{Facility * 8 + (entry.Failed ? Warning : Informational)}>1 {entry.At:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {s_host} wharf {Environment.ProcessId} {entry.Kind} [audit@32473 id=\"{entry.Id}\"] \ufeff{entry.Json}"));
        return [.. Encoding.ASCII.GetBytes(message.Length.ToString(CultureInfo.InvariantCulture)), (byte)' ', .. message];
    }

    private async Task ConnectAsync(CancellationToken ct)
    {
        var to = new Uri("syslog://" + options.Address);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to.DnsSafeHost, to.Port, ct);
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsClientAsync(Outgoing.TlsOf(options.Authority, to.DnsSafeHost), ct);
            (_socket, _stream) = (socket, stream);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        // Syslog servers say nothing; what can be read is the end.
        _end = ReadEndAsync(_stream);
    }

    private async Task<int> ReadEndAsync(SslStream stream)
    {
        try
        {
            return await stream.ReadAsync(_probe, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    private async Task WriteAsync(IReadOnlyList<SinkEntry> entries, CancellationToken ct)
    {
        using var buffer = new MemoryStream();
        foreach (var entry in entries)
            buffer.Write(Frame(entry));
        await _stream!.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), ct);
        await _stream.FlushAsync(ct);
    }

    private void Close()
    {
        _stream?.Dispose();
        _socket?.Dispose();
        (_stream, _socket, _end) = (null, null, null);
    }

    private static string Name(string host) => host.All(static c => c is > ' ' and <= '~') && host.Length is > 0 and <= 255 ? host : "-";
}
