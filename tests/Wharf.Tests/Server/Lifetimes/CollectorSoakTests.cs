using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>
/// Many clients at once push, mount, move and delete, all of them the same few blobs, while the collector runs: what a client was told is
/// there is there when it pushes the manifest, and what a tag names can be pulled.
/// </summary>
public sealed class CollectorSoakTests(BusyRegistry registry) : IClassFixture<BusyRegistry>
{
    private const int Clients = 8;
    private const int Pool = 24;

    [Fact, Trait("Speed", "Slow")]
    public Task No_acknowledged_blob_is_unknown() => SoakAsync(3_000);

    [Fact, Trait("Speed", "Long")]
    public Task No_acknowledged_blob_is_unknown_in_100_000_operations() => SoakAsync(int.Parse(Environment.GetEnvironmentVariable("WHARF_TEST_OPERATIONS") ?? "100000", null));

    private async Task SoakAsync(int operations)
    {
        var ct = TestContext.Current.CancellationToken;
        var owner = await registry.CreateUserAsync();
        // Nothing that was deleted is kept: the collector has all it can have.
        (await owner.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"tag_expiration_s":0}""")).Is(200);
        var blobs = Enumerable.Range(0, Pool).Select(i => Encoding.UTF8.GetBytes($"{owner.Name} blob {i} {new string('x', i * 50)}")).ToArray();
        string[] repositories = [$"{owner.Name}/one", $"{owner.Name}/two", $"{owner.Name}/three"];
        var (done, promised) = (0, 0);
        var counts = new ConcurrentDictionary<string, int>();

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async id =>
        {
            var random = new Random(id);
            var client = owner.Client;
            var tags = new Dictionary<(string Repository, string Tag), (byte[] Manifest, int[] Blobs)>();
            while (Interlocked.Increment(ref done) <= operations)
            {
                var repository = repositories[random.Next(repositories.Length)];
                var tag = $"c{id}-{random.Next(3)}";
                switch (random.Next(10))
                {
                    case < 5:
                        await PushAsync(client, random, repository, tag, tags);
                        break;
                    case < 7 when tags.Keys.Where(t => t.Repository == repository).ToList() is { Count: > 0 } mine:
                        var pulled = mine[random.Next(mine.Count)];
                        var (manifest, named) = tags[pulled];
                        Assert.Equal(manifest, (await client.ReadAsync($"/v2/{repository}/manifests/{pulled.Tag}")).Is(200).Body);
                        foreach (var b in named)
                            Assert.Equal(blobs[b], (await client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(blobs[b])}")).Is(200).Body);
                        Count("pull");
                        break;
                    case 7:
                        await client.SendAsync("DELETE", $"/v2/{repository}/manifests/{tag}");
                        tags.Remove((repository, tag));
                        Count("delete tag");
                        break;
                    case 8 when tags.TryGetValue((repository, tag), out var gone):
                        // Its annotation makes it this client's alone; all of its tags end with it.
                        await client.SendAsync("DELETE", $"/v2/{repository}/manifests/{Digest.Of(gone.Manifest)}");
                        foreach (var key in tags.Where(t => t.Key.Repository == repository && t.Value.Manifest.AsSpan().SequenceEqual(gone.Manifest)).Select(static t => t.Key).ToList())
                            tags.Remove(key);
                        Count("delete manifest");
                        break;
                    default:
                        await client.SendAsync("HEAD", $"/v2/{repository}/blobs/{Digest.Of(blobs[random.Next(Pool)])}");
                        Count("ask");
                        break;
                }
            }

            async Task PushAsync(HttpClient http, Random chance, string repository, string tag, Dictionary<(string, string), (byte[], int[])> mine)
            {
                var chosen = Enumerable.Range(0, 3).Select(_ => chance.Next(Pool)).Distinct().ToArray();
                var oldest = Stopwatch.GetTimestamp();
                foreach (var b in chosen)
                {
                    var digest = Digest.Of(blobs[b]);
                    // As clients do: ask, mount what another repository has, or push.
                    if ((int)(await http.SendAsync("HEAD", $"/v2/{repository}/blobs/{digest}")).Status == 200)
                        Count("found");
                    else if (chance.Next(2) == 0 && (int)(await http.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?mount={digest}&from={repositories[chance.Next(repositories.Length)]}", [])).Status == 201)
                        Count("mount");
                    else
                    {
                        (await http.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", blobs[b])).Is(201);
                        Count("push blob");
                    }
                }
                if (chance.Next(4) == 0)
                    await Task.Delay(chance.Next(1500), ct);
                var manifest = Manifest(id, chosen);
                var put = await http.PutManifestAsync(repository, tag, manifest);
                // A machine that stood still for longer than the grace was promised nothing.
                if ((int)put.Status != 201 && Stopwatch.GetElapsedTime(oldest) > BusyRegistry.Grace * 0.8)
                    return;
                put.Is(201);
                Interlocked.Increment(ref promised);
                mine[(repository, tag)] = (manifest, chosen);
                Count("push manifest");
            }
        }));

        TestContext.Current.TestOutputHelper?.WriteLine($"{operations} operations, {promised} pushes kept to their promise: {string.Join(", ", counts.OrderBy(static c => c.Key).Select(static c => $"{c.Value} {c.Key}"))}");
        Assert.InRange(promised, operations / 4, operations);
        var log = registry.Log();
        Assert.DoesNotContain("no review waited", log, StringComparison.Ordinal);
        Assert.DoesNotContain("The worker collector failed", log, StringComparison.Ordinal);
        foreach (var repository in repositories)
            await owner.Client.SendAsync("DELETE", $"/api/v1/repository/{repository}");
        await Poll.UntilAsync(async () =>
        {
            foreach (var blob in blobs)
                if ((int)(await registry.Client.ReadAsync($"/api/v1/superuser/gc/{Digest.Of(blob)}")).Status != 404)
                    return false;
            return true;
        }, TimeSpan.FromSeconds(90));

        void Count(string what) => counts.AddOrUpdate(what, 1, static (_, n) => n + 1);

        byte[] Manifest(int client, int[] named) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = Image.Descriptor("application/vnd.example.config", blobs[named[0]]),
            ["layers"] = new JsonArray([.. named.Skip(1).Select(b => Image.Descriptor(MediaTypes.OciLayerGzip, blobs[b]))]),
            ["annotations"] = new JsonObject { ["client"] = $"{client}" },
        });
    }
}
