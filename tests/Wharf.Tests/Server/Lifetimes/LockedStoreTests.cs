using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.GarbageCollection;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>A store with object lock, which does not let everything go at once.</summary>
public sealed class LockedStoreTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_store_does_not_let_go_yet_is_asked_for_again_when_it_does()
    {
        await using var lab = await Laboratory.StartAsync();
        var (owner, repositories) = await lab.NewNamespaceAsync(TimeSpan.Zero, 1);
        foreach (var content in (byte[][])[[1, 2, 3], [4, 5], [6]])
            await lab.Get<Uploads>().StoreAsync(owner, repositories[0], Digest.Of(content), content.Length, new MemoryStream(content), Ct);
        var (locked, unsaid) = (await KeyAsync(lab, [1, 2, 3]), await KeyAsync(lab, [4, 5]));
        var until = lab.Clock.GetUtcNow() + TimeSpan.FromDays(10);
        var asked = 0;
        lab.Disk.LockedUntil = key =>
        {
            asked += key == locked ? 1 : 0;
            return key == locked ? until : key == unsaid ? DateTimeOffset.MinValue : null;
        };

        await RunAsync(lab, TimeSpan.FromHours(4), 4);

        var status = await GarbageStatus.ReadAsync(lab.Db, Ct);
        Assert.Equal(new[] { locked, unsaid }.Order(StringComparer.Ordinal), (await lab.KeysAsync()).Order(StringComparer.Ordinal));
        Assert.Equal((2, 5L), ((int)status.Reclaimable.LockedObjects, status.Reclaimable.LockedBytes));
        Assert.Equal(2, status.Reclaimable.Objects);
        var before = asked;
        await RunAsync(lab, TimeSpan.FromHours(1), 24);
        Assert.Equal(before, asked);

        lab.Disk.LockedUntil = key => key == unsaid ? DateTimeOffset.MinValue : null;
        await RunAsync(lab, TimeSpan.FromDays(10), 1);
        Assert.Equal([unsaid], await lab.KeysAsync());
        lab.Disk.LockedUntil = null;
        await RunAsync(lab, TimeSpan.FromDays(2), 1);
        Assert.Empty(await lab.KeysAsync());
        Assert.Equal(0, (await GarbageStatus.ReadAsync(lab.Db, Ct)).Reclaimable.LockedObjects);
    }

    private static async Task RunAsync(Laboratory lab, TimeSpan step, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await lab.AdvanceAsync(step);
            await lab.Get<CollectorRound>().RunAsync(static _ => { }, Ct);
        }
    }

    private static async Task<string> KeyAsync(Laboratory lab, byte[] content) =>
        (await lab.Db.OneAsync("SELECT storage_key FROM blob_placement WHERE digest = @digest", static r => r.GetString(0), Ct, ("digest", Digest.Of(content).ToArray())))!;
}
