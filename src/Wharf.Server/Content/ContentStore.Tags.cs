using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>Ends a tag; its history and what it named stay.</summary>
    public Task<Refusal?> EndTagAsync(Principal by, RepositoryAccess access, string tag, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (db.LockTag is { } takeTurn)
            await tx.ExecuteAsync(takeTurn, ("repo", access.RepositoryId), ("name", tag));
        if (await CheckRepositoryAsync(tx, access) is { } refusal)
            return refusal;
        var ended = await tx.OneAsync("""
            UPDATE tag SET ended_ms = CASE WHEN now_ms() > started_ms THEN now_ms() ELSE started_ms + 1 END, ended_by = @by
             WHERE namespace_id = @ns AND repository_id = @repo AND name = @name AND ended_ms IS NULL AND (expires_ms IS NULL OR expires_ms > now_ms())
            RETURNING digest
            """, static r => r.GetFieldValue<byte[]>(0), ("by", by.AccountId), ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag));
        if (ended is null)
            return new Refusal(RefusalKind.TagUnknown);
        await Events.AddAsync(tx, "tag.ended", access.NamespaceId, access.RepositoryId, ended, $$"""{"by":{{by.AccountId}},"tag":"{{tag}}"}""");
        return null;
    }, ct);

    /// <summary>
    /// Points a tag at a manifest. Intervals are half-open and never overlap: a start is later than the former start, and not before
    /// the former end (contract 6). A tag that names the manifest already stays as it is; an expired one is ended at its expiry.
    /// </summary>
    private void MoveTag(Batch<Refusal> batch, RepositoryAccess access, string tag, Digest digest, Principal by)
    {
        var (ns, repo, name, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("name", (object?)tag), ("digest", (object?)digest.ToArray()));
        if (db.LockTag is { } takeLock)
            batch.Add(takeLock, repo, name);
        batch.Add("""
            UPDATE tag
               SET ended_ms = CASE WHEN expires_ms <= now_ms() THEN expires_ms WHEN now_ms() > started_ms THEN now_ms() ELSE started_ms + 1 END,
                   ended_by = CASE WHEN expires_ms <= now_ms() THEN NULL ELSE @by END
             WHERE namespace_id = @ns AND repository_id = @repo AND name = @name AND ended_ms IS NULL AND (digest <> @digest OR expires_ms <= now_ms())
            """, ("by", by.AccountId), ns, repo, name, raw);
        batch.Add("""
            INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms)
            SELECT @ns, @repo, @name, @digest, (
                   SELECT max(at) FROM (
                          SELECT now_ms() AS at
                          UNION ALL SELECT max(started_ms) + 1 FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND name = @name
                          UNION ALL SELECT max(ended_ms) FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND name = @name) candidates)
             WHERE NOT EXISTS (SELECT 1 FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND name = @name AND ended_ms IS NULL)
            """, ns, repo, name, raw);
    }
}
