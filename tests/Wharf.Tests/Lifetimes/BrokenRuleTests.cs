using FsCheck.Fluent;
using Wharf.Tests.Server.Lifetimes;

namespace Wharf.Tests.Lifetimes;

/// <summary>That the model of lifetimes can fail: with each of the rules broken it does. Once, on SQLite: it is the model that is tried here.</summary>
[Trait("Speed", "Slow")]
public sealed class BrokenRuleTests
{
    /// <summary>Each row spoils one of the rules of contracts 1, 2 and 6 in the SQL, and must be noticed.</summary>
    [Theory]
    [InlineData("asking for a blob keeps it", "UPDATE repository_blob SET released_ms = NULL", "UPDATE repository_blob SET linked_ms = linked_ms")]
    [InlineData("asking for a manifest keeps it", "UPDATE manifest_link SET released_ms = NULL", "UPDATE manifest_link SET linked_ms = linked_ms")]
    [InlineData("a push of a blob keeps its link", "DO UPDATE SET released_ms = NULL, deleted_ms = NULL", "DO UPDATE SET linked_ms = excluded.linked_ms")]
    [InlineData("a tag keeps its manifest", "t.digest = l.digest AND t.ended_ms IS NULL", "t.digest = l.digest AND t.ended_ms IS NULL AND 1 = 0")]
    [InlineData("a former tag keeps it within the window", "AND t.collected_ms IS NULL) + n.tag_expiration_s", "AND t.collected_ms IS NULL AND 1 = 0) + n.tag_expiration_s")]
    [InlineData("an index keeps its children", "p.kind = 'child'", "p.kind = 'none'")]
    [InlineData("a subject keeps its referrers", "s.digest = l.subject)", "s.digest = l.subject AND 1 = 0)")]
    [InlineData("a lease keeps its manifest", "FROM digest_lease e WHERE", "FROM digest_lease e WHERE 1 = 0 AND")]
    [InlineData("a lease forbids the deletion", "SELECT 1 FROM digest_lease WHERE namespace_id", "SELECT 1 FROM digest_lease WHERE 1 = 0 AND namespace_id")]
    [InlineData("a push without a tag keeps its manifest", "coalesce(l.pinned_ms, l.linked_ms) +", "0 * coalesce(l.pinned_ms, l.linked_ms) +")]
    [InlineData("a manifest keeps its blobs", "r.digest = l.digest AND r.kind = 'blob') THEN 1", "r.digest = l.digest AND r.kind = 'blob' AND 1 = 0) THEN 1")]
    [InlineData("a link keeps its blob", "FROM repository_blob l WHERE l.digest = b.digest)", "FROM repository_blob l WHERE l.digest = b.digest AND 1 = 0)")]
    [InlineData("a link keeps the manifest's bytes", "FROM manifest_link l WHERE l.digest = m.digest)", "FROM manifest_link l WHERE l.digest = m.digest AND 1 = 0)")]
    [InlineData("a deleted blob is only hidden", "UPDATE repository_blob SET deleted_ms = now_ms() WHERE", "DELETE FROM repository_blob WHERE")]
    [InlineData("a moved tag has its former manifest looked at", "digest, now_ms() + (SELECT tag_expiration_s FROM namespace WHERE id = @ns) * 1000 FROM tag WHERE", "digest, now_ms() FROM tag WHERE 1 = 0 AND")]
    [InlineData("a collected manifest has what it named looked at", "CASE r.kind WHEN 'child' THEN 'manifest' ELSE 'link' END", "'nothing'")]
    [InlineData("a collected subject has its referrers looked at", "AND s.subject = v.digest", "AND s.subject = v.digest AND 1 = 0")]
    [InlineData("an unlinked blob is looked at", "SELECT DISTINCT 'blob', 0, 0", "SELECT DISTINCT 'nothing', 0, 0")]
    [InlineData("a manifest that no repository has is looked at", "SELECT DISTINCT 'content', 0, 0", "SELECT DISTINCT 'nothing', 0, 0")]
    [InlineData("an abandoned push is looked at", "SELECT 'link', @ns, @repo, @digest, now_ms() + @grace WHERE", "SELECT 'link', @ns, @repo, @digest, now_ms() WHERE 1 = 0 AND")]
    [InlineData("the bytes of a removed blob are garbage", "b.size FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE", "b.size FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE 1 = 0 AND")]
    [InlineData("a deleted repository is looked at", "'repository'", "'nothing'")]
    [InlineData("a link is counted", "INSERT INTO usage_blob (namespace_id, quota_id, digest, bytes, folded)\nSELECT @ns, s.id", "INSERT INTO usage_blob (namespace_id, quota_id, digest, bytes, folded)\nSELECT @ns, -1 - s.id")]
    [InlineData("what left a repository is looked at", "SELECT DISTINCT 'usage'", "SELECT DISTINCT 'nothing'")]
    [InlineData("what another repository has stays counted", "AND l.namespace_id = u.namespace_id AND (u.quota_id = 0", "AND 1 = 0 AND (u.quota_id = 0")]
    [InlineData("what goes is taken off", "-sum(bytes) FROM usage_blob WHERE folded = 1", "0 * sum(bytes) FROM usage_blob WHERE folded = 1")]
    [InlineData("what is folded is added once", "SET folded = 1 WHERE", "SET folded = 0 WHERE")]
    [InlineData("a hold keeps its repository", "h.repository_id = l.repository_id AND h.tag = ''", "h.repository_id = l.repository_id AND 1 = 0")]
    [InlineData("a hold on a tag keeps what it has named", "h.tag <> '' AND k.digest", "1 = 0 AND k.digest")]
    [InlineData("a hold keeps a deleted repository", "h.repository_id IN (0, @repo)", "h.repository_id IN (-1)")]
    [InlineData("what a lifted hold kept is looked at", "SELECT 'lifted', namespace_id, id", "SELECT 'nothing', namespace_id, id")]
    public async Task A_broken_rule_is_noticed(string rule, string find, string replace)
    {
        const int Most = 400;
        await using var lab = await Laboratory.StartAsync((find, replace));
        var told = 0;

        var noticed = false;
        foreach (var story in LifetimeModelTests.Known.Concat(LifetimeModelTests.Told.Sample(Most, 50)))
        {
            told++;
            try
            {
                await LifetimeModelTests.RunAsync(lab, story);
            }
            catch (LifetimeViolation) when (lab.Met > 0)
            {
                noticed = true;
                break;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"noticed in story {told}");
        Assert.True(lab.Met > 0, $"There is no SQL any more with: {find}");
        Assert.True(noticed, $"Nobody noticed in {told} stories that this is broken: {rule}");
    }
}
