using System.Buffers;
using System.Text.Json;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Cuts a JSON document of any length into the values at one depth, each of which must fit into memory: Debian's tracker is 70 MB of one object.
/// Depth 1: the members or elements of the root. Depth 2: theirs; what is no object and no array is a piece where it stands.
/// </summary>
internal sealed class JsonPieces : IDisposable
{
    private const int MaxPiece = 128 << 20;
    private const int MaxDepth = 64;

    private readonly Unpacked _plain;
    private readonly string _path;
    private readonly int _depth;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
    private int _start;
    private int _end;
    private long _passed;
    private bool _last;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = MaxDepth });
    private JsonDocument? _piece;
    private string? _parent;
    private string? _name;

    private JsonPieces(Stream stream, string path, int depth)
    {
        _plain = Unpacked.Open(stream, path);
        _path = path;
        _depth = depth;
    }

    /// <param name="path">Says how <paramref name="stream"/> is packed, and is named in errors.</param>
    /// <exception cref="InvalidDataException">It is not JSON, ends early, is nested deeper than 64, or a piece is longer than 128 MiB; or the packing is broken.</exception>
    public static IEnumerable<JsonPiece> Read(Stream stream, string path, int depth)
    {
        using var pieces = new JsonPieces(stream, path, depth);
        while (pieces.TryNext() is { } piece)
            yield return piece;
    }

    public void Dispose()
    {
        _piece?.Dispose();
        _plain.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private JsonPiece? TryNext()
    {
        _piece?.Dispose();
        _piece = null;
        try
        {
            while (!Advance(out var done))
            {
                if (done)
                    return null;
                Fill();
            }
            return new JsonPiece(_parent, _name, _piece!.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the second: a name that is not Unicode
        {
            throw new InvalidDataException($"{_path}: not JSON after byte {_passed + _start}: {e.Message}", e);
        }
    }

    /// <summary>Reads up to the next piece; false when the buffer holds no whole one, or when the document is <paramref name="done"/>.</summary>
    private bool Advance(out bool done)
    {
        done = false;
        var reader = new Utf8JsonReader(_buffer.AsSpan(_start.._end), _last, _state);
        while (true)
        {
            var before = reader;
            if (!reader.Read())
            {
                done = _last;
                Keep(before);
                return false;
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    _name = reader.GetString();
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray when reader.CurrentDepth < _depth:
                    if (reader.CurrentDepth == 1)
                        _parent = _name;
                    _name = null;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    if (reader.CurrentDepth == 1)
                        _parent = null;
                    _name = null;
                    break;
                default:
                    if (!JsonDocument.TryParseValue(ref reader, out _piece))
                    {
                        Keep(before);
                        return false;
                    }
                    Keep(reader);
                    return true;
            }
        }
    }

    private void Keep(Utf8JsonReader reader)
    {
        _start += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
    }

    private void Fill()
    {
        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        _passed += _start;
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length)
            Grow();
        var read = _plain.ReadAtLeast(_buffer.AsSpan(_end), 3, throwOnEndOfStream: false);
        if (_passed == 0 && _end == 0 && _buffer.AsSpan(0, read).StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            _start = 3;
        _end += read;
        _last = read == 0;
    }

    private void Grow()
    {
        if (_buffer.Length >= MaxPiece)
            throw new InvalidDataException($"{_path}: a value after byte {_passed} is longer than {MaxPiece} bytes.");
        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
