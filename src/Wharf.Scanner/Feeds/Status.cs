namespace Wharf.Scanner.Feeds;

/// <summary>What a publisher says of a package and a vulnerability (the words of VEX and of the distributions).</summary>
public enum Status
{
    Affected,
    UnderInvestigation,
    /// <summary>Affected, and the publisher will not fix it.</summary>
    WontFix,
    /// <summary>Affected as far as anybody knows, and nobody looks any more.</summary>
    EndOfLife,
    /// <summary>The installed version has the fix.</summary>
    Fixed,
    NotAffected,
}
