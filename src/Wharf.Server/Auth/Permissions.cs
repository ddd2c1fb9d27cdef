using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Server.Repositories;

namespace Wharf.Server.Auth;

/// <summary>
/// The one permission engine: who may do what with which repository and namespace. Nothing else decides; tokens only say who asks.
/// <para>What is remembered are decisions, each with the two facts it rests on: the repository, and what the account is in the
/// namespace. A change drops the fact, and with it every decision that rests on it (contract 9). "No" is always asked anew.</para>
/// </summary>
internal sealed partial class Permissions(Database db, RegistryOptions options, AccountOptions accounts, TimeProvider clock)
{
    private const string Question = """
        SELECT n.id, r.id, r.public, CASE r.state WHEN 'read_only' THEN 1 ELSE 0 END, (SELECT a.enabled FROM account a WHERE a.id = n.id),
               (SELECT max(CASE t.role WHEN 'admin' THEN 3 WHEN 'creator' THEN 2 ELSE 1 END)
                  FROM team_member m JOIN team t ON t.id = m.team_id
                 WHERE m.account_id = @me AND t.namespace_id = n.id),
               (SELECT g.role FROM account_grant g WHERE g.namespace_id = n.id AND g.repository_id = r.id AND g.account_id = @me),
               (SELECT max(g.role) FROM team_grant g JOIN team_member m ON m.team_id = g.team_id AND m.account_id = @me
                 WHERE g.namespace_id = n.id AND g.repository_id = r.id),
               coalesce(
                   (SELECT g.granted_by FROM account_grant g WHERE g.namespace_id = n.id AND g.repository_id = r.id AND g.account_id = @me),
                   (SELECT g.granted_by FROM team_grant g JOIN team_member m ON m.team_id = g.team_id AND m.account_id = @me
                     WHERE g.namespace_id = n.id AND g.repository_id = r.id ORDER BY g.role DESC LIMIT 1))
          FROM namespace n
          LEFT JOIN repository r ON r.namespace_id = n.id AND r.name = @name AND r.deleted_ms IS NULL
         WHERE n.name = @ns AND n.deleted_ms IS NULL AND n.kind <> 'robot'
        """;

    private readonly Cache<RepositoryName, Facts> _repositories = new(50_000, static _ => 1, db.Freshness);
    private readonly Cache<(long Account, long Namespace), Membership> _memberships = new(50_000, static _ => 1, db.Freshness);
    private readonly Cache<(long Account, long Repository), Decision> _decisions = new(100_000, static _ => 1, db.Freshness);

    /// <summary>What the principal may do with the repository.</summary>
    /// <param name="needed">The role it is asked for. Less than that is never answered from memory, so that what was granted elsewhere counts at once.</param>
    public async ValueTask<RepositoryAccess> DecideAsync(Principal principal, RepositoryName name, RepositoryRole needed, CancellationToken ct)
    {
        if (_repositories.TryGet(name, out var facts) && Remembered(principal, name, facts) is { } known && known.Role >= needed)
            return known;
        var (repositoryEpoch, membershipEpoch) = (_repositories.Epoch, _memberships.Epoch);
        var row = await ReadAsync(principal, name, null, ct);
        var access = Decide(principal, name, row);
        if (row is null)
            return access;
        facts = row.Facts;
        if (access.Exists && access.Role > RepositoryRole.None)
        {
            _repositories.Add(name, facts, repositoryEpoch);
            if (NeedsDecision(principal, facts))
            {
                _memberships.Add((principal.AccountId, facts.NamespaceId), row.Membership, membershipEpoch);
                // It rests on the very facts that are remembered, which another request may have read; what was dropped since is
                // asked for anew, and what is dropped from here on drops the decision too.
                if (_repositories.TryGet(name, out var kept) && _memberships.TryGet((principal.AccountId, facts.NamespaceId), out var membership)
                    && _repositories.Epoch == repositoryEpoch && _memberships.Epoch == membershipEpoch)
                    _decisions.Replace((principal.AccountId, facts.RepositoryId), new Decision(kept, membership, row.Granted), _decisions.Epoch);
            }
        }
        return access;
    }

