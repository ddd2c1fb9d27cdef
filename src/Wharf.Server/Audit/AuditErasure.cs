using Wharf.Server.Data;

namespace Wharf.Server.Audit;

/// <summary>
/// Takes a person out of the trail: name, addresses and user agents go, what happened stays under a number, and so does the proof. The
/// erasure is itself an entry, by which the verifier tells it from a theft.
/// </summary>
internal sealed class AuditErasure(Database db, AuditStore store, AuditWriter writer, AuditEvents events, TimeProvider clock)
{
    public const string Kind = "person_erased";

    /// <returns>How many records went.</returns>
    public async Task<int> EraseAsync(long accountId, CancellationToken ct)
    {
        // First the entry: a crash in between leaves an erasure that can be repeated, and never a gap that nothing explains.
        await events.CatchUpAsync(ct);
        writer.Add(new AuditEntry(Kind, AuditClass.Change, clock.GetUtcNow().ToUnixTimeMilliseconds(), 0, null, new AuditPerson(0, null)) { Metadata = $$"""{"account_id":{{accountId}}}""" });
        writer.ForgetPersons();
        await writer.FlushAsync(ct);
        var erased = await store.EraseAsync(accountId, ct);
        var told = await events.ToldAsync(ct);
        // What the outbox has told already needs to be told no more.
        await db.WriteAsync(tx => tx.ExecuteAsync($"UPDATE event SET origin = NULL WHERE origin IS NOT NULL AND {events.Position} <= @told", ("told", told)), ct);
        return erased;
    }
}
