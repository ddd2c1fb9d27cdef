using System.Diagnostics.CodeAnalysis;

namespace Wharf.Oci;

/// <summary>What names a manifest inside a repository: a tag or a digest (distribution-spec 1.1.1, <c>&lt;reference&gt;</c>).</summary>
public readonly struct Reference : IEquatable<Reference>
{
    private readonly string? _tag;
    private readonly Digest _digest;

    private Reference(string? tag, Digest digest)
    {
        _tag = tag;
        _digest = digest;
    }

    /// <summary>Whether it is a digest; else it is a tag.</summary>
    public bool IsDigest => !_digest.IsDefault;

    /// <summary>The digest.</summary>
    /// <exception cref="InvalidOperationException">It is a tag.</exception>
    public Digest Digest => IsDigest ? _digest : throw new InvalidOperationException("The reference is a tag.");

    /// <summary>The tag.</summary>
    /// <exception cref="InvalidOperationException">It is a digest.</exception>
    public string Tag => _tag ?? throw new InvalidOperationException("The reference is a digest.");

    /// <summary>Parses a reference. Text with a colon is a digest or nothing: no tag has one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Reference reference)
    {
        var isTag = TagName.IsValid(text);
        Digest digest = default;
        var isReference = isTag || Digest.TryParse(text, out digest);
        reference = new Reference(isTag ? text : null, digest);
        return isReference;
    }

    /// <inheritdoc/>
    public bool Equals(Reference other) => _digest == other._digest && string.Equals(_tag, other._tag, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Reference other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_tag, _digest);

    /// <summary>As it was parsed.</summary>
    public override string ToString() => _tag ?? _digest.ToString();

    public static bool operator ==(Reference left, Reference right) => left.Equals(right);
    public static bool operator !=(Reference left, Reference right) => !left.Equals(right);
}
