namespace Wharf.Server.Audit;

/// <summary>Entries that were written together, and their place in the chain of their writer.</summary>
/// <param name="N">From 1, without gaps.</param>
/// <param name="Day">Days since 1970-01-01 UTC.</param>
/// <param name="Prev">The hash of batch N - 1.</param>
/// <param name="Hash"><see cref="AuditChain.Hash"/> of all the others.</param>
internal sealed record AuditBatch(long Writer, long N, int Day, int Count, long FromMs, long ToMs, byte[] Prev, byte[] Root, byte[] Hash)
{
    public const int DayMs = 86_400_000;

    /// <summary>A writer as people see it.</summary>
    public static string Name(long writer) => writer.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
