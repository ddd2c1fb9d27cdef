using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Wharf.Storage;

/// <summary>
/// Names of files that lie beside the blobs of a place and are found again without a database: <c>meta/</c>, then folders and a name of
/// lower-case letters, digits, '.' and '-'. Each is written once and never changes.
/// </summary>
public static class StoredName
{
    /// <summary>What all names begin with.</summary>
    public const string Prefix = "meta/";

    private const int MaxLength = 200;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-");

    /// <summary>Whether the text has the form of a name.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text)
    {
        if (text is not { Length: > 0 and <= MaxLength } || !text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        foreach (var part in text.AsSpan(Prefix.Length).Split('/'))
        {
            // No part begins with a dot, so that none is "..", and drivers have room for names of their own.
            var word = text.AsSpan(Prefix.Length)[part];
            if (word.IsEmpty || word[0] == '.' || word.ContainsAnyExcept(Allowed)) return false;
        }
        return true;
    }

    /// <summary>Refuses what is no name, before it can become a path.</summary>
    /// <exception cref="ArgumentException">The text is no such name.</exception>
    public static void ThrowIfInvalid(string? text)
    {
        if (!IsValid(text)) throw new ArgumentException("Not the name of a stored file.", nameof(text));
    }
}
