using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Server.GarbageCollection;
using Wharf.Server.Scrub;
using Wharf.Storage;
using Wharf.Storage.Local;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Crashes;
using Wharf.Tests.Storage;

namespace Wharf.Tests.Server.Scrub;

/// <summary>The n-th call of the storage fails, for every n that there is.</summary>
public sealed class StorageFaultTests : IAsyncLifetime
{
    private const string Repository = $"{InProcessWharf.User}/app";
    private const string Settings = """
        Scrub:
          Enabled: false
        Recovery:
          Journal: false
        GarbageCollection:
          Enabled: false
        Lifetimes:
          Grace: 00:00:00.100
          Condemned: 00:00:00
        """;

    private readonly TemporaryDirectory _directory = new();
    private FailingDriver _driver = null!;
    private InProcessWharf _wharf = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Database Database => _wharf.Services.GetRequiredService<Database>();

    public async ValueTask InitializeAsync()
    {
        _driver = new FailingDriver(new LocalDriver(InProcessWharf.Storage(_directory.File("data"))));
        _wharf = await InProcessWharf.StartAsync(_directory.File("data"), _driver, Settings);
    }

    public async ValueTask DisposeAsync()
    {
        await _wharf.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Every_acknowledged_blob_is_there_whichever_call_of_a_push_fails_and_a_retry_succeeds()
    {
        var acknowledged = new List<(Digest Digest, byte[] Content)>();
        for (var n = 1; ; n++)
        {
            var (image, fault) = (Image.Random(), false);
            _driver.FailAt(n);
            fault |= !await PushAsync(image.Config, chunked: false, acknowledged);
            fault |= !await PushAsync(image.Layer, chunked: true, acknowledged);
            var reached = _driver.Calls >= n;
            _driver.FailAt(0);
            foreach (var blob in new[] { image.Config, image.Layer })
                await _wharf.Client.PushBlobAsync(Repository, blob);
            (await _wharf.Client.PutManifestAsync(Repository, $"t{n}", image.Manifest)).Is(201);
            acknowledged.AddRange([(image.ConfigDigest, image.Config), (image.LayerDigest, image.Layer)]);
            if (!reached)
            {
                Assert.False(fault);
                Assert.True(n > 6, $"Only {n} calls: nothing was tried.");
                break;
            }
        }

        foreach (var (digest, content) in acknowledged)
            Assert.Equal(content, (await _wharf.Client.ReadAsync($"/v2/{Repository}/blobs/{digest}")).Is(200).Body);
        Assert.Equal(0, (await ScrubAsync()).Findings);
    }

    [Fact]
    public async Task What_nothing_needs_goes_and_what_is_needed_stays_whichever_call_of_the_collector_fails()
    {
        await Database.WriteAsync(tx => tx.ExecuteAsync("UPDATE namespace SET tag_expiration_s = 0"), Ct);
        var kept = await _wharf.Client.PushImageAsync(Repository, "kept");
        var round = _wharf.Services.GetRequiredService<CollectorRound>();
        for (var (n, reached) = (1, true); reached; n++)
        {
            await _wharf.Client.PushImageAsync(Repository, "gone");
            (await _wharf.Client.SendAsync("DELETE", $"/v2/{Repository}/manifests/gone")).Is(202);
            _driver.FailAt(n);
            await Poll.UntilAsync(async () =>
            {
                try
                {
                    await round.RunAsync(static _ => { }, Ct);
                }
                catch (StorageException)
                {
                    // It tries again, as the worker does.
                }
                return _driver.Calls >= n || await BlobsAsync() == 2 && Files().Count == 2;
            });
            reached = _driver.Calls >= n;
            _driver.FailAt(0);
            await Database.WriteAsync(tx => tx.ExecuteAsync("UPDATE storage_garbage SET after_ms = 0"), Ct);
            await Poll.UntilAsync(async () =>
            {
                await round.RunAsync(static _ => { }, Ct);
                return await BlobsAsync() == 2 && Files().Count == 2;
            });
            Assert.Equal(kept.Layer, (await _wharf.Client.ReadAsync($"/v2/{Repository}/blobs/{kept.LayerDigest}")).Is(200).Body);
            Assert.Equal(0, (await ScrubAsync()).Findings);
        }
    }

    [Fact]
    public async Task A_scrub_whose_calls_fail_condemns_nothing()
    {
        var image = await _wharf.Client.PushImageAsync(Repository, "latest");
        for (var n = 1; ; n++)
        {
            _driver.FailAt(n);
            try
            {
                var run = await ScrubAsync();
                // What could not be read is told, and nothing is done about it.
                Assert.All(await _wharf.Services.GetRequiredService<ScrubStore>().FindingsAsync(run.Id, 0, 10, Ct), static f => Assert.True(f.Kind is "unreadable" or "journal", f.Kind));
            }
            catch (StorageException)
            {
                // Listing failed; the worker tries again at its next tick.
            }
            if (_driver.Calls < n)
            {
                Assert.True(n > 256, $"Only {n} calls: nothing was tried.");
                break;
            }
            _driver.FailAt(0);
            Assert.Equal(image.Layer, (await _wharf.Client.ReadAsync($"/v2/{Repository}/blobs/{image.LayerDigest}")).Is(200).Body);
        }

        _driver.FailAt(0);
        Assert.Equal(0, (await ScrubAsync()).Findings);
    }

    private async Task<bool> PushAsync(byte[] content, bool chunked, List<(Digest, byte[])> acknowledged)
    {
        var digest = Digest.Of(content);
        Answer answer;
        if (chunked)
        {
            var started = await _wharf.Client.SendAsync("POST", $"/v2/{Repository}/blobs/uploads/", []);
            if (started.Status != HttpStatusCode.Accepted)
                return false;
            var half = await _wharf.Client.SendAsync("PATCH", started.Location, content[..(content.Length / 2)], ("Content-Type", "application/octet-stream"));
            if (half.Status != HttpStatusCode.Accepted)
                return false;
            answer = await _wharf.Client.SendAsync("PUT", $"{half.Location}?digest={digest}", content[(content.Length / 2)..], ("Content-Type", "application/octet-stream"));
        }
        else
            answer = await _wharf.Client.SendAsync("POST", $"/v2/{Repository}/blobs/uploads/?digest={digest}", content);
        if (answer.Status != HttpStatusCode.Created)
            return false;
        acknowledged.Add((digest, content));
        return true;
    }

    private Task<ScrubRun> ScrubAsync() => _wharf.Services.GetRequiredService<Scrubber>().RunAsync(hashes: true, static _ => { }, Ct);

    private async Task<long> BlobsAsync() => await Database.OneAsync("SELECT count(*) FROM blob", static r => r.GetInt64(0), Ct);

    private List<string> Files() => [.. Directory.GetFiles(Path.Join(InProcessWharf.Storage(_directory.File("data")), "blobs"), "*", SearchOption.AllDirectories)];
}
