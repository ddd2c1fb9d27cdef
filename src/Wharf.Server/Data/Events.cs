namespace Wharf.Server.Data;

/// <summary>The outbox: what happened, stored with the change itself and read later by consumers with a cursor of their own (contract 7).</summary>
internal static class Events
{
    public static ValueTask<int> AddAsync(Tx tx, string kind, long namespaceId, long? repositoryId, byte[]? digest, string payload) => tx.ExecuteAsync("""
        INSERT INTO event (namespace_id, repository_id, kind, digest, at_ms, payload) VALUES (@ns, @repo, @kind, @digest, @now, @payload)
        """, ("ns", namespaceId), ("repo", repositoryId), ("kind", kind), ("digest", digest), ("now", tx.NowMs), ("payload", payload));
}
