using System.Data.Common;
using System.Text.Json.Nodes;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Holds;

/// <summary>
/// Legal holds (docs/holds.md). They are rows; what they mean for content is told by <see cref="LegalHolds"/>, and those who erase people
/// or rotate the audit trail ask here. Nobody lifts a hold that they set. Lifted ones stay, to be shown.
/// </summary>
internal sealed class HoldStore(Database db, TimeProvider clock)
{
    public const int MaxReason = 1000;
    public const int MaxCase = 200;

    /// <summary>How many a namespace has at most; each review of its content asks for all that fit.</summary>
    private const int MaxPerNamespace = 1000;

    private const string Select = """
        SELECT h.id, h.kind, h.level, n.name, r.name, h.tag, h.from_ms, h.to_ms, h.reason, h.case_reference, h.set_by, s.name, h.set_ms, l.name, h.lifted_ms
          FROM legal_hold h
          LEFT JOIN namespace n ON n.id = h.namespace_id
          LEFT JOIN repository r ON r.id = h.repository_id
          LEFT JOIN namespace s ON s.id = h.set_by
          LEFT JOIN namespace l ON l.id = h.lifted_by
        """;

    /// <param name="by">The account; 0 for the operator, at the command line.</param>
    /// <param name="organizationId">The organization whose admin sets it as the organization's own; 0 for superusers and the operator.</param>
    public Task<HoldOutcome> SetAsync(long by, long organizationId, HoldTarget target, string reason, string caseReference, CancellationToken ct)
    {
        // In the order in which they are set.
        var id = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
        return db.WriteAsync(async tx =>
        {
            var (ns, repo) = (0L, 0L);
            if (target.Kind != HoldKind.Audit)
            {
                // Taken to itself: whoever takes content away for good shares the row (LegalHolds). What is judged comes in later statements.
                ns = await tx.OneAsync($"""
                    SELECT id FROM namespace WHERE name = @name ORDER BY CASE WHEN deleted_ms IS NULL THEN 0 ELSE 1 END, deleted_ms DESC, id DESC LIMIT 1 {db.ForUpdate}
                    """, static r => r.GetInt64(0), ("name", target.Namespace));
                var (kind, isPurged) = await tx.OneAsync("SELECT kind, purge_ms FROM namespace WHERE id = @ns", static r => (r.GetString(0), !r.IsDBNull(1)), ("ns", ns));
                if (kind is not ("user" or "organization") || isPurged || (organizationId != 0 && ns != organizationId)
                    || (target.Kind == HoldKind.Person && kind != "user") || (target.Kind == HoldKind.Organization && kind != "organization"))
                    return HoldOutcome.NotFound(target.Kind == HoldKind.Person ? "There is no such user." : "There is no such organization.");
            }
            if (target.Repository is not null)
            {
                repo = await tx.OneAsync("""
                    SELECT id FROM repository WHERE namespace_id = @ns AND name = @name ORDER BY CASE WHEN deleted_ms IS NULL THEN 0 ELSE 1 END, deleted_ms DESC, id DESC LIMIT 1
                    """, static r => r.GetInt64(0), ("ns", ns), ("name", target.Repository));
                if (repo == 0)
                    return HoldOutcome.NotFound("There is no such repository.");
            }
            if (target.Tag is not null
                && await tx.OneAsync("SELECT 1 FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND name = @tag LIMIT 1", static r => r.GetInt32(0), ("ns", ns), ("repo", repo), ("tag", target.Tag)) == 0)
                return HoldOutcome.NotFound("There is no such tag, and there was none.");
            if (await tx.OneAsync("SELECT count(*) FROM legal_hold WHERE namespace_id = @ns AND lifted_ms IS NULL", static r => r.GetInt64(0), ("ns", ns)) >= MaxPerNamespace)
                return HoldOutcome.Refused($"There are {MaxPerNamespace} holds on this already; set one that is wider.");
            await tx.ExecuteAsync("""
                INSERT INTO legal_hold (id, kind, level, namespace_id, repository_id, tag, from_ms, to_ms, reason, case_reference, set_by, set_ms)
                VALUES (@id, @kind, @level, @ns, @repo, @tag, @from, @to, @reason, @case, @by, now_ms())
                """, ("id", id), ("kind", Word(target.Kind)), ("level", organizationId != 0 ? "organization" : "registry"), ("ns", ns), ("repo", repo), ("tag", target.Tag ?? ""),
                ("from", target.FromMs), ("to", target.ToMs), ("reason", reason), ("case", caseReference), ("by", by));
            await TellAsync(tx, "hold.set", by, ns, id, target.Kind, target.Repository, target.Tag);
            return HoldOutcome.Done(id);
        }, ct);
    }

