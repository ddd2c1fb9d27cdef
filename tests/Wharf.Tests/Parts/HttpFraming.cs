using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Wharf.Tests.Parts;

/// <summary>
/// Tells heads, bodies and what frames bodies apart in one direction of an HTTP/1.1 connection (RFC 9112, section 6). What is no HTTP is all body.
/// </summary>
/// <param name="asked">The methods of the requests without an answer so far: filled by the direction of requests, read by the other.</param>
internal sealed class HttpFraming(bool isRequest, ConcurrentQueue<string> asked)
{
    private const int LongestHead = 64 << 10;

    private readonly List<byte> _line = [];
    private State _state = State.Head;
    private long _left;
    private bool _headHasEnded;

    private enum State
    {
        Head,
        Body,
        ToTheEnd,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Trailer,
    }

    public enum Kind
    {
        /// <summary>A part of a head whose end is not there yet.</summary>
        Head,

        /// <summary>The end of a head; <see cref="HttpFraming.Head"/> has all of it.</summary>
        HeadEnd,

        /// <summary>Sizes and ends of chunks, trailers.</summary>
        Frame,

        Body,
    }

    /// <summary>The bytes of the current or the last head.</summary>
    public List<byte> Head { get; } = [];

    /// <summary>The first line of the last head.</summary>
    public string FirstLine { get; private set; } = "";

    /// <summary>How many of the bytes, at least one, are of one kind, and of which.</summary>
    public (int Length, Kind Kind) Next(ReadOnlySpan<byte> bytes)
    {
        switch (_state)
        {
            case State.Head:
                return NextOfHead(bytes);
            case State.Body or State.Chunk:
                var length = (int)Math.Min(bytes.Length, _left);
                _left -= length;
                if (_left == 0)
                {
                    if (_state == State.Body) BeginHead();
                    else _state = State.ChunkEnd;
                }
                return (length, Kind.Body);
            case State.ToTheEnd:
                return (bytes.Length, Kind.Body);
            default:
                return NextOfFrame(bytes);
        }
    }

    private (int, Kind) NextOfHead(ReadOnlySpan<byte> bytes)
    {
        if (_headHasEnded) Head.Clear();
        _headHasEnded = false;
        for (var i = 0; i < bytes.Length; i++)
        {
            Head.Add(bytes[i]);
            if (Head.Count > LongestHead) return Opaque(i + 1);
            if (bytes[i] == '\n' && Head.Count >= 4 && Head[^2] == '\r' && Head[^3] == '\n' && Head[^4] == '\r')
            {
                EndHead();
                return (i + 1, Kind.HeadEnd);
            }
        }
        return (bytes.Length, Kind.Head);
    }

    private void BeginHead() => _state = State.Head;

    private (int, Kind) Opaque(int length)
    {
        _state = State.ToTheEnd;
        return (length, Kind.HeadEnd);
    }

    private void EndHead()
    {
        _headHasEnded = true;
        var lines = Encoding.Latin1.GetString([.. Head]).Split("\r\n");
        FirstLine = lines[0];
        var words = FirstLine.Split(' ');
        var hasBody = true;
        if (isRequest)
        {
            asked.Enqueue(words[0]);
        }
        else
        {
            var status = words.Length > 1 ? int.Parse(words[1], CultureInfo.InvariantCulture) : 0;
            var method = "";
            if (status >= 200) asked.TryDequeue(out method);
            hasBody = status >= 200 && status is not (204 or 304) && method != "HEAD";
        }
        var length = Value(lines, "Content-Length");
        if (!hasBody) BeginHead();
        else if (Value(lines, "Transfer-Encoding") is { } coding && coding.Contains("chunked", StringComparison.OrdinalIgnoreCase)) BeginLine(State.ChunkSize);
        else if (length is not null && (_left = long.Parse(length, CultureInfo.InvariantCulture)) > 0) _state = State.Body;
        else if (length is null && !isRequest) _state = State.ToTheEnd;
        else BeginHead();
    }

    private (int, Kind) NextOfFrame(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != '\n')
            {
                if (bytes[i] != '\r') _line.Add(bytes[i]);
                continue;
            }
            var line = Encoding.Latin1.GetString([.. _line]);
            if (_state == State.ChunkEnd)
            {
                BeginLine(State.ChunkSize);
            }
            else if (_state == State.ChunkSize)
            {
                _left = long.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                BeginLine(_left == 0 ? State.Trailer : State.Chunk);
            }
            else if (line.Length == 0)
            {
                BeginHead();
            }
            else
            {
                BeginLine(State.Trailer);
            }
            return (i + 1, Kind.Frame);
        }
        return (bytes.Length, Kind.Frame);
    }

    private void BeginLine(State state)
    {
        _state = state;
        _line.Clear();
    }

    private static string? Value(string[] lines, string name) =>
        lines.Skip(1).FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}
