using Wharf.Server.Data;
using Wharf.Server.Holds;

namespace Wharf.Server.Audit;

/// <summary>
/// Takes a person out of the trail: name, addresses and user agents go, what happened stays under a number, and so does the proof. The
/// erasure is itself an entry, by which the verifier tells it from a theft.
/// </summary>
internal sealed class AuditErasure(Database db, AuditStore store, AuditWriter writer, AuditEvents events, HoldStore holds, TimeProvider clock)
{
    public const string Kind = "person_erased";

    /// <summary>
    /// The legal hold because of which an account stays in the trail: one on itself, or on any time of the trail, since what names a person
    /// is stored once for all times.
    /// </summary>
    public async ValueTask<string?> FindHoldAsync(long accountId, CancellationToken ct) => await holds.FindOnAccountAsync(accountId, ct) ?? await holds.FindOnAuditAsync(ct);

    /// <returns>How many records went; the hold because of which none did.</returns>
    public async Task<(int Erased, string? Hold)> EraseAsync(long accountId, CancellationToken ct)
    {
        if (await FindHoldAsync(accountId, ct) is { } hold)
            return (0, hold);
        // First the entry: a crash in between leaves an erasure that can be repeated, and never a gap that nothing explains.
        await events.CatchUpAsync(ct);
        writer.Add(new AuditEntry(Kind, AuditClass.Change, clock.GetUtcNow().ToUnixTimeMilliseconds(), 0, null, new AuditPerson(0, null)) { Metadata = $$"""{"account_id":{{accountId}}}""" });
        writer.ForgetPersons();
        await writer.FlushAsync(ct);
        var erased = await store.EraseAsync(accountId, ct);
        var told = await events.ToldAsync(ct);
        // What the outbox has told already needs to be told no more.
        await db.WriteAsync(tx => tx.ExecuteAsync($"UPDATE event SET origin = NULL WHERE origin IS NOT NULL AND {events.Position} <= @told", ("told", told)), ct);
        return (erased, null);
    }
}