    /// <inheritdoc cref="SetAsync"/>
    public Task<HoldOutcome> LiftAsync(long by, long organizationId, string id, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.OneAsync($"SELECT namespace_id FROM legal_hold WHERE id = @id {db.ForUpdate}", static r => (long?)r.GetInt64(0), ("id", id)) is not { } ns
            || (organizationId != 0 && ns != organizationId))
            return HoldOutcome.NotFound("There is no such hold.");
        var (setBy, level, lifted, repo, kind, tag, repository) = await tx.OneAsync("""
            SELECT h.set_by, h.level, h.lifted_ms, h.repository_id, h.kind, h.tag, r.name FROM legal_hold h LEFT JOIN repository r ON r.id = h.repository_id WHERE h.id = @id
            """, static r => (r.GetInt64(0), r.GetString(1), !r.IsDBNull(2), r.GetInt64(3), r.GetString(4), r.GetString(5), r.IsDBNull(6) ? null : r.GetString(6)), ("id", id));
        if (lifted)
            return HoldOutcome.NotFound("The hold has been lifted already.");
        if (organizationId != 0 && level != "organization")
            return HoldOutcome.Forbidden("The registry's superusers set this hold; one of them lifts it.");
        if (setBy == by)
            return HoldOutcome.Forbidden("Somebody else has to lift a hold than who set it.");
        await tx.ExecuteAsync("UPDATE legal_hold SET lifted_by = @by, lifted_ms = now_ms() WHERE id = @id", ("by", by), ("id", id));
        await LegalHolds.ReleaseAsync(tx, ns, repo);
        await TellAsync(tx, "hold.lifted", by, ns, id, Parse(kind), repository, tag.Length > 0 ? tag : null);
        return HoldOutcome.Done(id);
    }, ct);

    /// <param name="organizationId">Only those of this organization; 0 for all.</param>
    public ValueTask<Hold?> FindAsync(long organizationId, string id, CancellationToken ct) =>
        db.OneAsync($"{Select} WHERE h.id = @id AND (@ns = 0 OR h.namespace_id = @ns)", static r => (Hold?)Read(r), ct, ("id", id), ("ns", organizationId));

    /// <summary>In the order in which they were set, after one.</summary>
    /// <param name="organizationId">Only those of this organization; 0 for all.</param>
    public ValueTask<List<Hold>> ListAsync(long organizationId, bool lifted, string after, int count, CancellationToken ct) => db.ListAsync(
        $"{Select} WHERE h.id > @after AND (@lifted = 1 OR h.lifted_ms IS NULL) {(organizationId == 0 ? "" : "AND h.namespace_id = @ns")} ORDER BY h.id LIMIT @count", Read, ct,
        [("after", after), ("lifted", lifted ? 1 : 0), ("count", count), .. organizationId == 0 ? [] : new (string, object?)[] { ("ns", organizationId) }]);

    /// <summary>The tags of a repository that are on hold by themselves; an empty name among them means all, by the repository or its owner.</summary>
    public async ValueTask<HashSet<string>> TagsAsync(long namespaceId, long repositoryId, CancellationToken ct) => [.. await db.ListAsync(
        "SELECT DISTINCT tag FROM legal_hold WHERE lifted_ms IS NULL AND namespace_id = @ns AND repository_id IN (0, @repo)", static r => r.GetString(0), ct, ("ns", namespaceId), ("repo", repositoryId))];

    /// <summary>A hold because of which nobody may erase an account, its namespace, or what names it in the audit trail; null when there is none.</summary>
    public static ValueTask<string?> FindOnAccountAsync(Tx tx, long accountId) => tx.OneAsync(OnAccount, static r => r.GetString(0), ("account", accountId));

    /// <inheritdoc cref="FindOnAccountAsync(Tx, long)"/>
    public ValueTask<string?> FindOnAccountAsync(long accountId, CancellationToken ct) => db.OneAsync(OnAccount, static r => r.GetString(0), ct, ("account", accountId));

    /// <summary>A hold on any time of the audit trail, because of which nobody may be erased from it.</summary>
    public ValueTask<string?> FindOnAuditAsync(CancellationToken ct) =>
        db.OneAsync("SELECT id FROM legal_hold WHERE namespace_id = 0 AND kind = 'audit' AND lifted_ms IS NULL ORDER BY id LIMIT 1", static r => r.GetString(0), ct);

    /// <summary>Whether a hold is on any moment of a time of the audit trail, and which.</summary>
    public ValueTask<string?> FindOnAuditAsync(long fromMs, long toMs, CancellationToken ct) => db.OneAsync(
        "SELECT id FROM legal_hold WHERE namespace_id = 0 AND kind = 'audit' AND lifted_ms IS NULL AND from_ms < @to AND to_ms > @from ORDER BY id LIMIT 1",
        static r => r.GetString(0), ct, ("from", fromMs), ("to", toMs));

    // A robot belongs to its owner.
    private const string OnAccount = """
        SELECT id FROM legal_hold WHERE lifted_ms IS NULL AND namespace_id <> 0 AND namespace_id IN (@account, (SELECT r.namespace_id FROM robot r WHERE r.id = @account)) ORDER BY id LIMIT 1
        """;

    public static string Word(HoldKind kind) => kind.ToString().ToLowerInvariant();

    public static HoldKind Parse(string word) => Enum.Parse<HoldKind>(word, ignoreCase: true);

    // Without the reason: the organization's log is read by more people than its holds.
    private static ValueTask<int> TellAsync(Tx tx, string kind, long by, long ns, string id, HoldKind on, string? repository, string? tag) => Events.AddAsync(tx, kind, ns, null, null,
        new JsonObject { ["by"] = by, ["hold"] = id, ["on"] = Word(on), ["repo"] = repository, ["tag"] = tag }.ToJsonString());

    private static Hold Read(DbDataReader r) => new(r.GetString(0), Parse(r.GetString(1)), r.GetString(2) == "organization", Text(r, 3), Text(r, 4), r.GetString(5) is { Length: > 0 } tag ? tag : null,
        Ms(r, 6), Ms(r, 7), r.GetString(8), r.GetString(9), r.GetInt64(10), Text(r, 11), r.GetInt64(12), Text(r, 13), Ms(r, 14));

    private static string? Text(DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);

    private static long? Ms(DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetInt64(column);
}
