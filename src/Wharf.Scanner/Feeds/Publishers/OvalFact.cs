namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>What one criterion's comment says.</summary>
/// <param name="Name">Of the platform, the architecture, the module or the package.</param>
/// <param name="Version">Of a package; null when the fact is of all versions.</param>
internal readonly record struct OvalFact(OvalFactKind Kind, string Name, string? Version = null)
{
    public bool IsOfPackage => Kind >= OvalFactKind.Earlier;

    /// <summary>
    /// What a comment says that has <paramref name="mark"/> after the name of a package and before its version, or at its end when the fact needs no version;
    /// null when it has not.
    /// </summary>
    public static OvalFact? Parse(OvalFactKind kind, string comment, string mark)
    {
        var at = comment.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var (name, version) = (comment[..at].Trim(), comment[(at + mark.Length)..].Trim());
        var ofAll = kind is OvalFactKind.Affected or OvalFactKind.NotAffected;
        return Words.IsWord(name) && (ofAll ? version.Length == 0 : Words.IsWord(version)) ? new OvalFact(kind, name, ofAll ? null : version) : null;
    }
}
