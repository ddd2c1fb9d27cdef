namespace Wharf.Tests.Server.Stores;

/// <summary>A transfer through a store holds two parts and 16 MiB in memory at most, whatever the size of the blob (contract 4).</summary>
public sealed class StoreMemoryTests(StoreMemoryTests.Registry registry) : IClassFixture<StoreMemoryTests.Registry>
{
    /// <summary>Parts of the size that they have when nobody says another.</summary>
    public sealed class Registry : S3Registry
    {
        protected override IReadOnlyDictionary<string, string> More => new Dictionary<string, string> { ["Redirect"] = "false", ["PartSize"] = "16MiB" };
    }

    private const long MiB = 1 << 20;
    private const long Most = (2 * 16 + 16) * MiB;
    private const int Crowd = 5;

    [Fact, Trait("Speed", "Slow")]
    public async Task A_transfer_holds_two_parts_and_little_more()
    {
        await PeakAsync(1, 64 * MiB);
        var one = await PeakAsync(1, 64 * MiB);

        // What a process holds besides its transfers comes and goes, and is the same for one and for five.
        var (large, five) = (await PeakAsync(1, 400 * MiB), await PeakAsync(Crowd, 64 * MiB));

        TestContext.Current.TestOutputHelper!.WriteLine($"{one / MiB} MiB with a blob of 64 MiB, {large / MiB} with one of 400, {five / MiB} with {Crowd} of 64");
        Assert.InRange(large - one, long.MinValue, Most);
        Assert.InRange((five - Math.Max(one, large)) / (Crowd - 1), 0, Most);
    }

    /// <summary>Pushes blobs at once and pulls them.</summary>
    /// <returns>How many bytes the process held at most.</returns>
    private async Task<long> PeakAsync(int blobs, long size)
    {
        registry.ForgetPeak();
        await Task.WhenAll(Enumerable.Range(0, blobs).Select(_ => LargeBlob.PushAndPullAsync(registry.UserClient, registry.NewRepository(), size)));
        return registry.Status("VmHWM");
    }
}
