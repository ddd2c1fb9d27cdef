using System.Globalization;
using System.Text;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;

namespace Wharf.Server.PullStatistics;

/// <summary>
/// The counts of pulls. A pull by a tag counts for the tag and for the manifest, one by a digest for the manifest only; and many clients
/// ask for a tag's digest first (HEAD) and pull by that. So whether a tag is used is told by both rows (<see cref="LastPulls"/>).
/// Manifests take their rows along (Content/Collector), and tags theirs with the last of their history (ContentStore.ForgetHistoryAsync).
/// </summary>
internal sealed class PullStore(Database db, TimeProvider clock)
{
    // What has gone since it was pulled gets no row, nor what is no tag (a tag as of a time). Rows are locked in the order of their keys.
    private readonly string _add = $"""
        INSERT INTO pull_count (namespace_id, repository_id, tag, digest, pulls, last_ms)
        SELECT p.ns, p.repo, p.tag, p.digest, CAST(sum(p.pulls) AS BIGINT), now_ms() - min(p.ago)
          FROM (SELECT * FROM {db.RowsOfJson("rows", "ns", "repo", "tag$", "digest#", "account", "pulls", "ago")}) p
         WHERE NOT EXISTS (SELECT 1 FROM pull_exclusion x WHERE x.namespace_id = p.ns AND x.account_id = p.account)
           AND CASE WHEN p.tag = '' THEN EXISTS (SELECT 1 FROM manifest_link l WHERE l.namespace_id = p.ns AND l.repository_id = p.repo AND l.digest = p.digest)
                    ELSE EXISTS (SELECT 1 FROM tag t WHERE t.namespace_id = p.ns AND t.repository_id = p.repo AND t.name = p.tag) END
         GROUP BY p.ns, p.repo, p.tag, p.digest ORDER BY p.ns, p.repo, p.tag, p.digest
        ON CONFLICT (namespace_id, repository_id, tag, digest) DO UPDATE SET pulls = pull_count.pulls + excluded.pulls,
               last_ms = CASE WHEN excluded.last_ms > pull_count.last_ms THEN excluded.last_ms ELSE pull_count.last_ms END
        """;

    // By the row of the manifest, which each pull has once.
    private readonly string _addDays = $"""
        INSERT INTO repository_day (namespace_id, repository_id, day, pulls)
        SELECT ns, repo, day, CAST(sum(pulls) AS BIGINT)
          FROM (SELECT p.ns, p.repo, (now_ms() - p.ago) / 86400000 AS day, p.pulls, p.account
                  FROM (SELECT * FROM {db.RowsOfJson("rows", "ns", "repo", "tag$", "digest#", "account", "pulls", "ago")}) p WHERE p.tag = '') q
         WHERE NOT EXISTS (SELECT 1 FROM pull_exclusion x WHERE x.namespace_id = q.ns AND x.account_id = q.account) AND EXISTS (SELECT 1 FROM repository r WHERE r.id = q.repo AND r.deleted_ms IS NULL)
         GROUP BY ns, repo, day ORDER BY ns, repo, day
        ON CONFLICT (namespace_id, repository_id, day) DO UPDATE SET pulls = repository_day.pulls + excluded.pulls
        """;

    /// <summary>Adds to what other replicas added.</summary>
    /// <param name="rows">In the order of their keys.</param>
    public Task AddAsync(IReadOnlyList<PullRow> rows, CancellationToken ct)
    {
        var text = new StringBuilder("[");
        foreach (var row in rows)
        {
            // Times are told as ages: the clocks of replicas differ.
            var ago = (long)clock.GetElapsedTime(row.At).TotalMilliseconds;
            // The name of a tag needs no escaping.
            text.Append(text.Length == 1 ? "" : ",").Append(CultureInfo.InvariantCulture,
                $"[{row.NamespaceId},{row.RepositoryId},\"{row.Tag}\",\"{Convert.ToHexStringLower(row.Digest)}\",{row.AccountId},{row.Pulls},{ago}]");
        }
        var json = text.Append(']').ToString();
        return db.WriteAsync(async tx =>
        {
            await tx.ExecuteAsync(_add, ("rows", json));
            return await tx.ExecuteAsync(_addDays, ("rows", json));
        }, ct);
    }

    /// <summary>Of a tag that there is.</summary>
    public ValueTask<TagPulls?> FindAsync(RepositoryAccess access, string tag, CancellationToken ct) => db.OneAsync($"""
        SELECT t.digest, coalesce(by_name.pulls, 0), by_name.last_ms, coalesce(by_digest.pulls, 0), by_digest.last_ms
          FROM tag t {LastPulls.Join}
         WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.name = @name AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms())
        """, static r => new TagPulls(new Digest(r.GetFieldValue<byte[]>(0)), new PullCount(r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2)), new PullCount(r.GetInt64(3), r.IsDBNull(4) ? null : r.GetInt64(4))),
        ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag));

    /// <summary>Of a manifest that there is.</summary>
    public ValueTask<PullCount?> FindAsync(RepositoryAccess access, Digest digest, CancellationToken ct) => db.OneAsync("""
        SELECT coalesce(p.pulls, 0), p.last_ms
          FROM manifest_link l
          LEFT JOIN pull_count p ON p.namespace_id = l.namespace_id AND p.repository_id = l.repository_id AND p.tag = '' AND p.digest = l.digest
         WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND l.deleted_ms IS NULL
        """, static r => new PullCount(r.GetInt64(0), r.IsDBNull(1) ? null : r.GetInt64(1)), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest.ToArray()));
}

/// <param name="LastMs">Null for never.</param>
internal sealed record PullCount(long Pulls, long? LastMs);

/// <param name="Digest">What the tag names now.</param>
/// <param name="ByName">Of the tag, whatever it named.</param>
/// <param name="OfManifest">Of what it names now, by whatever name.</param>
internal sealed record TagPulls(Digest Digest, PullCount ByName, PullCount OfManifest);
