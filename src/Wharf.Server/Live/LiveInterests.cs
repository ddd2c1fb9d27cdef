using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Repositories;

namespace Wharf.Server.Live;

/// <summary>What somebody hears of who names nothing: what he owns, is a member of, was granted or has starred.</summary>
internal sealed class LiveInterests(Database db)
{
    private const int Most = 5000;

    /// <summary>Null for who may see everything.</summary>
    public async ValueTask<Of?> ReadAsync(Principal principal, CancellationToken ct)
    {
        if (VisibleRepositories.SeesAll(principal))
            return null;
        var of = new Of([principal.AccountId], []);
        if (principal.IsRobot)
            of.Namespaces.Add(principal.RobotOf);
        foreach (var (ns, repository) in await db.ListAsync($"""
            SELECT t.namespace_id, 0 FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @me
            UNION SELECT 0, s.repository_id FROM star s WHERE s.account_id = @me
            UNION SELECT 0, g.repository_id FROM account_grant g WHERE g.account_id = @me
            LIMIT {Most}
            """, static r => (r.GetInt64(0), r.GetInt64(1)), ct, ("me", principal.AccountId)))
        {
            if (ns != 0)
                of.Namespaces.Add(ns);
            else
                of.Repositories.Add(repository);
        }
        return of;
    }

    internal sealed record Of(HashSet<long> Namespaces, HashSet<long> Repositories);
}
