using System.Buffers;
using System.Globalization;
using System.Text;

namespace Wharf.Storage.Parts;

/// <summary>
/// A checkpoint of an upload to an object store: the parts that it has, and the small objects ("tails") that hold what did not fill one. Never changed:
/// a later checkpoint is another state.
/// <para>As bytes: a version, then length-prefixed texts and variable-length numbers, as <see cref="BinaryWriter"/> has them.</para>
/// </summary>
/// <param name="Attempt">Of the writer that noted it.</param>
/// <param name="Session">The store's name for the unfinished object (S3's upload id); empty before the first part.</param>
/// <param name="Object">The number of that object's key among those of the upload; 0 for the upload's own key.</param>
/// <param name="Parts">In the order of their numbers.</param>
/// <param name="Tails">Objects with the bytes behind the parts, in order: by their number, and their length.</param>
/// <param name="Spent">Numbers of tails of earlier checkpoints, to be removed at the end.</param>
internal sealed record PartState(long Attempt, string Session, long Object, IReadOnlyList<StoredPart> Parts, IReadOnlyList<(long Number, long Size)> Tails, IReadOnlyList<long> Spent)
{
    private const byte Version = 1;
    private const int MaxParts = 100_000;
    private const int MaxTails = 1_000;
    private const int MaxText = 1_024;
    private const int Md5Length = 32;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Before the first byte.</summary>
    public static readonly PartState Empty = new(0, "", 0, [], [], []);

    /// <summary>The key of the unfinished object of an upload.</summary>
    public string KeyOf(string upload) => Object == 0 ? upload : StorageKey.Part(upload, Object);

    /// <summary>The bytes that it speaks of.</summary>
    public long Length => Parts.Sum(static p => p.Size) + Tails.Sum(static t => t.Size);

    /// <summary>The state in these bytes; none are <see cref="Empty"/>.</summary>
    /// <exception cref="ArgumentException">They are not the state of such an upload.</exception>
    public static PartState Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty) return Empty;
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes.ToArray(), writable: false), Encoding.UTF8);
            if (reader.ReadByte() != Version) throw new InvalidDataException();
            var attempt = reader.Read7BitEncodedInt64();
            var session = Text(reader.ReadString());
            var made = reader.Read7BitEncodedInt64();
            var parts = new StoredPart[Count(reader, MaxParts)];
            for (int i = 0, number = 0; i < parts.Length; i++)
            {
                number = checked(number + reader.Read7BitEncodedInt());
                parts[i] = new StoredPart(number, Size(reader), Tag(reader));
            }
            var tails = new (long, long)[Count(reader, MaxTails)];
            for (var i = 0; i < tails.Length; i++) tails[i] = (reader.Read7BitEncodedInt64(), Size(reader));
            var spent = new long[Count(reader, MaxTails)];
            for (var i = 0; i < spent.Length; i++) spent[i] = reader.Read7BitEncodedInt64();
            if (reader.BaseStream.Position != bytes.Length || attempt < 0) throw new InvalidDataException();
            return new PartState(attempt, session, made, parts, tails, spent);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or OverflowException or IOException or DecoderFallbackException)
        {
            throw new ArgumentException("Not the state of an upload to an object store.", nameof(bytes), e);
        }
    }

    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Version);
        writer.Write7BitEncodedInt64(Attempt);
        writer.Write(Session);
        writer.Write7BitEncodedInt64(Object);
        writer.Write7BitEncodedInt(Parts.Count);
        var number = 0;
        foreach (var part in Parts)
        {
            writer.Write7BitEncodedInt(part.Number - number);
            writer.Write7BitEncodedInt64(part.Size);
            WriteTag(writer, part.Tag);
            number = part.Number;
        }
        writer.Write7BitEncodedInt(Tails.Count);
        foreach (var (tail, size) in Tails)
        {
            writer.Write7BitEncodedInt64(tail);
            writer.Write7BitEncodedInt64(size);
        }
        writer.Write7BitEncodedInt(Spent.Count);
        foreach (var tail in Spent) writer.Write7BitEncodedInt64(tail);
        writer.Flush();
        return stream.ToArray();
    }

    // An MD5 in hexadecimal, which most tags are, in half the room: there may be ten thousand.
    private static void WriteTag(BinaryWriter writer, string tag)
    {
        var bare = tag.Trim('"');
        if (bare.Length == Md5Length && tag.Length == Md5Length + 2 && !bare.AsSpan().ContainsAnyExcept(LowerHex))
        {
            writer.Write((byte)1);
            writer.Write(Convert.FromHexString(bare));
            return;
        }
        writer.Write((byte)0);
        writer.Write(tag);
    }

    private static string Tag(BinaryReader reader) => reader.ReadByte() switch
    {
        0 => Text(reader.ReadString()),
        1 => string.Create(CultureInfo.InvariantCulture, $"\"{Convert.ToHexStringLower(reader.ReadBytes(Md5Length / 2))}\""),
        _ => throw new InvalidDataException(),
    };

    private static string Text(string text) => text.Length <= MaxText ? text : throw new InvalidDataException();

    private static int Count(BinaryReader reader, int most) => reader.Read7BitEncodedInt() is >= 0 and var n && n <= most ? n : throw new InvalidDataException();

    private static long Size(BinaryReader reader) => reader.Read7BitEncodedInt64() is >= 0 and var n ? n : throw new InvalidDataException();
}
