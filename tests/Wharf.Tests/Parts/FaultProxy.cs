using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Wharf.Tests.Parts;

/// <summary>
/// A TCP proxy on a free loopback port in front of one endpoint, whose faults are set while connections run. What looks into HTTP (wrong bytes in bodies,
/// answers of its own) needs a plain HTTP/1.1 endpoint; the other faults do not.
/// </summary>
public sealed class FaultProxy : IAsyncDisposable
{
    private const int BufferSize = 64 << 10;
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int ReusePort = 15; // SO_REUSEPORT

    private readonly Uri _target;
    private readonly bool _isHttp;
    private readonly int _port;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Socket> _sockets = [];
    private readonly ConcurrentDictionary<Task, byte> _running = [];
    private readonly Direction _requests = new();
    private readonly Direction _responses = new();
    private Socket _socket;
    private volatile bool _refuses;
    private volatile TaskCompletionSource? _hanging;
    private long _latencyTicks;
    private volatile int _bytesPerSecond;
    private Answer? _answer;
    private long _connections;
    private long _answered;
    private int _heldBack;

    private FaultProxy(Uri target)
    {
        _target = target;
        _isHttp = target.Scheme == Uri.UriSchemeHttp;
        _socket = Bind(0);
        _port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
        Endpoint = new UriBuilder(target) { Host = "127.0.0.1", Port = _port }.Uri;
        Listen();
    }

    private sealed record Answer(int Status, string Headers, Func<string, bool> Applies)
    {
        public int Left { get; set; }
    }

    // What is counted down in one direction, over all connections; negative when there is no fault.
    private sealed class Direction
    {
        public long Bytes { get; set; }

        public long CutIn { get; set; } = -1;

        public long FlipIn { get; set; } = -1;
    }

    /// <summary>The endpoint's address by way of the proxy.</summary>
    public Uri Endpoint { get; }

    /// <summary>Connections taken so far.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Requests that it answered itself.</summary>
    public long Answered => Interlocked.Read(ref _answered);

    /// <summary>Chunks that wait now, by <see cref="Latency"/> or because it <see cref="Hangs"/>.</summary>
    public int HeldBack => Volatile.Read(ref _heldBack);

    /// <summary>Bytes passed on to the endpoint so far, heads included.</summary>
    public long RequestBytes
    {
        get
        {
            lock (_gate) return _requests.Bytes;
        }
    }

    /// <summary>Bytes passed on from the endpoint so far, heads included.</summary>
    public long ResponseBytes
    {
        get
        {
            lock (_gate) return _responses.Bytes;
        }
    }

