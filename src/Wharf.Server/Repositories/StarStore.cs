using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Repositories;

/// <summary>Which repositories a person starred. Nothing that anyone else may or may not do depends on it, so that no event tells of it.</summary>
internal sealed class StarStore(Database db)
{
    /// <summary>False when the repository has gone.</summary>
    public Task<bool> AddAsync(Principal by, RepositoryAccess access, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        await tx.ExecuteAsync("""
            INSERT INTO star (account_id, repository_id, created_ms) SELECT @me, r.id, now_ms() FROM repository r WHERE r.id = @repo AND r.deleted_ms IS NULL
            ON CONFLICT (account_id, repository_id) DO NOTHING
            """, ("me", by.AccountId), ("repo", access.RepositoryId));
        return await tx.OneAsync("SELECT 1 FROM star WHERE account_id = @me AND repository_id = @repo", static r => r.GetInt32(0), ("me", by.AccountId), ("repo", access.RepositoryId)) == 1;
    }, ct);

    public Task<int> RemoveAsync(Principal by, RepositoryAccess access, CancellationToken ct) => db.WriteAsync(tx =>
        tx.ExecuteAsync("DELETE FROM star WHERE account_id = @me AND repository_id = @repo", ("me", by.AccountId), ("repo", access.RepositoryId)), ct);
}
