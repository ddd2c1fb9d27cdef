using System.Diagnostics;
using System.Globalization;

namespace Wharf.Tests.Server.Immutability;

/// <summary>Policies about more tags than are marked while a request waits.</summary>
public sealed class ManyTagsTests
{
    private const int Tags = 100_000;

    [Fact]
    public async Task Pushes_go_on_while_a_policy_goes_through_many_tags()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        var images = new[] { await ManyAsync(registry, repository), await client.PushImageAsync(repository, "other") };
        var idle = await PushAsync(client, repository, images, "idle", static i => i < 100);

        var started = Stopwatch.GetTimestamp();
        var (took, isApplied) = (TimeSpan.Zero, false);
        var policy = ApplyAsync();
        var busy = await PushAsync(client, repository, images, "busy", i => !Volatile.Read(ref isApplied));
        await policy;

        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Tags} tags in {took.TotalSeconds:0.00} s, {Tags / took.TotalSeconds:0} a second; pushes of a tag meanwhile {busy.Count}: median {Median(busy):0.0} ms, longest {busy.Max():0} ms; before: median {Median(idle):0.0} ms, longest {idle.Max():0} ms"));
        Assert.Equal((0, Tags), await CountAsync(registry));
        Assert.InRange(busy.Max(), 0, 2000);

        async Task ApplyAsync()
        {
            var path = PolicyRequests.Policies(repository);
            var uuid = await client.CreatePolicyAsync(path, "many-.*");
            await Poll.UntilAsync(async () => (await client.ReadAsync(path + uuid)).Is(200).Json.GetProperty("applied").GetBoolean(), TimeSpan.FromMinutes(2));
            took = Stopwatch.GetElapsedTime(started);
            Volatile.Write(ref isApplied, true);
        }
    }

    [Fact]
    public async Task A_policy_goes_on_where_a_crash_left_it()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        await ManyAsync(registry, repository);
        var creation = client.SendJsonAsync("POST", PolicyRequests.Policies(repository), """{"tagPattern":"many-.*"}""");
        await Poll.UntilAsync(async () => (await CountAsync(registry)).Immutable > 0);
        await registry.KillAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => creation);
        var (left, done) = await CountAsync(registry);

        await registry.RestartAsync();
        await Poll.UntilAsync(async () => await CountAsync(registry) == (0, Tags), TimeSpan.FromMinutes(2));

        Assert.True(left > 0 && done > 0, $"{left} were left, {done} were done.");
    }

    /// <summary>Pushes one image after the other to one tag.</summary>
    /// <returns>How long each push took, in milliseconds.</returns>
    private static async Task<List<double>> PushAsync(HttpClient client, string repository, Image[] images, string tag, Func<int, bool> goesOn)
    {
        var times = new List<double>();
        for (var i = 0; goesOn(i); i++)
        {
            var began = Stopwatch.GetTimestamp();
            (await client.PutManifestAsync(repository, tag, images[i % images.Length].Manifest)).Is(201);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return times;
    }

    private static async Task<Image> ManyAsync(UserRegistry registry, string repository)
    {
        var image = await registry.UserClient.PushImageAsync(repository, "first");
        await using var database = await registry.OpenDatabaseAsync();
        await using var insert = database.CreateCommand();
        insert.CommandText = $"""
            WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {Tags})
            INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms)
            SELECT t.namespace_id, t.repository_id, 'many-' || n, t.digest, t.started_ms FROM number CROSS JOIN tag t WHERE t.name = 'first'
            """;
        Assert.Equal(Tags, await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        return image;
    }

    private static async Task<(int Changeable, int Immutable)> CountAsync(Registry registry)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await using var count = database.CreateCommand();
        count.CommandText = "SELECT count(*), coalesce(sum(immutable), 0) FROM tag WHERE name LIKE 'many-%' AND ended_ms IS NULL";
        await using var row = await count.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await row.ReadAsync(TestContext.Current.CancellationToken);
        var (all, immutable) = (Convert.ToInt32(row.GetValue(0), CultureInfo.InvariantCulture), Convert.ToInt32(row.GetValue(1), CultureInfo.InvariantCulture));
        return (all - immutable, immutable);
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
