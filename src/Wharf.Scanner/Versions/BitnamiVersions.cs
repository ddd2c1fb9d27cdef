namespace Wharf.Scanner.Versions;

/// <summary>
/// Semantic versions of an application with the revision of Bitnami's package behind the last dash: <c>2.4.46-3</c> is after <c>2.4.46</c>, which is
/// <c>2.4.46-0</c> (https://github.com/bitnami/vulndb).
/// </summary>
internal sealed class BitnamiVersions : IComparer<string>
{
    public static readonly BitnamiVersions Instance = new();

    public int Compare(string? x, string? y)
    {
        var a = x.AsSpan();
        var b = y.AsSpan();
        var revisionA = Revision(ref a);
        var revisionB = Revision(ref b);
        var order = SemanticVersions.Instance.Compare(a, b);
        return order != 0 ? order : Digits.Compare(revisionA, revisionB);
    }

    private static ReadOnlySpan<char> Revision(scoped ref ReadOnlySpan<char> version)
    {
        var dash = version.LastIndexOf('-');
        var revision = dash < 0 ? [] : version[(dash + 1)..];
        if (revision.IsEmpty || Digits.Run(revision) != revision.Length)
            return [];
        version = version[..dash];
        return revision;
    }
}
