namespace Wharf.Scanner.Versions;

/// <summary>
/// Module versions and pseudo-versions, which are semantic versions (https://go.dev/ref/mod#versions), and the toolchain's own names of what its standard
/// library is of (<c>go1.21.3</c>, <c>1.21rc2</c>, <c>go1.22.1 X:boringcrypto</c>), for which words after a space do not count.
/// </summary>
internal sealed class GoVersions : IComparer<string>
{
    public static readonly GoVersions Instance = new();

    public int Compare(string? x, string? y) => SemanticVersions.Instance.Compare(Plain(x), Plain(y));

    private static ReadOnlySpan<char> Plain(ReadOnlySpan<char> version)
    {
        if (version.StartsWith("go"))
            version = version[2..];
        var space = version.IndexOf(' ');
        return space < 0 ? version : version[..space];
    }
}
