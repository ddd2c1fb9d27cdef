using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Crashes;

/// <summary>SIGKILL at random points of concurrent pushes (contract 3; attacks.tsv D01).</summary>
public sealed class KillTests
{
    private const int Clients = 4;
    // ms from the first push, or from what was acknowledged first, to the kill
    private static readonly int s_longest = StoreUnderTest.IsLocal ? 300 : 2000;

    [Fact, Trait("Speed", "Slow")]
    public Task Nothing_acknowledged_is_lost_and_nothing_else_is_half_there() => KillAsync(!StoreUnderTest.IsLocal ? 10 : PostgresServer.ForEveryRegistry ? 15 : 50);

    [Fact, Trait("Speed", "Long")]
    public Task Two_hundred_kills_lose_nothing() => KillAsync(200);

    private static async Task KillAsync(int rounds)
    {
        var ct = TestContext.Current.CancellationToken;
        var random = new Random();
        var ledger = new Ledger();
        await using var registry = await Registry.StartAsync<KilledRegistry>();
        var user = registry.User;

        for (var round = 0; round < rounds; round++)
        {
            var shared = Requests.RandomBytes(30_000);
            var client = registry.ClientFor(user.Name, user.Password);
            var pushing = Enumerable.Range(0, Clients).Select(i =>
                new Pusher(client, $"{user.Name}/app{i / 2}", $"tag{i}", ledger, new Random(random.Next())).PushUntilItFailsAsync(shared)).ToList();
            // On a slow machine nothing is acknowledged that soon: in each other round something is before the clock starts.
            var first = round % 2 * random.Next(1, Clients + 1);
            await Poll.UntilAsync(() => Task.FromResult(ledger.Pushes >= first || pushing.Exists(static push => push.IsCompleted)), TimeSpan.FromMinutes(1));
            await Task.Delay(random.Next(1, s_longest), ct);
            await registry.KillAsync();
            Assert.All(await Task.WhenAll(pushing), static answer => Assert.True(answer is null, $"{answer?.Status}: {answer?.Text}"));

            await registry.RestartAsync();
            await ledger.CheckAsync(registry.ClientFor(user.Name, user.Password));
            ledger.Settle();
        }

        await ledger.CheckSettledAsync(registry.ClientFor(user.Name, user.Password));
        await registry.StopAsync();
        var (sessions, orphans, blobs) = await ContentAtRest.SweepAndCompareAsync(registry.DataDirectory, registry.Database is { } database ? $"Database: \"{database}\"" : "", registry.Store);
        Assert.True(ledger.Acknowledged > rounds, $"Only {ledger.Acknowledged} pushes were acknowledged: this proves nothing.");
        // Straight to the console: a runner shows the output of a test only when it failed, and this is the figure that counts.
        Console.WriteLine($"   {rounds} kills on {(registry.Database is null ? "SQLite" : "PostgreSQL")} with {(StoreUnderTest.IsLocal ? "a directory" : "an object store")}: {ledger.Acknowledged} blobs and manifests acknowledged, all there; {sessions} sessions and {orphans} orphans swept, {blobs} blobs left");
    }
}
