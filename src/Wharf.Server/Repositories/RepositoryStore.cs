using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;
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
        return id is { } repositoryId ? access with { NamespaceId = namespaceId, RepositoryId = repositoryId } : null;
    }, ct);

    /// <summary>Makes an empty repository; 0 when there is one of that name, null when the namespace has gone or has another name by now.</summary>
    public Task<long?> CreateAsync(RepositoryAccess access, bool isPublic, string description, Principal principal, CancellationToken ct) => db.WriteAsync<long?>(async tx =>
    {
        var found = await FindAsync(tx, access.Name);
        return found?.NamespaceId != access.NamespaceId ? null
            : found is { RepositoryId: not 0 } ? 0
            : await CreateAsync(tx, access.NamespaceId, access.Name, isPublic, description, principal);
    }, ct);

    public Task<bool> SetVisibilityAsync(Principal by, RepositoryAccess access, bool isPublic, CancellationToken ct) => ChangeAsync(access, "repository.visibility",
        $$"""{"by":{{by.AccountId}},"public":{{(isPublic ? "true" : "false")}}}""", "public = @public", ct, ("public", isPublic ? 1 : 0));

    public Task<bool> SetReadOnlyAsync(Principal by, RepositoryAccess access, bool readOnly, CancellationToken ct) => ChangeAsync(access, "repository.state",
        $$"""{"by":{{by.AccountId}},"state":"{{(readOnly ? "read_only" : "normal")}}"}""", "state = @state", ct, ("state", readOnly ? "read_only" : "normal"));

    public Task<bool> DescribeAsync(Principal by, RepositoryAccess access, string description, CancellationToken ct) => ChangeAsync(access, "repository.described",
        $$"""{"by":{{by.AccountId}},"length":{{description.Length}}}""", "description = @description", ct, ("description", description));

    /// <summary>Deletes a repository so that it can be restored: its content, grants and stars stay with it, and a new one of that name gets none of them.</summary>
    public Task<bool> DeleteAsync(Principal by, RepositoryAccess access, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (!await ChangeAsync(tx, access, "repository.deleted", $$"""{"by":{{by.AccountId}},"name":"{{access.Name}}"}""", "deleted_ms = now_ms(), deleted_by = @by", ("by", by.AccountId)))
            return false;
        await Window.CloseAsync(tx, access.NamespaceId, access.RepositoryId);
        return true;
    }, ct);

    /// <summary>Restores the repository that was deleted last under that name, with what it had.</summary>
    /// <param name="name">The name that it has from then on, in the same namespace.</param>
    public Task<RestoreOutcome> RestoreAsync(Principal by, RepositoryAccess access, RepositoryName name, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        // The lock first: what is deleted, restored or made here at the same moment is judged by the next statements.
        if (await tx.OneAsync($"SELECT 1 FROM namespace WHERE id = @ns AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt32(0), ("ns", access.NamespaceId)) == 0)
            return RestoreOutcome.Unknown;
        // The collector takes the row before it takes anything of the content, so what is not purged here is whole.
        var id = await tx.OneAsync($"""
            SELECT r.id FROM repository r
             WHERE r.namespace_id = @ns AND r.name = @name AND r.purge_ms IS NULL
               AND r.deleted_ms > now_ms() - (SELECT n.tag_expiration_s FROM namespace n WHERE n.id = @ns) * 1000
             ORDER BY r.deleted_ms DESC, r.id DESC LIMIT 1 {db.ForUpdate}
            """, static r => r.GetInt64(0), ("ns", access.NamespaceId), ("name", access.Name.Name));
        if (id == 0)
            return RestoreOutcome.Unknown;
        if (await tx.OneAsync("SELECT 1 FROM repository WHERE namespace_id = @ns AND name = @name AND deleted_ms IS NULL", static r => r.GetInt32(0),
            ("ns", access.NamespaceId), ("name", name.Name)) == 1)
            return RestoreOutcome.NameTaken;
        await tx.ExecuteAsync("UPDATE repository SET deleted_ms = NULL, deleted_by = NULL, name = @name WHERE id = @id", ("id", id), ("name", name.Name));
        var former = name == access.Name ? "" : $",\"former_name\":\"{access.Name}\"";
        await Events.AddAsync(tx, "repository.restored", access.NamespaceId, id, null, $$"""{"by":{{by.AccountId}},"name":"{{name}}"{{former}}}""");
        tx.OnCommit(() => permissions.Forget(access.Name));
        tx.OnCommit(() => permissions.Forget(name));
        return RestoreOutcome.Restored;
    }, ct);

    /// <summary>Takes the row of a repository whose content is gone, in the collector's transaction, with all that is about it.</summary>
    public static async ValueTask PurgeAsync(Tx tx, long namespaceId, long repositoryId)
    {
        var name = await tx.OneAsync("SELECT name FROM repository WHERE id = @repo", static r => r.GetString(0), ("repo", repositoryId));
        await tx.ExecuteAsync("DELETE FROM account_grant WHERE namespace_id = @ns AND repository_id = @repo", ("ns", namespaceId), ("repo", repositoryId));
        await tx.ExecuteAsync("DELETE FROM team_grant WHERE namespace_id = @ns AND repository_id = @repo", ("ns", namespaceId), ("repo", repositoryId));
        await tx.ExecuteAsync("DELETE FROM star WHERE repository_id = @repo", ("repo", repositoryId));
        await tx.ExecuteAsync("DELETE FROM repository_email WHERE repository_id = @repo", ("repo", repositoryId));
        await tx.ExecuteAsync("DELETE FROM immutability_policy WHERE namespace_id = @ns AND repository_id = @repo", ("ns", namespaceId), ("repo", repositoryId));
        await tx.ExecuteAsync("DELETE FROM prune_policy WHERE namespace_id = @ns AND repository_id = @repo", ("ns", namespaceId), ("repo", repositoryId));
        await tx.ExecuteAsync("DELETE FROM repository WHERE id = @repo", ("repo", repositoryId));
        await Events.AddAsync(tx, "repository.purged", namespaceId, repositoryId, null, $$"""{"by":0,"repo":"{{name}}"}""");
    }

    /// <summary>The names that a principal may see, after <paramref name="last"/>, by namespace and name.</summary>
    public ValueTask<List<string>> ListAsync(Principal principal, RepositoryName? last, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT n.name, r.name
          FROM repository r JOIN namespace n ON n.id = r.namespace_id
         WHERE (n.name, r.name) > (@ns, @name) AND {VisibleRepositories.Condition(principal)}
         ORDER BY n.name, r.name
         LIMIT @count
        """, static r => $"{r.GetString(0)}/{r.GetString(1)}", ct,
        ("ns", last?.Namespace ?? ""), ("name", last?.Name ?? ""), ("me", principal.AccountId), ("count", count));

    private Task<bool> ChangeAsync(RepositoryAccess access, string kind, string payload, string change, CancellationToken ct, params (string Name, object? Value)[] args) =>
        db.WriteAsync(tx => ChangeAsync(tx, access, kind, payload, change, args), ct);

    // False when the repository has gone since it was decided about.
    private async ValueTask<bool> ChangeAsync(Tx tx, RepositoryAccess access, string kind, string payload, string change, params (string Name, object? Value)[] args)
    {
        if (await tx.ExecuteAsync($"UPDATE repository SET {change} WHERE id = @id AND deleted_ms IS NULL", [("id", access.RepositoryId), .. args]) == 0)
            return false;
        await Events.AddAsync(tx, kind, access.NamespaceId, access.RepositoryId, null, payload);
        tx.OnCommit(() => permissions.Forget(access.Name));
        return true;
    }

    /// <summary>The ids, the repository's 0 when it does not exist; null when the namespace does not either.</summary>
    private static ValueTask<(long NamespaceId, long RepositoryId)?> FindAsync(Tx tx, RepositoryName name) => tx.OneAsync("""
        SELECT n.id, r.id
          FROM namespace n LEFT JOIN repository r ON r.namespace_id = n.id AND r.name = @name AND r.deleted_ms IS NULL
         WHERE n.name = @ns AND n.deleted_ms IS NULL
        """, static r => ((long, long)?)(r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1)), ("ns", name.Namespace), ("name", name.Name));

    private static async ValueTask<bool> OwnsAsync(Tx tx, long namespaceId, Principal by) => await tx.OneAsync("""
        SELECT 1 FROM team t JOIN team_member m ON m.team_id = t.id WHERE t.namespace_id = @ns AND t.role = 'admin' AND m.account_id = @me
        """, static r => r.GetInt32(0), ("ns", namespaceId), ("me", by.AccountId)) == 1;

    private async ValueTask<long?> CreateAsync(Tx tx, long namespaceId, RepositoryName name, bool isPublic, string description, Principal principal)
    {
        // Whoever is granted something here by default, the maker before all, is not deleted meanwhile; the namespace is taken before the
        // name, as a restoration takes them.
        var there = await tx.ListAsync($"""
            SELECT id FROM namespace
             WHERE (id = @ns OR id = @me OR id IN (SELECT p.account_id FROM prototype p WHERE p.namespace_id = @ns)) AND deleted_ms IS NULL
             ORDER BY id {db.ForKeyShare}
            """, static r => r.GetInt64(0), ("ns", namespaceId), ("me", principal.AccountId));
        if (!there.Contains(namespaceId) || !there.Contains(principal.AccountId))
            return null;
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
