namespace Wharf.Server.Security;

/// <summary>What became of a manifest, as the table <c>scan</c> has it.</summary>
internal static class ScanState
{
    public const string Queued = "queued";
    public const string Scanned = "scanned";
    public const string Failed = "failed";

    /// <summary>A layer is larger than is read.</summary>
    public const string TooLarge = "too_large";

    /// <summary>It is no image of layers: an index, a chart, a signature.</summary>
    public const string Unsupported = "unsupported";
}
