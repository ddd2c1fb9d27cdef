using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Server.Repositories;

namespace Wharf.Server.Auth;

/// <summary>
/// The one permission engine: who may do what with which repository. Nothing else decides; tokens only say who asks.
/// Positive answers are kept in memory and dropped when what they rest on changes (contract 9); "no" is always asked anew.
/// </summary>
internal sealed class Permissions(Database db, RegistryOptions options)
{
    private readonly Cache<RepositoryName, Facts> _repositories = new(50_000, static _ => 1, db.Freshness);
    private readonly Cache<(long Account, long Namespace), NamespaceRole> _roles = new(50_000, static _ => 1, db.Freshness);

    private enum NamespaceRole
    {
        None,
        Creator,
        Admin,
    }

    public async ValueTask<RepositoryAccess> DecideAsync(Principal principal, RepositoryName name, CancellationToken ct)
    {
        if (_repositories.TryGet(name, out var facts))
        {
            if (principal.AccountId == facts.NamespaceId)
                return Decide(principal, name, facts, NamespaceRole.Admin);
            if (principal.IsAnonymous)
                return Decide(principal, name, facts, NamespaceRole.None);
            if (_roles.TryGet((principal.AccountId, facts.NamespaceId), out var role))
                return Decide(principal, name, facts, role);
        }
        var (repositoryEpoch, roleEpoch) = (_repositories.Epoch, _roles.Epoch);
        var row = await db.OneAsync("""
            SELECT n.id, r.id, r.public,
                   (SELECT max(CASE t.role WHEN 'admin' THEN 2 WHEN 'creator' THEN 1 ELSE 0 END)
                      FROM team t JOIN team_member m ON m.team_id = t.id
                     WHERE t.namespace_id = n.id AND m.account_id = @me)
              FROM namespace n
              LEFT JOIN repository r ON r.namespace_id = n.id AND r.name = @name AND r.deleted_ms IS NULL
             WHERE n.name = @ns AND n.deleted_ms IS NULL
            """,
            static r => (Facts: new Facts(r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1), !r.IsDBNull(2) && r.GetInt64(2) == 1),
                         Role: r.IsDBNull(3) ? NamespaceRole.None : (NamespaceRole)r.GetInt64(3)),
            ct, ("ns", name.Namespace), ("name", name.Name), ("me", principal.AccountId));
        if (row.Facts is null)
            return new(name, 0, 0, options.CreateNamespaceOnPush && !principal.IsAnonymous ? RepositoryRole.Admin : RepositoryRole.None);
        if (row.Facts.RepositoryId != 0)
            _repositories.Add(name, row.Facts, repositoryEpoch);
        if (row.Role != NamespaceRole.None)
            _roles.Add((principal.AccountId, row.Facts.NamespaceId), row.Role, roleEpoch);
        return Decide(principal, name, row.Facts, principal.AccountId == row.Facts.NamespaceId ? NamespaceRole.Admin : row.Role);
    }

    /// <summary>Forgets what an event of another process touches.</summary>
    public void Hear(OutboxEvent happened)
    {
        if (happened.Kind.StartsWith("repository.", StringComparison.Ordinal) && happened.Repository is { } name)
            Forget(name);
        else if (happened.Kind.StartsWith("organization.", StringComparison.Ordinal) || happened.Kind.StartsWith("team.", StringComparison.Ordinal))
            ForgetRoles();
    }

    /// <summary>The repository was made, deleted or changed its visibility.</summary>
    public void Forget(RepositoryName name) => _repositories.Drop(name);

    /// <summary>Teams changed.</summary>
    public void ForgetRoles() => _roles.DropAll();

    private static RepositoryAccess Decide(Principal principal, RepositoryName name, Facts facts, NamespaceRole role) => new(name, facts.NamespaceId, facts.RepositoryId,
        role switch
        {
            NamespaceRole.Admin => RepositoryRole.Admin,
            NamespaceRole.Creator when facts.RepositoryId == 0 && !principal.IsAnonymous => RepositoryRole.Admin,
            _ => facts.Public ? RepositoryRole.Read : RepositoryRole.None,
        });

    private sealed record Facts(long NamespaceId, long RepositoryId, bool Public);
}
