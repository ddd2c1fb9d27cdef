namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>What a criterion is about: from <see cref="Earlier"/> on, a package.</summary>
internal enum OvalFactKind
{
    Platform,
    Arch,
    Module,
    /// <summary>The version is the first that is fixed.</summary>
    Earlier,
    /// <summary>The version is the last that is affected.</summary>
    UpTo,
    /// <summary>The version is the last before the affected ones.</summary>
    Later,
    Affected,
    NotAffected,
}
