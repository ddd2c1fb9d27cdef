using System.Data.Common;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Auth;

/// <summary>The browsers that are signed in.</summary>
internal sealed class SessionStore(Database db, AuthOptions options)
{
    /// <summary>So many sessions an account has at most; a further one ends the one that rested longest.</summary>
    private const int Most = 100;

    private const string Columns = "id, secret, account_id, credential, created_ms, fresh_ms, seen_ms, expires_ms, address, agent";

    // A session ends on all replicas by its event; what else ends it (a changed password, a disabled account) is looked up with the account.
    private readonly Cache<string, SessionState> _known = new(50_000, static _ => 1, db.Freshness);

    private long IdleMs => options.SessionIdleMinutes * 60_000L;

    private long LifeMs => options.SessionHours * 3_600_000L;

    /// <summary>The session of that id, from memory where that is still right.</summary>
    public async ValueTask<SessionState?> FindAsync(string id, CancellationToken ct) => _known.TryGet(id, out var known) ? known : await ReadAsync(id, ct);

    /// <summary>As <see cref="FindAsync"/>, but never from memory: another replica may have noted a use since.</summary>
    public async ValueTask<SessionState?> ReadAsync(string id, CancellationToken ct)
    {
        var epoch = _known.Epoch;
        var session = await db.OneAsync($"SELECT {Columns} FROM session WHERE id = @id AND expires_ms > now_ms()", Read, ct, ("id", id));
        if (session is not null)
            _known.Replace(id, session, epoch);
        return session;
    }

    /// <summary>The account's sessions, the latest used first.</summary>
    public ValueTask<List<SessionState>> ListAsync(long accountId, CancellationToken ct) => db.ListAsync(
        $"SELECT {Columns} FROM session WHERE account_id = @account AND expires_ms > now_ms() ORDER BY seen_ms DESC, id LIMIT {Most}", Read, ct, ("account", accountId));

    public Task BeginAsync(long accountId, long credential, NewSession session, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        await BeginAsync(tx, accountId, credential, session);
        return 0;
    }, ct);

    /// <summary>Begins a session in the caller's transaction, in place of the one that the same browser had.</summary>
    public async ValueTask BeginAsync(Tx tx, long accountId, long credential, NewSession session)
    {
        if (session.Former is not null)
            await EndAsync(tx, accountId, session.Former);
        await tx.ExecuteAsync("""
            INSERT INTO session (id, secret, account_id, credential, created_ms, fresh_ms, seen_ms, expires_ms, address, agent)
            VALUES (@id, @secret, @account, @credential, now_ms(), now_ms(), now_ms(), now_ms() + @idle, @address, @agent)
            """, ("id", session.Cookie.Id), ("secret", session.Cookie.Hash), ("account", accountId), ("credential", credential),
            ("idle", Math.Min(IdleMs, LifeMs)), ("address", session.Address), ("agent", session.Agent));
        foreach (var id in await tx.ListAsync(
            $"SELECT id FROM session WHERE account_id = @account ORDER BY seen_ms DESC, id LIMIT 1000 OFFSET {Most}", static r => r.GetString(0), ("account", accountId)))
            await EndAsync(tx, accountId, id);
    }

    /// <summary>Ends one session of the account.</summary>
    /// <returns>Whether there was one of that id.</returns>
    public Task<bool> EndAsync(long accountId, string id, CancellationToken ct) => db.WriteAsync(tx => EndAsync(tx, accountId, id), ct);

    /// <summary>Ends the account's sessions but for one.</summary>
    public Task<int> EndOthersAsync(long accountId, string? kept, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        tx.OnCommit(_known.DropAll);
        await Events.AddAsync(tx, "session.ended", accountId, null, null, $$"""{"by":{{accountId}},"all":true}""");
        return await tx.ExecuteAsync("DELETE FROM session WHERE account_id = @account AND id <> @kept", ("account", accountId), ("kept", kept ?? ""));
    }, ct);

    /// <summary>Ends all sessions of an account, in the caller's transaction; it has the event that tells the other replicas, an <c>account.*</c> one.</summary>
    public async ValueTask EndAllAsync(Tx tx, long accountId)
    {
        tx.OnCommit(_known.DropAll);
        await tx.ExecuteAsync("DELETE FROM session WHERE account_id = @account", ("account", accountId));
    }

    /// <summary>Notes when sessions were last used, which puts off their end.</summary>
    public async Task NoteUsesAsync(IReadOnlyCollection<(string Id, long AtMs)> uses, CancellationToken ct)
    {
        var batch = new Batch<object>();
        foreach (var (id, atMs) in uses)
        {
            batch.Add("""
                UPDATE session
                   SET seen_ms = @at, expires_ms = CASE WHEN created_ms + @life < @at + @idle THEN created_ms + @life ELSE @at + @idle END
                 WHERE id = @id AND seen_ms < @at
                """, ("id", id), ("at", atMs), ("life", LifeMs), ("idle", IdleMs));
            batch.OnCommit(() => _known.Drop(id));
        }
        await db.RunAsync(batch, ct);
    }

    /// <summary>Deletes sessions that have ended by themselves.</summary>
    /// <returns>How many.</returns>
    public Task<int> SweepAsync(CancellationToken ct) => db.WriteAsync(
        static tx => tx.ExecuteAsync("DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_ms <= now_ms() ORDER BY expires_ms LIMIT 1000)"), ct);

    /// <summary>Forgets what an event of another process touches.</summary>
    public void Hear(OutboxEvent happened)
    {
        if (happened.Kind == "session.ended" || (happened.Kind.StartsWith("account.", StringComparison.Ordinal) && happened.Kind != "account.created"))
            _known.DropAll();
    }

    private async ValueTask<bool> EndAsync(Tx tx, long accountId, string id)
    {
        if (await tx.ExecuteAsync("DELETE FROM session WHERE id = @id AND account_id = @account", ("id", id), ("account", accountId)) == 0)
            return false;
        await Events.AddAsync(tx, "session.ended", accountId, null, null, $$"""{"by":{{accountId}},"session":"{{id}}"}""");
        tx.OnCommit(() => _known.Drop(id));
        return true;
    }

    private static SessionState Read(DbDataReader r) => new(
        r.GetString(0), r.GetFieldValue<byte[]>(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7), r.GetString(8), r.GetString(9));
}
