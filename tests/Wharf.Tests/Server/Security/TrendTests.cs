using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Data;
using Wharf.Server.Security;
using Wharf.Storage.Local;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Crashes;

namespace Wharf.Tests.Server.Security;

/// <summary>What is noted each day of how many findings a repository has.</summary>
public sealed class TrendTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly MovedClock _clock = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_last_note_of_each_day_stays_for_400_days()
    {
        const string Repository = InProcessWharf.User + "/app";
        var data = _directory.File("data");
        await using var wharf = await InProcessWharf.StartAsync(data, new LocalDriver(InProcessWharf.Storage(data)), replace: builder => builder.Services.AddSingleton<TimeProvider>(_clock));
        var trend = wharf.Services.GetRequiredService<SecurityTrend>();
        using var feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-1", "CVE-2031-1", "PyPI", "one", "2.0"), FeedsInTest.Record("PYSEC-2", "CVE-2031-2", "PyPI", "two", "2.0", "CRITICAL"));
        await wharf.Services.GetRequiredService<FeedImport>().RunAsync(feeds.Directory, force: false, new Dictionary<string, string>(), static _ => { }, Ct);
        await NoteAsync();
        Assert.Empty(await DaysAsync());

        await PushAsync("one");
        await NoteAsync();
        var first = Assert.Single(await DaysAsync())!;
        Assert.Equal((1, 0), ((int)first["counts"]!["high"]!, (int)first["counts"]!["critical"]!));

        await PushAsync("two");
        await NoteAsync();
        var last = Assert.Single(await DaysAsync())!;
        Assert.Equal(((string)first["day"]!, 1, 1), ((string)last["day"]!, (int)last["counts"]!["high"]!, (int)last["counts"]!["critical"]!));

        _clock.Advance(TimeSpan.FromDays(1));
        (await wharf.Client.SendAsync("DELETE", $"/v2/{Repository}/manifests/two")).Is(202);
        await NoteAsync();
        Assert.Equal([(1, 1), (1, 0)], (await DaysAsync()).Select(static d => ((int)d!["counts"]!["high"]!, (int)d["counts"]!["critical"]!)));

        _clock.Advance(TimeSpan.FromDays(400));
        await NoteAsync();
        Assert.Equal(2, await wharf.Services.GetRequiredService<Database>().OneAsync("SELECT count(*) FROM security_trend", static r => r.GetInt32(0), Ct));

        Task NoteAsync() => trend.NoteAsync(static _ => Task.CompletedTask, Ct);

        async Task<JsonArray> DaysAsync() => (await wharf.Client.ReadAsync($"/api/v1/repository/{Repository}/security?days=365")) is { Status: System.Net.HttpStatusCode.OK } answer ? JsonNode.Parse(answer.Body)!["trend"]!.AsArray() : [];

        async Task PushAsync(string package)
        {
            var image = ImageOfFiles.Of(ImageOfFiles.Python(package, "1.0"));
            await image.PushAsync(wharf.Client, Repository, package);
            Assert.Equal("scanned", (string)(await ScanningRegistry.ScannedAsync(wharf.Client, Repository, image.Digest))["status"]!);
        }
    }

    public void Dispose() => _directory.Dispose();

    // The days move, the hours of timers do not.
    private sealed class MovedClock : TimeProvider
    {
        private TimeSpan _ahead;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _ahead;

        public void Advance(TimeSpan by) => _ahead += by;
    }
}
