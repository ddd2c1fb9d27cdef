using FsCheck;
using FsCheck.Fluent;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>
/// Random stories of pushes, mounts, tags, deletions, restorations, leases, time and crashes, with the collector in between at any point:
/// nothing that was acknowledged or can be reached is ever lost, and at the end nothing else is left.
/// </summary>
public sealed class LifetimeModelTests
{
    private const int Length = 80;

    private static readonly (int Weight, OpKind Kind)[] s_kinds =
    [
        (10, OpKind.PushBlob), (5, OpKind.HeadBlob), (4, OpKind.Mount), (12, OpKind.PutTagged), (4, OpKind.PutUntagged), (4, OpKind.HeadManifest), (7, OpKind.EndTag), (5, OpKind.DeleteManifest),
        (2, OpKind.DeleteBlob), (5, OpKind.TakeLease), (4, OpKind.EndLease), (2, OpKind.Delete), (4, OpKind.Restore), (10, OpKind.Advance), (14, OpKind.Collect), (8, OpKind.Round), (2, OpKind.Restart),
    ];

    private static readonly TimeSpan[] s_windows = [TimeSpan.Zero, TimeSpan.FromHours(2), TimeSpan.FromDays(1)];

    [Fact]
    public async Task What_is_needed_is_never_lost_and_what_is_not_goes()
    {
        await using var lab = await Laboratory.StartAsync();
        var stories = int.Parse(Environment.GetEnvironmentVariable("WHARF_TEST_STORIES") ?? "60", null);
        var operations = 0;

        Stories(lab, count => operations += count).Check(Config.QuickThrowOnFailure.WithMaxTest(stories));

        TestContext.Current.TestOutputHelper?.WriteLine($"{operations} operations in {stories} stories");
        Assert.InRange(operations, stories * Length / 2, int.MaxValue);
    }

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
    public async Task A_broken_rule_is_noticed(string rule, string find, string replace)
    {
        const int Most = 400;
        await using var lab = await Laboratory.StartAsync((find, replace));
        var told = 0;

        var noticed = false;
        foreach (var story in s_story.Sample(Most, 50))
        {
            told++;
            try
            {
                await RunAsync(lab, story);
            }
            catch (LifetimeViolation)
            {
                noticed = true;
                break;
            }
        }

        Assert.True(lab.Db.Met > 0, $"There is no SQL any more with: {find}");
        Assert.True(noticed, $"Nobody noticed in {told} stories that this is broken: {rule}");
    }

    // The first of a kind more often than the others: what is interesting happens to one thing several times.
    private static readonly Gen<int> s_often = from one in Gen.Choose(0, 39) from other in Gen.Choose(0, 39) select Math.Min(one, other) / 5;

    private static readonly Gen<Story> s_story =
        from window in Gen.Elements(s_windows)
        from ops in (from kind in Gen.Frequency([.. s_kinds.Select(static k => (k.Weight, Gen.Constant(k.Kind)))])
                     from a in Gen.Choose(0, 1)
                     from b in s_often
                     from c in Gen.Choose(0, 999)
                     select new LifetimeOp(kind, a, b, c)).ListOf(Length)
        select new Story(window, [.. ops]);

    private static Property Stories(Laboratory lab, Action<int> ran) => Prop.ForAll(Arb.From(s_story, Shrink), told =>
    {
        RunAsync(lab, told).GetAwaiter().GetResult();
        ran(told.Ops.Length);
    });

    private static async Task RunAsync(Laboratory lab, Story story)
    {
        var model = await LifetimeModel.StartAsync(lab, story.Window);
        await model.RunAsync(story.Ops);
        await model.EndAsync();
    }

    // Shorter ones first: without a half, a quarter, down to single steps.
    private static IEnumerable<Story> Shrink(Story story)
    {
        for (var size = story.Ops.Length / 2; size > 0; size /= 2)
            for (var at = 0; at + size <= story.Ops.Length; at += size)
                yield return story with { Ops = [.. story.Ops.Take(at), .. story.Ops.Skip(at + size)] };
    }

    internal sealed record Story(TimeSpan Window, LifetimeOp[] Ops)
    {
        public override string ToString() => $"window {Window}: {string.Join(" ", Ops)}";
    }
}
