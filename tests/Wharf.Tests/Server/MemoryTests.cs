using System.Diagnostics;

namespace Wharf.Tests.Server;

public sealed class MemoryTests(Registry registry) : IClassFixture<Registry>
{
    private const long MiB = 1 << 20;

    [Fact, Trait("Speed", "Slow")]
    public async Task Peak_memory_does_not_grow_with_the_size_of_a_blob()
    {
        var user = await registry.CreateUserAsync();
        await LargeBlob.PushAndPullAsync(user.Client, $"{user.Name}/small", 16 * MiB, inOneRequest: true);
        var before = registry.ForgetPeak();

        await LargeBlob.PushAndPullAsync(user.Client, $"{user.Name}/large", 512 * MiB, inOneRequest: true);

        Assert.InRange(registry.Status("VmHWM") - before, 0, 64 * MiB);
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task A_load_leaves_little_resident_within_30_seconds()
    {
        // The target is 120 MB, which is missed (docs/performance.md): up to 132 MB on SQLite, and with PostgreSQL its client comes on top.
        var most = registry.Database is null ? 144_000_000 : 156_000_000;
        var user = await registry.CreateUserAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(n => LargeBlob.PushAndPullAsync(user.Client, $"{user.Name}/load{n}", 8 * MiB, inOneRequest: true)));

        var waiting = Stopwatch.StartNew();
        while (registry.Status("VmRSS") >= most)
        {
            Assert.True(waiting.Elapsed < TimeSpan.FromSeconds(30), $"{registry.Status("VmRSS")} bytes are resident 30 s after a load.");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
