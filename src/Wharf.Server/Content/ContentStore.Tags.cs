using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>Ends a tag; its history and what it named stay.</summary>
    public Task<Refusal?> EndTagAsync(Principal by, RepositoryAccess access, string tag, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var ended = await tx.OneAsync("""
            UPDATE tag SET ended_ms = CASE WHEN @now > started_ms THEN @now ELSE started_ms + 1 END, ended_by = @by
             WHERE namespace_id = @ns AND repository_id = @repo AND name = @name AND ended_ms IS NULL AND (expires_ms IS NULL OR expires_ms > @now)
            RETURNING digest
            """, static r => r.GetFieldValue<byte[]>(0),
            ("now", tx.NowMs), ("by", by.AccountId), ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag));
        if (ended is null)
            return new Refusal(RefusalKind.TagUnknown);
        await Events.AddAsync(tx, "tag.ended", access.NamespaceId, access.RepositoryId, ended, $$"""{"by":{{by.AccountId}},"tag":"{{tag}}"}""");
        return null;
    }, ct);

    // Intervals are half-open and never overlap: a start is later than the former start, and not before the former end (contract 6).
    private static async ValueTask MoveTagAsync(Tx tx, long ns, long repo, string tag, Digest digest, Principal by)
    {
        var last = await tx.OneAsync("""
            SELECT digest, started_ms, ended_ms, expires_ms FROM tag
             WHERE namespace_id = @ns AND repository_id = @repo AND name = @name ORDER BY started_ms DESC LIMIT 1
            """, static r => new TagInterval(new Digest(r.GetFieldValue<byte[]>(0)), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3)),
            ("ns", ns), ("repo", repo), ("name", tag));
        var started = tx.NowMs;
        if (last is not null)
        {
            var expired = last.ExpiresMs is { } at && at <= tx.NowMs;
            if (last.EndedMs is null && !expired && last.Digest == digest)
                return;
            started = Math.Max(started, Math.Max(last.StartedMs + 1, last.EndedMs ?? 0));
            if (last.EndedMs is null)
                await tx.ExecuteAsync("""
                    UPDATE tag SET ended_ms = @ended, ended_by = @by WHERE namespace_id = @ns AND repository_id = @repo AND name = @name AND ended_ms IS NULL
                    """, ("ended", expired ? last.ExpiresMs : started), ("by", expired ? null : by.AccountId), ("ns", ns), ("repo", repo), ("name", tag));
        }
        await tx.ExecuteAsync("INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms) VALUES (@ns, @repo, @name, @digest, @started)",
            ("ns", ns), ("repo", repo), ("name", tag), ("digest", digest.ToArray()), ("started", started));
    }

    private sealed record TagInterval(Digest Digest, long StartedMs, long? EndedMs, long? ExpiresMs);
}
