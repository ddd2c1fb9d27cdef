namespace Wharf.Scanner.Feeds.Revisions;

/// <summary>FNV-1a of 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): the same everywhere and always, which a hash that is stored must be. It guards against nobody.</summary>
internal static class Fnv
{
    public const ulong Start = 14695981039346656037;

    public static ulong Add(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
            hash = (hash ^ b) * 1099511628211;
        return hash;
    }

    public static ulong Add(ulong hash, ulong value)
    {
        for (var i = 0; i < 64; i += 8)
            hash = (hash ^ (byte)(value >> i)) * 1099511628211;
        return hash;
    }
}
