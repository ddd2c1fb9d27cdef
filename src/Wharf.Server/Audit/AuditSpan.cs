namespace Wharf.Server.Audit;

/// <summary>The batches of one writer that a segment holds.</summary>
/// <param name="Prev">The hash before batch <paramref name="First"/>.</param>
/// <param name="Hash">The hash of batch <paramref name="Last"/>.</param>
internal sealed record AuditSpan(long Writer, long First, long Last, byte[] Prev, byte[] Hash);
