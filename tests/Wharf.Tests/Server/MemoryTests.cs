using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;

namespace Wharf.Tests.Server;

public sealed class MemoryTests(Registry registry) : IClassFixture<Registry>
{
    private const long MiB = 1 << 20;

    [Fact, Trait("Speed", "Slow")]
    public async Task Peak_memory_does_not_grow_with_the_size_of_a_blob()
    {
        var user = await registry.CreateUserAsync();
        await PushAndPullAsync(user, "small", 16 * MiB);
        var before = registry.ForgetPeak();

        await PushAndPullAsync(user, "large", 512 * MiB);

        Assert.InRange(registry.Status("VmHWM") - before, 0, 64 * MiB);
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task A_load_leaves_little_resident_within_30_seconds()
    {
        // The target is 120 MB, which is missed (docs/performance.md): up to 132 MB on SQLite, and with PostgreSQL its client comes on top.
        var most = registry.Database is null ? 144_000_000 : 156_000_000;
        var user = await registry.CreateUserAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(n => PushAndPullAsync(user, $"load{n}", 8 * MiB)));

        var waiting = Stopwatch.StartNew();
        while (registry.Status("VmRSS") >= most)
        {
            Assert.True(waiting.Elapsed < TimeSpan.FromSeconds(30), $"{registry.Status("VmRSS")} bytes are resident 30 s after a load.");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    private static async Task PushAndPullAsync(Account user, string repository, long size)
    {
        var piece = RandomNumberGenerator.GetBytes((int)MiB);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var n = 0; n < size / MiB; n++)
        {
            hash.AppendData(piece);
        }
        var digest = "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());

        using var body = new PushStreamContent(piece, size / MiB);
        using var put = await user.Client.PostAsync($"/v2/{user.Name}/{repository}/blobs/uploads/?digest={digest}", body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        await using var content = await user.Client.GetStreamAsync($"/v2/{user.Name}/{repository}/blobs/{digest}", TestContext.Current.CancellationToken);
        Assert.Equal(digest, "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(content, TestContext.Current.CancellationToken)));
    }

    /// <summary>One piece again and again, never held as a whole.</summary>
    private sealed class PushStreamContent(byte[] piece, long times) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var n = 0L; n < times; n++)
            {
                await stream.WriteAsync(piece);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = piece.Length * times;
            return true;
        }
    }
}
