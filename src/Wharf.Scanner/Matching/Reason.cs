namespace Wharf.Scanner.Matching;

/// <summary>Why something that an advisory names is no finding.</summary>
public enum Reason
{
    /// <summary>A feed says that this version has the fix, or was never affected.</summary>
    Feed,

    /// <summary>The files are a distribution's package's, and the distribution's feed speaks for them.</summary>
    Ownership,

    /// <summary>Of a kernel that does not run in an image: headers and tools.</summary>
    Kernel,

    /// <summary>Debug symbols: nothing that runs.</summary>
    Debug,
}
