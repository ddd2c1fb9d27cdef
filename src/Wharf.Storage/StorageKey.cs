using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Wharf.Storage;

/// <summary>
/// Names of blobs in their place: <c>ab/&lt;38 hex&gt;</c>, 160 random bits of which the first eight spread files over directories.
/// Never reused, so that a late delete removes only what no row names.
/// </summary>
public static class StorageKey
{
    /// <summary>Characters in every key.</summary>
    public const int Length = 41;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>A key that was never used.</summary>
    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)).Insert(2, "/");

    /// <summary>Whether the text has the form of a key.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: Length } && text[2] == '/' && !text.AsSpan(0, 2).ContainsAnyExcept(LowerHex) && !text.AsSpan(3).ContainsAnyExcept(LowerHex);

    /// <summary>Refuses what is no key, before it can become a path.</summary>
    /// <exception cref="ArgumentException">The text is no storage key.</exception>
    public static void ThrowIfInvalid(string? text)
    {
        if (!IsValid(text)) throw new ArgumentException("Not a storage key.", nameof(text));
    }
}
