using System.Diagnostics.CodeAnalysis;

namespace Wharf.Oci;

/// <summary>
/// The name of a repository, <c>namespace/name</c>, in the grammar of distribution-spec 1.1.1 ("Pulling manifests"):
/// segments of lower-case letters and digits, joined inside by one <c>.</c>, one or two <c>_</c>, or any number of <c>-</c>.
/// </summary>
public sealed record RepositoryName
{
    /// <summary>Longest name in characters, slashes and namespace included. The spec knows clients that take no more for host and name together.</summary>
    public const int MaxLength = 255;

    private readonly string _text;

    private RepositoryName(string text, int slash)
    {
        _text = text;
        Namespace = text[..slash];
        Name = text[(slash + 1)..];
    }

    /// <summary>The first segment: whose repository it is.</summary>
    public string Namespace { get; }

    /// <summary>Everything after the first slash; may hold slashes itself.</summary>
    public string Name { get; }

    /// <summary>Parses a name as it stands in a path or a token scope.</summary>
    /// <param name="text">The name, already unescaped.</param>
    /// <param name="libraryNamespace">Where names of a single segment live (<c>host/image</c> is <c>host/library/image</c>), or null to refuse them.</param>
    /// <param name="name">The name, if the text is one.</param>
    public static bool TryParse(string? text, string? libraryNamespace, [NotNullWhen(true)] out RepositoryName? name)
    {
        name = null;
        if (text is null || text.Length > MaxLength || !IsPath(text)) return false;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            if (libraryNamespace is null || libraryNamespace.Length + 1 + text.Length > MaxLength || !IsPath(libraryNamespace)) return false;
            text = $"{libraryNamespace}/{text}";
            slash = text.IndexOf('/', StringComparison.Ordinal);
        }
        name = new RepositoryName(text, slash);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(RepositoryName? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary><c>namespace/name</c>.</summary>
    public override string ToString() => _text;

    // [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*
    private static bool IsPath(ReadOnlySpan<char> text)
    {
        var i = 0;
        while (true)
        {
            var word = i;
            while (i < text.Length && char.IsAsciiLetterLower(text[i]) | char.IsAsciiDigit(text[i])) i++;
            if (i == word) return false;
            if (i == text.Length) return true;
            switch (text[i++])
            {
                case '/' or '.': break;
                case '_': if (i < text.Length && text[i] == '_') i++; break;
                case '-': while (i < text.Length && text[i] == '-') i++; break;
                default: return false;
            }
        }
    }
}
