using System.Buffers;

namespace Wharf.Oci;

/// <summary>The grammar of tags in distribution-spec 1.1.1 ("Pulling manifests"): <c>[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}</c>.</summary>
public static class TagName
{
    /// <summary>Longest tag in characters.</summary>
    public const int MaxLength = 128;

    private static readonly SearchValues<char> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    /// <summary>Whether the text is a tag.</summary>
    public static bool IsValid(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaxLength && text[0] is not ('.' or '-') && !text.ContainsAnyExcept(Characters);

    /// <inheritdoc cref="IsValid(ReadOnlySpan{char})"/>
    public static bool IsValid(string? text) => IsValid(text.AsSpan());
}