    /// <summary>How long each chunk waits that comes from either side.</summary>
    public TimeSpan Latency
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _latencyTicks));
        set => Interlocked.Exchange(ref _latencyTicks, value.Ticks);
    }

    /// <summary>How fast bytes go, for each connection and direction; 0 is as fast as they come.</summary>
    public int BytesPerSecond
    {
        get => _bytesPerSecond;
        set => _bytesPerSecond = value;
    }

    /// <summary>Whether new connections are refused, as by a host where nothing listens; those that are open go on.</summary>
    public bool Refuses
    {
        get => _refuses;
        set
        {
            lock (_gate)
            {
                if (_refuses == value) return;
                _refuses = value;
                if (value)
                {
                    // A second socket keeps the port without listening on it.
                    var holder = Bind(_port);
                    _socket.Dispose();
                    _socket = holder;
                }
                else
                {
                    Listen();
                }
            }
        }
    }

    /// <summary>Whether it takes connections and bytes and passes nothing on; what waits goes on afterwards.</summary>
    public bool Hangs
    {
        get => _hanging is not null;
        set
        {
            var was = _hanging;
            _hanging = value ? was ?? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            if (!value) was?.TrySetResult();
        }
    }

    public static FaultProxy InFrontOf(Uri target) => new(target);

    /// <summary>Resets every open connection.</summary>
    public void ResetAll()
    {
        lock (_gate)
        {
            foreach (var socket in _sockets) Reset(socket);
        }
    }

    /// <summary>Lets this many more bytes to the endpoint pass and resets the connection of the next one; 0 is before anything arrives.</summary>
    public void CutRequestsAfter(long bytes) => Set(() => _requests.CutIn = bytes);

    /// <summary>Lets this many more bytes from the endpoint pass and ends the connection of the next one; 0 loses the answer to a request that arrived.</summary>
    public void CutResponsesAfter(long bytes) => Set(() => _responses.CutIn = bytes);

    /// <summary>Makes one bit wrong, once, in the byte of request bodies that comes after this many others.</summary>
    public void FlipInRequests(long bytes) => Set(() => _requests.FlipIn = bytes);

    /// <summary>Makes one bit wrong, once, in the byte of response bodies that comes after this many others.</summary>
    public void FlipInResponses(long bytes) => Set(() => _responses.FlipIn = bytes);

    /// <summary>Answers the next requests itself: they do not arrive at the endpoint.</summary>
    /// <param name="status">The status, without a body.</param>
    /// <param name="times">How many requests.</param>
    /// <param name="headers">Lines of headers, each with its CRLF.</param>
    /// <param name="applies">Which requests, by their first line; all when not given.</param>
    public void AnswerWith(int status, int times = int.MaxValue, string headers = "", Func<string, bool>? applies = null) =>
        Set(() => _answer = new Answer(status, headers, applies ?? (static _ => true)) { Left = times });

    /// <summary>Ends all faults.</summary>
    public void Heal()
    {
        Set(() =>
        {
            _answer = null;
            foreach (var direction in new[] { _requests, _responses }) direction.CutIn = direction.FlipIn = -1;
        });
        Latency = default;
        BytesPerSecond = 0;
        Refuses = Hangs = false;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _socket.Dispose();
        ResetAll();
        await Task.WhenAll(_running.Keys);
        _end.Dispose();
    }

    private static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private void Listen()
    {
        _socket.Listen();
        Run(AcceptAsync(_socket));
    }

    private void Run(Task work)
    {
        _running.TryAdd(work, 0);
        work.ContinueWith(static (task, running) => ((ConcurrentDictionary<Task, byte>)running!).TryRemove(task, out _), _running, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptAsync(_end.Token);
            }
            catch (Exception e) when (IsEnd(e))
            {
                return;
            }
            Interlocked.Increment(ref _connections);
            Run(ServeAsync(client));
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var mine = new[] { client, target };
        lock (_gate) _sockets.UnionWith(mine);
        try
        {
            foreach (var socket in mine) socket.NoDelay = true;
            await target.ConnectAsync(_target.Host, _target.Port, _end.Token);
            var asked = new ConcurrentQueue<string>();
            await Task.WhenAll(ForwardAsync(client, target, _requests, new HttpFraming(isRequest: true, asked)), ForwardAsync(target, client, _responses, new HttpFraming(isRequest: false, asked)));
        }
        catch (Exception e) when (IsEnd(e))
        {
            foreach (var socket in mine) Reset(socket);
        }
        finally
        {
            lock (_gate) _sockets.ExceptWith(mine);
            client.Dispose();
        }
    }

    private async Task ForwardAsync(Socket from, Socket to, Direction direction, HttpFraming framing)
    {
        var buffer = new byte[BufferSize];
        var held = new List<byte>();
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, _end.Token)) > 0)
            {
                await HoldBackAsync();
                if (!_isHttp)
                {
                    if (!await PassAsync(buffer.AsMemory(0, read), from, to, direction)) return;
                    continue;
                }
                for (var at = 0; at < read;)
                {
                    var (length, kind) = framing.Next(buffer.AsSpan(at, read - at));
                    var some = buffer.AsMemory(at, length);
                    at += length;
                    if (kind is HttpFraming.Kind.Head or HttpFraming.Kind.HeadEnd && direction == _requests)
                    {
                        // Only when all of it is there is it clear who answers.
                        held.AddRange(some.Span);
                        if (kind == HttpFraming.Kind.Head) continue;
                        if (AnswerFor(framing.FirstLine) is { } answer)
                        {
                            await AnswerAsync(from, to, answer);
                            return;
                        }
                        some = held.ToArray();
                        held.Clear();
                    }
                    if (kind == HttpFraming.Kind.Body) Flip(direction, some.Span);
                    if (!await PassAsync(some, from, to, direction)) return;
                }
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (IsEnd(e))
        {
            Reset(from);
            Reset(to);
        }
    }

    private async Task HoldBackAsync()
    {
        var (latency, hanging) = (Latency, _hanging);
        if (latency == TimeSpan.Zero && hanging is null) return;
        Interlocked.Increment(ref _heldBack);
        try
        {
            await Task.Delay(latency, _end.Token);
            if (hanging is not null) await hanging.Task.WaitAsync(_end.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _heldBack);
        }
    }

    // False when the connection was cut.
    private async Task<bool> PassAsync(ReadOnlyMemory<byte> bytes, Socket from, Socket to, Direction direction)
    {
        var isCut = false;
        lock (_gate)
        {
            if (direction.CutIn >= 0)
            {
                isCut = direction.CutIn < bytes.Length;
                if (isCut) bytes = bytes[..(int)direction.CutIn];
                direction.CutIn = isCut ? -1 : direction.CutIn - bytes.Length;
            }
            direction.Bytes += bytes.Length;
        }
        while (!bytes.IsEmpty)
        {
            var rate = _bytesPerSecond;
            var piece = rate == 0 ? bytes : bytes[..Math.Min(bytes.Length, Math.Max(1, rate / 20))];
            for (var sent = 0; sent < piece.Length;) sent += await to.SendAsync(piece[sent..], _end.Token);
            bytes = bytes[piece.Length..];
            if (rate > 0) await Task.Delay(TimeSpan.FromSeconds((double)piece.Length / rate), _end.Token);
        }
        if (!isCut) return true;
        // A reset would overtake what was passed on to the client, and how much it got would be chance.
        if (direction == _responses) to.Shutdown(SocketShutdown.Send);
        else Reset(to);
        Reset(from);
        return false;
    }

    private void Flip(Direction direction, Span<byte> body)
    {
        lock (_gate)
        {
            if (direction.FlipIn < 0) return;
            if (direction.FlipIn < body.Length)
            {
                body[(int)direction.FlipIn] ^= 1;
                direction.FlipIn = -1;
                return;
            }
            direction.FlipIn -= body.Length;
        }
    }

    private Answer? AnswerFor(string request)
    {
        lock (_gate)
        {
            if (_answer is not { Left: > 0 } answer || !answer.Applies(request)) return null;
            answer.Left--;
            Interlocked.Increment(ref _answered);
            return answer;
        }
    }

    private async Task AnswerAsync(Socket client, Socket target, Answer answer)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} Fault\r\nContent-Length: 0\r\nConnection: close\r\n{answer.Headers}\r\n");
        await client.SendAsync(Encoding.Latin1.GetBytes(head), _end.Token);
        client.Shutdown(SocketShutdown.Send);
        // A body may still be coming; closing now would reset the connection, and the client could not read the answer.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        var rest = new byte[BufferSize];
        while (await client.ReceiveAsync(rest, patience.Token) > 0)
        {
        }
        Reset(target);
    }

    private void Set(Action change)
    {
        lock (_gate) change();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (IsEnd(e))
        {
            // It is closed already.
        }
        socket.Dispose();
    }

    private static bool IsEnd(Exception e) => e is SocketException or ObjectDisposedException or OperationCanceledException;
}
