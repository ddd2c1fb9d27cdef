using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Organizations;
using Wharf.Server.Outbox;

namespace Wharf.Server.Repositories;

/// <summary>Repositories and the namespaces that a push may create.</summary>
internal sealed class RepositoryStore(Database db, Permissions permissions, OrganizationStore organizations, RegistryOptions options)
{
    /// <summary>
    /// The repository of a push, made when it does not exist. What the decision that <paramref name="access"/> carries rests on is
    /// looked at again when something is made.
    /// </summary>
    /// <returns>The same access with the ids, or null when the namespace has gone or is someone else's by now.</returns>
    public async ValueTask<RepositoryAccess?> EnsureAsync(Principal by, RepositoryAccess access, CancellationToken ct) => access.Exists ? access : await db.WriteAsync(async tx =>
    {
        var found = await FindAsync(tx, access.Name);
        var namespaceId = found?.NamespaceId ?? 0;
        if (namespaceId != access.NamespaceId)
            // Another push of the same caller may have made the namespace meanwhile; anyone else's is none of theirs.
            if (access.NamespaceId != 0 || !await OwnsAsync(tx, namespaceId, by))
                return null;
        if (namespaceId == 0)
        {
            if (!options.CreateNamespaceOnPush)
                return null;
            var made = await organizations.CreateAsync(tx, access.Name.Namespace, null, by);
            if (made.Problem is not null)
                return null;
            namespaceId = made.Id;
        }
        var id = found is { RepositoryId: not 0 } there ? there.RepositoryId : await CreateAsync(tx, namespaceId, access.Name, !options.CreatePrivateRepoOnPush, "", by);
        return access with { NamespaceId = namespaceId, RepositoryId = id };
    }, ct);

    /// <summary>Makes an empty repository; 0 when there is one of that name.</summary>
    public Task<long> CreateAsync(RepositoryAccess access, bool isPublic, string description, Principal principal, CancellationToken ct) =>
        db.WriteAsync(async tx => await FindAsync(tx, access.Name) is { RepositoryId: not 0 } ? 0 : await CreateAsync(tx, access.NamespaceId, access.Name, isPublic, description, principal), ct);

    public Task<int> SetVisibilityAsync(RepositoryAccess access, bool isPublic, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        tx.OnCommit(() => permissions.Forget(access.Name));
        await Events.AddAsync(tx, "repository.visibility", access.NamespaceId, access.RepositoryId, null, isPublic ? """{"public":true}""" : """{"public":false}""");
        return await tx.ExecuteAsync("UPDATE repository SET public = @public WHERE id = @id", ("public", isPublic ? 1 : 0), ("id", access.RepositoryId));
    }, ct);

    /// <summary>The names that a principal may see, after <paramref name="last"/>, by namespace and name.</summary>
    public ValueTask<List<string>> ListAsync(Principal principal, RepositoryName? last, int count, CancellationToken ct) => db.ListAsync("""
        SELECT n.name, r.name
          FROM repository r JOIN namespace n ON n.id = r.namespace_id
         WHERE r.deleted_ms IS NULL AND n.deleted_ms IS NULL
           AND (n.name, r.name) > (@ns, @name)
           AND (r.public = 1 OR n.id = @me OR EXISTS (
                SELECT 1 FROM team t JOIN team_member m ON m.team_id = t.id WHERE t.namespace_id = n.id AND t.role = 'admin' AND m.account_id = @me))
         ORDER BY n.name, r.name
         LIMIT @count
        """, static r => $"{r.GetString(0)}/{r.GetString(1)}", ct,
        ("ns", last?.Namespace ?? ""), ("name", last?.Name ?? ""), ("me", principal.AccountId), ("count", count));

    /// <summary>The ids, the repository's 0 when it does not exist; null when the namespace does not either.</summary>
    private static ValueTask<(long NamespaceId, long RepositoryId)?> FindAsync(Tx tx, RepositoryName name) => tx.OneAsync("""
        SELECT n.id, r.id
          FROM namespace n LEFT JOIN repository r ON r.namespace_id = n.id AND r.name = @name AND r.deleted_ms IS NULL
         WHERE n.name = @ns AND n.deleted_ms IS NULL
        """, static r => ((long, long)?)(r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1)), ("ns", name.Namespace), ("name", name.Name));

    private static async ValueTask<bool> OwnsAsync(Tx tx, long namespaceId, Principal by) => await tx.OneAsync("""
        SELECT 1 FROM team t JOIN team_member m ON m.team_id = t.id WHERE t.namespace_id = @ns AND t.role = 'admin' AND m.account_id = @me
        """, static r => r.GetInt32(0), ("ns", namespaceId), ("me", by.AccountId)) == 1;

    private async ValueTask<long> CreateAsync(Tx tx, long namespaceId, RepositoryName name, bool isPublic, string description, Principal principal)
    {
        var id = await tx.OneAsync("""
            INSERT INTO repository (namespace_id, name, public, description, created_ms) VALUES (@ns, @name, @public, @description, now_ms()) RETURNING id
            """, static r => r.GetInt64(0),
            ("ns", namespaceId), ("name", name.Name), ("public", isPublic ? 1 : 0), ("description", description));
        // Quay: whoever makes a repository is its admin, and what the organization grants by default comes on top. A rule for the maker
        // goes before one for anyone.
        await tx.ExecuteAsync("""
            INSERT INTO account_grant (namespace_id, repository_id, account_id, role, granted_by, granted_ms) VALUES (@ns, @repo, @me, 3, @me, now_ms())
            """, ("ns", namespaceId), ("repo", id), ("me", principal.AccountId));
        foreach (var (table, column) in ((string, string)[])[("account_grant", "account_id"), ("team_grant", "team_id")])
            await tx.ExecuteAsync($"""
                INSERT INTO {table} (namespace_id, repository_id, {column}, role, granted_by, granted_ms)
                SELECT @ns, @repo, p.{column}, max(p.role), @me, now_ms()
                  FROM prototype p
                 WHERE p.namespace_id = @ns AND p.{column} IS NOT NULL
                   AND (p.activating_id = @me OR (p.activating_id IS NULL AND NOT EXISTS (
                        SELECT 1 FROM prototype own WHERE own.namespace_id = @ns AND own.activating_id = @me AND own.{column} = p.{column})))
                 GROUP BY p.{column}
                ON CONFLICT (namespace_id, repository_id, {column}) DO NOTHING
                """, ("ns", namespaceId), ("repo", id), ("me", principal.AccountId));
        await Events.AddAsync(tx, "repository.created", namespaceId, id, null, $$"""{"by":{{principal.AccountId}}}""");
        tx.OnCommit(() => permissions.Forget(name));
        return id;
    }
}
