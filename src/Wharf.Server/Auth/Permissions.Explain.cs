using Wharf.Oci;
using Wharf.Server.Accounts;

namespace Wharf.Server.Auth;

internal sealed partial class Permissions
{
    private const string Speaking = """
        SELECT 'team_role' AS source, CASE t.role WHEN 'admin' THEN 3 WHEN 'creator' THEN 2 ELSE 1 END AS role, t.name AS team, NULL AS granted_by, 0 AS granted_ms
          FROM team_member m JOIN team t ON t.id = m.team_id
         WHERE m.account_id = @me AND t.namespace_id = @ns
        UNION ALL
        SELECT 'account', g.role, NULL, b.name, g.granted_ms
          FROM account_grant g LEFT JOIN namespace b ON b.id = g.granted_by
         WHERE g.namespace_id = @ns AND g.repository_id = @repo AND g.account_id = @me
        UNION ALL
        SELECT 'team', g.role, t.name, b.name, g.granted_ms
          FROM team_grant g
          JOIN team_member m ON m.team_id = g.team_id AND m.account_id = @me
          JOIN team t ON t.id = g.team_id
          LEFT JOIN namespace b ON b.id = g.granted_by
         WHERE g.namespace_id = @ns AND g.repository_id = @repo
        UNION ALL
        SELECT 'public', 1, NULL, NULL, 0 FROM repository r WHERE r.id = @repo AND r.public = 1
        LIMIT 1000
        """;

    /// <summary>Why the engine decides as it does, or did. The decision is the engine's own, asked anew; the sources are read beside it.</summary>
    /// <param name="account">The principal's account, as it is or was then.</param>
    /// <param name="atMs">When, in Unix milliseconds; null for now.</param>
    public async ValueTask<Explanation> ExplainAsync(Principal principal, AccountState? account, RepositoryName name, long? atMs, CancellationToken ct)
    {
        var access = Decide(principal, name, await ReadAsync(principal, name, atMs, ct));
        var sources = new List<PermissionSource>();
        var limits = new List<string>();
        if (principal.ReadsAll && access.Exists)
            sources.Add(new("global_readonly_superuser", RepositoryRole.Read));
        if (principal.AdministersAll && access.NamespaceId != 0)
            sources.Add(new("superuser", RepositoryRole.Admin));
        if (!principal.IsAnonymous && principal.AccountId == access.NamespaceId)
            sources.Add(new("namespace_owner", RepositoryRole.Admin));
        var rows = await db.ListAsync(atMs is null ? Speaking : History.AsOf + Speaking,
            static r => (Source: r.GetString(0), Role: (int)r.GetInt64(1), Team: r.IsDBNull(2) ? null : r.GetString(2), By: r.IsDBNull(3) ? null : r.GetString(3), Ms: r.GetInt64(4)),
            ct, [("me", principal.AccountId), ("ns", access.NamespaceId), ("repo", access.RepositoryId), .. AtArgument(atMs)]);
        foreach (var row in rows)
            switch (row.Source)
            {
                case "public":
                    sources.Add(new("public", RepositoryRole.Read));
                    break;
                case "team_role" when row.Role == (int)NamespaceRole.Admin:
                    sources.Add(new("organization_admin", RepositoryRole.Admin, row.Team));
                    break;
                // It makes repositories, and is nothing to those that there are.
                case "team_role" when row.Role == (int)NamespaceRole.Creator && !access.Exists:
                    sources.Add(new("creator", RepositoryRole.Admin, row.Team));
                    break;
                case "account" or "team":
                    sources.Add(new(row.Source == "team" ? "team" : principal.IsRobot ? "robot" : "user", (RepositoryRole)row.Role, row.Team, row.By, row.Ms));
                    break;
            }
        if (access.NamespaceId == 0 && access.Role > RepositoryRole.None)
            sources.Add(new("namespace_on_push", RepositoryRole.Admin));

        var disabled = account is { Enabled: false };
        if (disabled)
            limits.Add(principal.IsRobot ? "The robot's owner is disabled." : "The account is disabled.");
        var expired = account?.ExpiresMs <= (atMs ?? clock.GetUtcNow().ToUnixTimeMilliseconds());
        if (expired)
            limits.Add("The robot has expired.");
        if (principal.ReadsAll)
            limits.Add("A global read-only superuser changes nothing, whatever is granted.");
        if (principal.Restricted && principal.AccountId == access.NamespaceId && !access.Exists)
            limits.Add("A restricted user makes no repositories in the own namespace.");
        // Not to whom the repository does not exist.
        if (access.ReadOnly && access.Role > RepositoryRole.None)
            limits.Add("The repository is read-only: nobody pushes to it or deletes from it.");
        if (principal.Scopes != Scopes.All)
            limits.Add($"The token has the scope {ScopeText.Format(principal.Scopes)} only.");
        var ordered = sources.OrderByDescending(static s => s.Role).ToList();
        // What is left after the limits: the first source that gives the role that was decided.
        return new(access, !disabled && !expired, access.Role == RepositoryRole.None ? null : ordered.Find(s => s.Role == access.Role) ?? ordered.Find(s => s.Role >= access.Role), ordered, limits);
    }

    /// <summary>
    /// Whether the principal administers, now, what had the name then: that very repository, under whatever name it has today, or its
    /// namespace where it is deleted or was not there. Who got an old name later learns nothing of its former owner.
    /// </summary>
    public async ValueTask<bool> AdministersWhatWasAsync(Principal principal, RepositoryName name, long atMs, CancellationToken ct)
    {
        if (await ReadAsync(principal, name, atMs, ct) is not { Facts: var then })
            return false;
        var today = await db.OneAsync("""
            SELECT n.name, r.name FROM namespace n LEFT JOIN repository r ON r.namespace_id = n.id AND r.id = @repo AND r.deleted_ms IS NULL
             WHERE n.id = @ns AND n.deleted_ms IS NULL
            """,
            static r => (Namespace: r.GetString(0), Repository: r.IsDBNull(1) ? null : r.GetString(1)), ct, ("ns", then.NamespaceId), ("repo", then.RepositoryId));
        if (today.Repository is not null)
            return RepositoryName.TryParse($"{today.Namespace}/{today.Repository}", null, out var now)
                && await DecideAsync(principal, now, RepositoryRole.Admin, ct) is { Role: RepositoryRole.Admin } access && access.RepositoryId == then.RepositoryId;
        return today.Namespace is not null && await DecideAsync(principal, today.Namespace, ct) is var administered
            && administered.NamespaceId == then.NamespaceId && Allows(principal, administered, Permission.AdministerOrganization);
    }

    /// <summary>Since when changes are recorded, in Unix milliseconds.</summary>
    public ValueTask<long> HistoryBeganAsync(CancellationToken ct) => db.OneAsync(History.Began, static r => r.GetInt64(0), ct);

    private static (string Name, object? Value)[] AtArgument(long? atMs) => atMs is { } at ? [("at", at)] : [];
}
