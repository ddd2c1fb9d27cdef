using System.Globalization;
using System.Net;
using Wharf.Oci;

namespace Wharf.Tests.Server.Crashes;

/// <summary>A PostgreSQL that crashes under traffic, stays away, and comes back (contract 9; attacks.tsv D06).</summary>
public sealed class DatabaseDownTests
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(8); // past the 5 seconds for which memory counts without news

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait("Speed", "Slow")]
    public async Task While_the_database_is_away_pulls_by_digest_go_on_the_rest_is_503_and_nothing_acknowledged_is_lost()
    {
        await using var cluster = await PostgresCluster.StartNewAsync();
        await using var registry = new OnCluster(cluster.ConnectionString);
        await registry.InitializeAsync();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        var image = await client.PushImageAsync(repository, "tag");
        var unread = await client.PushImageAsync(repository, "unread");
        (await client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
        (await client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
        var (ledger, random) = (new Ledger(), new Random());
        var shared = Requests.RandomBytes(1000);
        var pushing = Enumerable.Range(0, 3).Select(i => new Pusher(client, repository, $"tag{i}", ledger, new Random(random.Next())).PushUntilItFailsAsync(shared)).ToList();
        await Poll.UntilAsync(() => Task.FromResult(ledger.Pushes >= 3));

        await cluster.CrashAsync();
        foreach (var answer in await Task.WhenAll(pushing))
            IsUnavailable(Assert.IsType<Answer>(answer));

        var blob = Requests.RandomBytes(1000);
        var began = TimeProvider.System.GetTimestamp();
        do
        {
            Assert.Equal(image.Manifest, (await client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200).Body);
            Assert.Equal(image.Layer, (await client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200).Body);
            IsUnavailable(await client.ReadAsync($"/v2/{repository}/manifests/tag"));
            IsUnavailable(await client.ReadAsync($"/v2/{repository}/manifests/{unread.Digest}"));
            IsUnavailable(await client.ReadAsync($"/v2/{repository}/tags/list"));
            IsUnavailable(await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", []));
            IsUnavailable(await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of(blob)}", blob));
            IsUnavailable(await client.PutManifestAsync(repository, "tag", unread.Manifest));
            IsUnavailable(await client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}"));
            // Someone whom the registry does not know yet is not told to be wrong.
            IsUnavailable(await registry.ClientFor("stranger", "a password").ReadAsync($"/v2/{repository}/manifests/tag"));
            await Task.Delay(200, Ct);
        }
        while (TimeProvider.System.GetElapsedTime(began) < Outage);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await registry.Anonymous.ReadAsync("/health/ready")).Status);

        await cluster.StartAsync();

        await Poll.UntilAsync(async () => (int)(await client.PutManifestAsync(repository, "tag", unread.Manifest)).Status == 201);
        Assert.Equal(unread.Manifest, (await client.ReadAsync($"/v2/{repository}/manifests/tag")).Is(200).Body);
        await client.PushBlobAsync(repository, blob);
        await ledger.CheckAsync(client);
        ledger.Settle();
        Assert.InRange(ledger.Acknowledged, 3, int.MaxValue);
        Console.WriteLine($"   PostgreSQL crashed: {ledger.Acknowledged} blobs and manifests acknowledged before, all there");
    }

    private static void IsUnavailable(Answer answer)
    {
        answer.Is(503, "UNAVAILABLE");
        Assert.InRange(int.Parse(answer.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 60);
    }
}
