namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>Lets XML through as long as no tag and no text in it is longer than 16 MiB: a tag is kept in memory whole, and no <c>&lt;</c> can stand within it.</summary>
internal sealed class BoundedMarkup(Stream inner) : ForwardStream
{
    private const int MaxPiece = 16 << 20;

    private long _since;

    /// <exception cref="InvalidDataException">What comes is longer.</exception>
    public override int Read(Span<byte> buffer)
    {
        var read = inner.Read(buffer);
        var last = buffer[..read].LastIndexOf((byte)'<');
        _since = last < 0 ? _since + read : read - last;
        return _since <= MaxPiece ? read : throw new InvalidDataException($"A tag or a text is longer than {MaxPiece} bytes.");
    }
}
