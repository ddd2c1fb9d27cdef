namespace Wharf.Server.Audit;

/// <summary>Says what the writers' newest batches were at a time, under a key that is not in the database.</summary>
/// <param name="Heads">JSON: the writer's name to [n, hash], for those that went on since the seal before.</param>
/// <param name="Prev">The code of seal N - 1.</param>
internal sealed record AuditSeal(long N, long AtMs, string Heads, byte[] Prev, byte[] Mac);
