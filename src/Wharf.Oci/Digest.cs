using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Wharf.Oci;

/// <summary>
/// The address of content: a hash algorithm and its value, written <c>sha256:&lt;64 hex&gt;</c> or <c>sha512:&lt;128 hex&gt;</c>.
/// Only lower-case hex is a digest: two spellings of one digest would be two keys. Ordered as its raw bytes are, which is how databases order them.
/// </summary>
public readonly struct Digest : IEquatable<Digest>, IComparable<Digest>, ISpanParsable<Digest>
{
    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    private readonly byte[]? _raw;

    /// <summary>A digest from its raw value; the length tells the algorithm.</summary>
    /// <exception cref="ArgumentException">The value is neither 32 (sha256) nor 64 (sha512) bytes long.</exception>
    public Digest(ReadOnlySpan<byte> raw)
    {
        if (raw.Length is not (32 or 64)) throw new ArgumentException($"A digest has 32 or 64 bytes, not {raw.Length}.", nameof(raw));
        _raw = raw.ToArray();
    }

    private Digest(byte[] raw) => _raw = raw;

    /// <summary>True for <c>default</c>, which is the digest of nothing and equal only to itself.</summary>
    public bool IsDefault => _raw is null;

    /// <summary>The hash algorithm (sha256 for <c>default</c>).</summary>
    public DigestAlgorithm Algorithm => _raw is { Length: 64 } ? DigestAlgorithm.Sha512 : DigestAlgorithm.Sha256;

    /// <summary>The raw value: 32 or 64 bytes, none for <c>default</c>.</summary>
    public ReadOnlySpan<byte> Span => _raw;

    /// <summary>A copy of the raw value, as databases store it.</summary>
    public byte[] ToArray() => Span.ToArray();

    /// <summary>The digest of this content.</summary>
    public static Digest Of(ReadOnlySpan<byte> content, DigestAlgorithm algorithm = DigestAlgorithm.Sha256) =>
        new(algorithm == DigestAlgorithm.Sha512 ? SHA512.HashData(content) : SHA256.HashData(content));

    /// <summary>Parses the wire form. Unknown algorithms, wrong lengths and upper-case hex are no digests.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Digest digest)
    {
        digest = default;
        if (text.Length is not (71 or 135) || text[6] != ':' || !DigestAlgorithms.TryParse(text[..6], out var algorithm)) return false;
        var hex = text[7..];
        var size = DigestAlgorithms.Size(algorithm);
        if (hex.Length != 2 * size || hex.ContainsAnyExcept(LowerHex)) return false;
        digest = new Digest(Convert.FromHexString(hex));
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out Digest)"/>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest) => TryParse(text.AsSpan(), out digest);

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out Digest)"/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out Digest result) => TryParse(s, out result);

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out Digest)"/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out Digest result) => TryParse(s, out result);

    /// <summary>Parses the wire form of a digest that is known to be one.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Digest Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, out var digest) ? digest : throw new FormatException("Not a digest: expected sha256: and 64, or sha512: and 128 lower-case hex digits.");

    /// <inheritdoc cref="Parse(ReadOnlySpan{char}, IFormatProvider)"/>
    public static Digest Parse(string s, IFormatProvider? provider = null) => Parse(s.AsSpan(), provider);

    /// <summary>The wire form; empty for <c>default</c>.</summary>
    public override string ToString() => _raw is null ? "" : string.Create(7 + 2 * _raw.Length, _raw, static (text, raw) =>
    {
        (raw.Length == 64 ? "sha512:" : "sha256:").CopyTo(text);
        Convert.TryToHexStringLower(raw, text[7..], out _);
    });

    /// <inheritdoc/>
    public bool Equals(Digest other) => ReferenceEquals(_raw, other._raw) || Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    // Digests are chosen by clients, so the hash code must be seeded: HashCode is.
    /// <inheritdoc/>
    public override int GetHashCode() => _raw is null ? 0 : HashCode.Combine(BinaryPrimitives.ReadInt64LittleEndian(_raw), BinaryPrimitives.ReadInt64LittleEndian(_raw.AsSpan(8)));

    /// <inheritdoc/>
    public int CompareTo(Digest other) => Span.SequenceCompareTo(other.Span);

    public static bool operator ==(Digest left, Digest right) => left.Equals(right);
    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);
    public static bool operator <(Digest left, Digest right) => left.CompareTo(right) < 0;
    public static bool operator >(Digest left, Digest right) => left.CompareTo(right) > 0;
    public static bool operator <=(Digest left, Digest right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Digest left, Digest right) => left.CompareTo(right) >= 0;
}
