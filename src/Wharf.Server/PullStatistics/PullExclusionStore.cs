using System.Text.Json;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Organizations;
using Wharf.Server.Outbox;

namespace Wharf.Server.PullStatistics;

/// <summary>Whose pulls from an organization are no use of what they pull. It holds from the next write of counts on, on all replicas.</summary>
internal sealed class PullExclusionStore(Database db)
{
    private const int MaxExclusions = 100;

    private const string Account = "namespace n ON n.id = x.account_id AND n.deleted_ms IS NULL";

    public ValueTask<List<PullExclusion>> ListAsync(long organizationId, CancellationToken ct) => db.ListAsync(
        $"SELECT n.name, n.kind, x.created_ms FROM pull_exclusion x JOIN {Account} WHERE x.namespace_id = @ns ORDER BY n.name LIMIT {MaxExclusions}",
        static r => new PullExclusion(r.GetString(0), r.GetString(1) == "robot", r.GetInt64(2)), ct, ("ns", organizationId));

    public Task<OrganizationOutcome> AddAsync(Principal by, long organizationId, string name, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (!await Roster.LockAsync(db, tx, organizationId))
            return OrganizationOutcome.Gone;
        var ns = ("ns", (object?)organizationId);
        if (await FindAsync(tx, name) is not { } account)
            return OrganizationOutcome.NotFound("There is no user or robot of that name.");
        await tx.ExecuteAsync($"DELETE FROM pull_exclusion WHERE namespace_id = @ns AND NOT EXISTS (SELECT 1 FROM pull_exclusion x JOIN {Account} WHERE x.namespace_id = @ns AND x.account_id = pull_exclusion.account_id)", ns);
        if (await tx.OneAsync("SELECT count(*) FROM pull_exclusion WHERE namespace_id = @ns AND account_id <> @account", static r => r.GetInt64(0), ns, ("account", account)) >= MaxExclusions)
            return OrganizationOutcome.Refused($"An organization excludes at most {MaxExclusions} users and robots from its pull statistics.");
        if (await tx.ExecuteAsync("""
            INSERT INTO pull_exclusion (namespace_id, account_id, created_by, created_ms) VALUES (@ns, @account, @by, now_ms()) ON CONFLICT (namespace_id, account_id) DO NOTHING
            """, ns, ("account", account), ("by", by.AccountId)) > 0)
            await TellAsync(tx, "organization.pull_exclusion_added", by, organizationId, account, name);
        return OrganizationOutcome.Done;
    }, ct);

    public Task<OrganizationOutcome> RemoveAsync(Principal by, long organizationId, string name, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await FindAsync(tx, name) is not { } account
            || await tx.ExecuteAsync("DELETE FROM pull_exclusion WHERE namespace_id = @ns AND account_id = @account", ("ns", organizationId), ("account", account)) == 0)
            return OrganizationOutcome.NotFound("Pulls of nobody of that name are excluded.");
        await TellAsync(tx, "organization.pull_exclusion_removed", by, organizationId, account, name);
        return OrganizationOutcome.Done;
    }, ct);

    /// <summary>Takes away what there is about a namespace that is gone for good.</summary>
    public static async ValueTask PurgeAsync(Tx tx, long namespaceId) => await tx.ExecuteAsync("DELETE FROM pull_exclusion WHERE namespace_id = @ns", ("ns", namespaceId));

    private static ValueTask<int> TellAsync(Tx tx, string kind, Principal by, long organizationId, long account, string name) =>
        Events.AddAsync(tx, kind, organizationId, null, null, $$"""{"by":{{by.AccountId}},"account":{{account}},"excluded":"{{JsonEncodedText.Encode(name)}}"}""");

    private static ValueTask<long?> FindAsync(Tx tx, string name) => tx.OneAsync(
        "SELECT id FROM namespace WHERE name = @name AND deleted_ms IS NULL AND kind <> 'organization'", static r => (long?)r.GetInt64(0), ("name", name));
}

internal sealed record PullExclusion(string Name, bool IsRobot, long CreatedMs);
