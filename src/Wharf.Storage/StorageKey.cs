using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Wharf.Storage;

/// <summary>
/// Names of blobs in their place. Wharf's own are <c>ab/&lt;38 hex&gt;</c>, 160 random bits of which the first eight spread files over directories; never
/// reused, so that a late delete removes only what no row names. One upload may make several objects: those have <c>.&lt;1 to 16 hex&gt;</c> behind its key.
/// Foreign ones are the names that objects of others have in the place, such as Quay's <c>datastorage/registry/sha256/ab/abcd…</c>.
/// </summary>
public static class StorageKey
{
    /// <summary>Characters in the key of an upload.</summary>
    public const int Length = 41;

    private const int MaxPart = 16;
    private const int MaxForeign = 512;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> Foreign = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/");

    /// <summary>A key that was never used.</summary>
    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)).Insert(2, "/");

    /// <summary>A further key of the same upload.</summary>
    /// <param name="number">Tells it from the others.</param>
    public static string Part(string upload, long number) => $"{upload}.{number:x}";

    /// <summary>The key of the upload that an object came from.</summary>
    public static string UploadOf(string key) => key.Length > Length && IsValid(key) ? key[..Length] : key;

    /// <summary>Whether the text has the form of a key of Wharf's own.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: Length or (> Length + 1 and <= Length + 1 + MaxPart) } && text[2] == '/' && !text.AsSpan(0, 2).ContainsAnyExcept(LowerHex)
        && !text.AsSpan(3, Length - 3).ContainsAnyExcept(LowerHex) && (text.Length == Length || (text[Length] == '.' && !text.AsSpan(Length + 1).ContainsAnyExcept(LowerHex)));

    /// <summary>Whether the text can be the name of an object that is none of Wharf's: at most 512 letters, digits, '.', '_', '-' and '/', three parts or more, none of which is empty or begins with a dot.</summary>
    public static bool IsForeign([NotNullWhen(true)] string? text)
    {
        if (text is not { Length: > 0 and <= MaxForeign } || text.AsSpan().Count('/') < 2 || text.AsSpan().ContainsAnyExcept(Foreign)) return false;
        foreach (var part in text.AsSpan().Split('/'))
        {
            if (text.AsSpan()[part] is not [not '.', ..]) return false;
        }
        return true;
    }

    /// <summary>Refuses what is no key of Wharf's own, before it can become a path.</summary>
    /// <exception cref="ArgumentException">The text is no such key.</exception>
    public static void ThrowIfInvalid(string? text)
    {
        if (!IsValid(text)) throw new ArgumentException("Not a storage key.", nameof(text));
    }

    /// <summary>Refuses what is no name of an object of others.</summary>
    /// <exception cref="ArgumentException">The text is no such name, or a key of Wharf's own.</exception>
    public static void ThrowIfNotForeign(string? text)
    {
        if (IsValid(text) || !IsForeign(text)) throw new ArgumentException("Not the name of an object of others.", nameof(text));
    }

    /// <summary>Refuses what can name no object.</summary>
    /// <exception cref="ArgumentException">The text is neither a key of Wharf's own nor a foreign one.</exception>
    public static void ThrowIfUnreadable(string? text)
    {
        if (!IsValid(text) && !IsForeign(text)) throw new ArgumentException("Not a storage key.", nameof(text));
    }
}
