namespace Wharf.Server.Audit;

/// <param name="Findings">What is wrong; empty when the trail is proved.</param>
internal sealed record AuditReport(IReadOnlyList<string> Findings, long Writers, long Batches, long Entries, long Seals, long Segments, long ErasedPersons);
