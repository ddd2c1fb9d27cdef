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
        (10, OpKind.PushBlob), (5, OpKind.HeadBlob), (4, OpKind.Mount), (12, OpKind.PutTagged), (4, OpKind.PutUntagged), (9, OpKind.HeadManifest), (7, OpKind.EndTag), (5, OpKind.DeleteManifest),
        (2, OpKind.DeleteBlob), (5, OpKind.TakeLease), (4, OpKind.EndLease), (2, OpKind.Delete), (4, OpKind.Restore), (10, OpKind.Advance), (14, OpKind.Collect), (8, OpKind.Round), (2, OpKind.Restart),
        (4, OpKind.SetHold), (3, OpKind.LiftHold),
    ];

    private static readonly TimeSpan[] s_windows = [TimeSpan.Zero, TimeSpan.FromHours(2), TimeSpan.FromDays(1)];

    [Fact]
    public async Task What_is_needed_is_never_lost_and_what_is_not_goes()
    {
        await using var lab = await Laboratory.StartAsync();
        var stories = int.Parse(Environment.GetEnvironmentVariable("WHARF_TEST_STORIES") ?? "60", null);
        var operations = 0;

        foreach (var known in Known)
            await RunAsync(lab, known);
        Stories(lab, count => operations += count).Check(Config.QuickThrowOnFailure.WithMaxTest(stories));

        TestContext.Current.TestOutputHelper?.WriteLine($"{operations} operations in {stories} stories");
        Assert.InRange(operations, stories * Length / 2, int.MaxValue);
    }

    // The first of a kind more often than the others: what is interesting happens to one thing several times.
    private static readonly Gen<int> s_often = from one in Gen.Choose(0, 39) from other in Gen.Choose(0, 39) select Math.Min(one, other) / 5;

    internal static readonly Gen<Story> Told =
        from window in Gen.Elements(s_windows)
        from ops in (from kind in Gen.Frequency([.. s_kinds.Select(static k => (k.Weight, Gen.Constant(k.Kind)))])
                     from a in Gen.Choose(0, 1)
                     from b in s_often
                     from c in Gen.Choose(0, 999)
                     select new LifetimeOp(kind, a, b, c)).ListOf(Length)
        select new Story(window, [.. ops]);

    /// <summary>Stories that chance tells too seldom.</summary>
    internal static readonly Story[] Known =
    [
        // Somebody asks for a manifest that nothing needs, shortly before it would go.
        new(TimeSpan.Zero,
        [
            new(OpKind.PushBlob, 0, 0, 1), new(OpKind.PushBlob, 0, 1, 1), new(OpKind.PutTagged, 0, 0, 0), new(OpKind.EndTag, 0, 0, 0), new(OpKind.Advance, 0, 0, 0), new(OpKind.Round, 0, 0, 0),
            new(OpKind.Advance, 0, 0, 1), new(OpKind.HeadManifest, 0, 0, 0), new(OpKind.Advance, 0, 0, 1), new(OpKind.Round, 0, 0, 0),
        ]),
        // A push without a tag is looked at before its time.
        new(TimeSpan.FromDays(1),
        [
            new(OpKind.PushBlob, 0, 0, 1), new(OpKind.PushBlob, 0, 1, 1), new(OpKind.PutUntagged, 0, 0, 0), new(OpKind.Collect, 0, 0, 30), new(OpKind.Advance, 0, 0, 2), new(OpKind.Round, 0, 0, 0),
        ]),
        // Somebody has a lease when the last tag goes.
        new(TimeSpan.Zero,
        [
            new(OpKind.PushBlob, 0, 0, 1), new(OpKind.PushBlob, 0, 1, 1), new(OpKind.PutTagged, 0, 0, 0), new(OpKind.TakeLease, 0, 0, 2), new(OpKind.EndTag, 0, 0, 0), new(OpKind.Advance, 0, 0, 0), new(OpKind.Round, 0, 0, 0),
            new(OpKind.Advance, 0, 0, 2), new(OpKind.Round, 0, 0, 0),
        ]),
        // A tag goes that is on hold.
        new(TimeSpan.Zero,
        [
            new(OpKind.PushBlob, 0, 0, 1), new(OpKind.PushBlob, 0, 1, 1), new(OpKind.PutTagged, 0, 0, 1), new(OpKind.SetHold, 0, 0, 1), new(OpKind.EndTag, 0, 0, 1), new(OpKind.Advance, 0, 0, 0), new(OpKind.Round, 0, 0, 0),
            new(OpKind.Advance, 0, 0, 2), new(OpKind.Round, 0, 0, 0),
        ]),
        // A tag moves, and never comes back.
        new(TimeSpan.Zero,
        [
            new(OpKind.PushBlob, 0, 0, 1), new(OpKind.PushBlob, 0, 1, 1), new(OpKind.PushBlob, 0, 2, 1), new(OpKind.PutTagged, 0, 0, 0), new(OpKind.PutTagged, 0, 2, 0),
        ]),
        // A push without a tag is looked at when its time is over, soon after a tag of it went.
        new(TimeSpan.FromDays(1),
        [
            new(OpKind.PushBlob, 0, 0, 1), new(OpKind.PushBlob, 0, 1, 1), new(OpKind.PutUntagged, 0, 0, 0), new(OpKind.Advance, 0, 0, 3), new(OpKind.Advance, 0, 0, 3), new(OpKind.Advance, 0, 0, 3), new(OpKind.Advance, 0, 0, 3),
            new(OpKind.PutTagged, 0, 0, 0), new(OpKind.EndTag, 0, 0, 0), new(OpKind.Advance, 0, 0, 3), new(OpKind.Round, 0, 0, 0), new(OpKind.Advance, 0, 0, 2), new(OpKind.Round, 0, 0, 0),
        ]),
        // A referrer, of which the last review was while its subject was there, outlives it.
        new(TimeSpan.Zero,
        [
            new(OpKind.PushBlob, 0, 0, 1), new(OpKind.PushBlob, 0, 1, 1), new(OpKind.PushBlob, 0, 4, 1), new(OpKind.PutTagged, 0, 0, 0), new(OpKind.PutUntagged, 0, 1, 0),
            new(OpKind.Advance, 0, 0, 2), new(OpKind.Round, 0, 0, 0), new(OpKind.Advance, 0, 0, 2), new(OpKind.Round, 0, 0, 0), new(OpKind.EndTag, 0, 0, 0), new(OpKind.Round, 0, 0, 0),
        ]),
    ];

    private static Property Stories(Laboratory lab, Action<int> ran) => Prop.ForAll(Arb.From(Told, Shrink), told =>
    {
        RunAsync(lab, told).GetAwaiter().GetResult();
        ran(told.Ops.Length);
    });

    internal static async Task RunAsync(Laboratory lab, Story story)
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