    /// <param name="atMs">When, in Unix milliseconds; null for now.</param>
    private ValueTask<Row?> ReadAsync(Principal principal, RepositoryName name, long? atMs, CancellationToken ct) => db.OneAsync(
        atMs is null ? Question : History.AsOf + Question,
        static r => new Row(
            new Facts(r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1), !r.IsDBNull(2) && r.GetInt64(2) == 1, r.GetInt64(3) == 1, !r.IsDBNull(4) && r.GetInt64(4) == 0),
            new Membership(r.IsDBNull(5) ? NamespaceRole.None : (NamespaceRole)r.GetInt64(5)),
            new Grant((RepositoryRole)Math.Max(r.IsDBNull(6) ? 0 : r.GetInt64(6), r.IsDBNull(7) ? 0 : r.GetInt64(7)), r.IsDBNull(8) ? 0 : r.GetInt64(8))),
        ct, [("ns", name.Namespace), ("name", name.Name), ("me", principal.AccountId), .. AtArgument(atMs)]);

    private RepositoryAccess Decide(Principal principal, RepositoryName name, Row? row) => row is { Facts: var facts }
        ? Decide(principal, name, facts, row.Membership.Role, row.Granted)
        : new(name, 0, 0, options.CreateNamespaceOnPush && AccountStore.IsValidName(name.Namespace) && MayCreateOrganizations(principal) && principal.Has(Scopes.RepoCreate) ? RepositoryRole.Admin : RepositoryRole.None);

    /// <summary>What the principal is in the namespace, read at once: administration is no hot path.</summary>
    public async ValueTask<NamespaceAccess> DecideAsync(Principal principal, string name, CancellationToken ct) => !AccountStore.IsValidName(name)
        ? new(name, 0, false, NamespaceRole.None)
        : await db.OneAsync("""
            SELECT n.id, n.kind,
                   (SELECT max(CASE t.role WHEN 'admin' THEN 3 WHEN 'creator' THEN 2 ELSE 1 END)
                      FROM team_member m JOIN team t ON t.id = m.team_id
                     WHERE m.account_id = @me AND t.namespace_id = n.id)
              FROM namespace n
             WHERE n.name = @name AND n.deleted_ms IS NULL AND n.kind <> 'robot'
            """,
            r => new NamespaceAccess(name, r.GetInt64(0), r.GetString(1) == "organization",
                Cap(principal, r.GetInt64(0) == principal.AccountId ? NamespaceRole.Admin : r.IsDBNull(2) ? NamespaceRole.None : (NamespaceRole)r.GetInt64(2))),
            ct, ("name", name), ("me", principal.AccountId)) ?? new(name, 0, false, NamespaceRole.None);

    /// <summary>Whether the principal has one of the organization permissions in the namespace.</summary>
    public static bool Allows(Principal principal, NamespaceAccess access, Permission permission) => permission switch
    {
        Permission.SeeOrganization => access.Role >= NamespaceRole.Member || principal.Superuser || (principal.ReadsAll && principal.Has(Scopes.OrgAdmin)),
        Permission.InspectOrganization => access.Role >= NamespaceRole.Admin || principal.AdministersAll || (principal.ReadsAll && principal.Has(Scopes.OrgAdmin)),
        Permission.AdministerOrganization => (access.Role >= NamespaceRole.Admin || principal.AdministersAll) && !principal.ReadsAll,
        _ => throw new ArgumentOutOfRangeException(nameof(permission)),
    };

    /// <summary>Whether the principal may make organizations.</summary>
    public bool MayCreateOrganizations(Principal principal) =>
        principal.IsPerson && principal.Has(Scopes.UserAdmin) && !principal.ReadsAll && !principal.Restricted && (!accounts.SuperusersOrgCreationOnly || principal.Superuser);

    /// <summary>Forgets what an event of another process touches.</summary>
    public void Hear(OutboxEvent happened)
    {
        var kind = happened.Kind;
        if (kind.StartsWith("repository.", StringComparison.Ordinal) && happened.Repository is { } name)
            Forget(name);
        else if (kind is "team.changed" or "team.deleted" or "team.member_added" or "team.member_removed" or "team.person_removed" or "robot.deleted")
            ForgetMemberships();
        else if (ConcernsNamespace(kind))
            ForgetNamespace();
    }

    /// <summary>Whether such an event may open or close a whole namespace, or give it another name. What anybody may do often is none of them.</summary>
    public static bool ConcernsNamespace(string kind) => kind is "account.changed" or "account.converted" or "account.deleted"
        or "organization.converted" or "organization.deleted" or "organization.renamed" or "organization.restored" or "organization.taken";

    /// <summary>The repository was made, deleted or restored, its visibility or state changed, or what is granted on it.</summary>
    public void Forget(RepositoryName name) => _repositories.Drop(name);

    /// <summary>Teams, their roles or their members changed.</summary>
    public void ForgetMemberships() => _memberships.DropAll();

    /// <summary>A namespace was deleted, restored, disabled or changed its kind.</summary>
    public void ForgetNamespace()
    {
        _repositories.DropAll();
        _memberships.DropAll();
    }

    private static bool NeedsDecision(Principal principal, Facts facts) => !principal.IsAnonymous && principal.AccountId != facts.NamespaceId;

    private RepositoryAccess? Remembered(Principal principal, RepositoryName name, Facts facts)
    {
        if (!NeedsDecision(principal, facts))
            return Decide(principal, name, facts, NamespaceRole.None, default);
        return _decisions.TryGet((principal.AccountId, facts.RepositoryId), out var decision) && ReferenceEquals(decision.Facts, facts)
            && _memberships.TryGet((principal.AccountId, facts.NamespaceId), out var membership) && ReferenceEquals(decision.Membership, membership)
            ? Decide(principal, name, facts, membership.Role, decision.Granted)
            : null;
    }

    private static RepositoryAccess Decide(Principal principal, RepositoryName name, Facts facts, NamespaceRole role, Grant granted) =>
        new(name, facts.NamespaceId, facts.RepositoryId, Decide(principal, facts, role, granted.Role), facts.ReadOnly) { GrantedBy = granted.By };

    private static RepositoryRole Decide(Principal principal, Facts facts, NamespaceRole role, RepositoryRole granted)
    {
        var decided = DecideUncapped(principal, facts, role, granted);
        // An OAuth token leaves so much of it.
        var most = facts.RepositoryId == 0 ? (principal.Has(Scopes.RepoCreate) ? RepositoryRole.Admin : RepositoryRole.None)
            : principal.Has(Scopes.RepoAdmin) ? RepositoryRole.Admin
            : principal.Has(Scopes.RepoWrite) ? RepositoryRole.Write
            : facts.Public || principal.Has(Scopes.RepoRead) ? RepositoryRole.Read
            : RepositoryRole.None;
        return decided < most ? decided : most;
    }

    // Quay: without a scope for it, a token's person is not even a member.
    private static NamespaceRole Cap(Principal principal, NamespaceRole role)
    {
        var most = principal.Has(Scopes.OrgAdmin) ? NamespaceRole.Admin : principal.Has(Scopes.RepoCreate) ? NamespaceRole.Creator : NamespaceRole.None;
        return role < most ? role : most;
    }

    private static RepositoryRole DecideUncapped(Principal principal, Facts facts, NamespaceRole role, RepositoryRole granted)
    {
        if (facts.Disabled && !principal.Superuser && !principal.ReadsAll)
            return RepositoryRole.None;
        if (principal.ReadsAll)
            return facts.RepositoryId != 0 ? RepositoryRole.Read : RepositoryRole.None;
        if (principal.AdministersAll)
            return RepositoryRole.Admin;
        if (principal.AccountId == facts.NamespaceId)
            return principal.Restricted && facts.RepositoryId == 0 ? RepositoryRole.None : RepositoryRole.Admin;
        if (role == NamespaceRole.Admin || (role == NamespaceRole.Creator && facts.RepositoryId == 0))
            return RepositoryRole.Admin;
        return facts.Public && granted < RepositoryRole.Read ? RepositoryRole.Read : granted;
    }

    /// <param name="Disabled">The namespace is one of a person whose account is disabled.</param>
    private sealed record Facts(long NamespaceId, long RepositoryId, bool Public, bool ReadOnly, bool Disabled);

    private sealed record Membership(NamespaceRole Role);

    /// <summary>The best of the account's own grant and those of its teams, and who gave it.</summary>
    private readonly record struct Grant(RepositoryRole Role, long By);

    private sealed record Decision(Facts Facts, Membership Membership, Grant Granted);

    private sealed record Row(Facts Facts, Membership Membership, Grant Granted);
}
