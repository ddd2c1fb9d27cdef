using Microsoft.Extensions.DependencyInjection;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Scrub;
using Wharf.Storage;
using Wharf.Storage.Local;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Crashes;
using Wharf.Tests.Storage;

namespace Wharf.Tests.Server.Scrub;

public sealed class ScrubTests : IAsyncLifetime
{
    private const string Repository = $"{InProcessWharf.User}/app";
    private const string NoWorker = "Scrub:\n  Enabled: false\n";

    private readonly TemporaryDirectory _directory = new();
    private FailingDriver _driver = null!;
    private LocalDriver _other = null!;
    private InProcessWharf _wharf = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private HttpClient Client => _wharf.Client;

    private Database Database => _wharf.Services.GetRequiredService<Database>();

    public async ValueTask InitializeAsync()
    {
        var data = _directory.File("data");
        _driver = new FailingDriver(new LocalDriver(InProcessWharf.Storage(data)));
        _other = new LocalDriver(_directory.File("other"));
        _wharf = await InProcessWharf.StartAsync(data, _driver, NoWorker, builder => builder.Services.AddSingleton(new Locations(new Location(StorageOptions.Local, _driver, new LocationOptions()), new Location("other", _other, new LocationOptions()))));
    }

    public async ValueTask DisposeAsync()
    {
        await _wharf.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Where_all_is_well_everything_is_read_and_nothing_is_found()
    {
        var image = await Client.PushImageAsync(Repository, "latest");

        var run = await ScrubAsync(hashes: true);

        Assert.Equal((2, 1, 0, 0), (run.Blobs, run.Manifests, run.Findings, run.Unnamed));
        Assert.Equal(image.Config.Length + image.Layer.Length + image.Manifest.Length, run.Bytes);
        Assert.Equal("done", run.Phase);
        Assert.NotNull(run.EndedMs);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("corrupt")]
    [InlineData("shorter")]
    public async Task What_is_damaged_is_not_served_and_the_next_push_brings_it_back(string damage)
    {
        var image = await Client.PushImageAsync(Repository, "latest");
        Assert.Equal(image.Layer, (await Client.ReadAsync(Blob(image.LayerDigest))).Is(200).Body);
        var file = await FileAsync(image.LayerDigest);
        await DamageAsync(file, damage);

        var run = await ScrubAsync(hashes: true);

        var finding = Assert.Single(await FindingsAsync(run));
        Assert.Equal((damage == "missing" ? "missing" : "corrupt", image.LayerDigest.ToString(), "open"), (finding.Kind, finding.Digest, finding.State));
        Assert.Equal(damage != "missing", File.Exists(file)); // the scrub deletes nothing
        (await Client.SendAsync("HEAD", Blob(image.LayerDigest))).Is(404);
        Assert.Contains("quarantined", (await Client.ReadAsync(Blob(image.LayerDigest))).Is(404, "BLOB_UNKNOWN").Text, StringComparison.Ordinal);
        // It is still found the next time, and until somebody pushes it.
        Assert.Equal(1, (await ScrubAsync(hashes: true)).Findings);
        await Client.PushImageAsync(Repository, "latest", image);
        Assert.Equal(image.Layer, (await Client.ReadAsync(Blob(image.LayerDigest))).Is(200).Body);
        Assert.Equal(0, (await ScrubAsync(hashes: true)).Findings);
        Assert.Equal(1, await CountAsync("event WHERE kind = 'scrub.lost'"));
    }

    [Fact]
    public async Task Without_reading_only_what_is_missing_or_has_another_size_is_found()
    {
        var image = await Client.PushImageAsync(Repository, "latest");
        await DamageAsync(await FileAsync(image.LayerDigest), "corrupt");
        await DamageAsync(await FileAsync(image.ConfigDigest), "missing");

        var run = await ScrubAsync(hashes: false);

        Assert.Equal(image.ConfigDigest.ToString(), Assert.Single(await FindingsAsync(run)).Digest);
    }

    [Fact]
    public async Task What_was_put_back_is_served_again()
    {
        var image = await Client.PushImageAsync(Repository, "latest");
        var file = await FileAsync(image.LayerDigest);
        File.Move(file, file + ".away");
        await ScrubAsync(hashes: true);
        (await Client.SendAsync("HEAD", Blob(image.LayerDigest))).Is(404);

        File.Move(file + ".away", file);
        Assert.Equal(0, (await ScrubAsync(hashes: true)).Findings);

        Assert.Equal(image.Layer, (await Client.ReadAsync(Blob(image.LayerDigest))).Is(200).Body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sound_copy_of_another_location_takes_the_place_of_what_is_lost(bool sound)
    {
        var image = await Client.PushImageAsync(Repository, "latest");
        var key = StorageKey.New();
        await using (var writer = await _other.BeginAsync(key, Ct))
        {
            await writer.WriteAsync(sound ? image.Layer : Requests.RandomBytes(image.Layer.Length), Ct);
            await writer.CompleteAsync(Ct);
        }
        await Database.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO blob_placement (digest, location, storage_key, state) VALUES (@digest, 'other', @key, 'present')",
            ("digest", image.LayerDigest.ToArray()), ("key", key)), Ct);
        var file = await FileAsync(image.LayerDigest);
        await DamageAsync(file, "corrupt");

        var run = await ScrubAsync(hashes: true);

        // The copy is looked at in its own place, too.
        Assert.Equal((sound ? 1 : 2, sound ? 1 : 0), (run.Findings, run.Repaired));
        Assert.True(File.Exists(file));
        (await Client.ReadAsync(Blob(image.LayerDigest))).Is(sound ? 200 : 404);
        Assert.Equal(sound, await FileAsync(image.LayerDigest) != file);
        Assert.Equal(sound ? 0 : 2, (await ScrubAsync(hashes: true)).Findings);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_location_is_walked_and_one_is_repaired_from_the_other(bool first)
    {
        var image = await Client.PushImageAsync(Repository, "latest");
        var here = await FileAsync(image.LayerDigest);
        var (key, config) = (await PlaceInOtherAsync(image.LayerDigest, image.Layer), await PlaceInOtherAsync(image.ConfigDigest, image.Config));
        var there = Path.Join(_other.Root, "blobs", key);
        Assert.Equal((4, 0), ((await ScrubAsync(hashes: true)) is var well ? (well.Blobs, well.Findings) : default));
        await DamageAsync(first ? here : there, "corrupt");

        var run = await ScrubAsync(hashes: true);

        Assert.Equal((4, 1, 1), (run.Blobs, run.Findings, run.Repaired));
        Assert.StartsWith($"In {(first ? "local" : "other")}: ", Assert.Single(await FindingsAsync(run)).Detail, StringComparison.Ordinal);
        Assert.Equal(image.Layer, (await Client.ReadAsync(Blob(image.LayerDigest))).Is(200).Body);
        Assert.Equal((4, 0), ((await ScrubAsync(hashes: true)) is var after ? (after.Blobs, after.Findings) : default));
        Assert.Equal(0, await CountAsync("blob_placement WHERE state = 'lost'"));
        Assert.NotEqual(config, key);
    }

    [Fact]
    public async Task A_walk_goes_on_in_the_location_where_it_was()
    {
        var image = await Client.PushImageAsync(Repository, "latest");
        string[] there = [await PlaceInOtherAsync(image.LayerDigest, image.Layer), await PlaceInOtherAsync(image.ConfigDigest, image.Config)];
        var (scrubber, store) = (_wharf.Services.GetRequiredService<Scrubber>(), _wharf.Services.GetRequiredService<ScrubStore>());
        var run = await store.BeginAsync(byHand: false, hashes: true, Ct);
        await store.SaveAsync(run with { Place = $"other:{there.Order(StringComparer.Ordinal).First()}", Blobs = 3 }, Ct);
        while (await scrubber.StepAsync(new ScrubOptions(), static _ => Task.CompletedTask, Ct))
        {
        }

        Assert.Equal((4, "done"), (await store.LastAsync(ended: true, Ct)) is { } done ? (done.Blobs, done.Phase) : default);
    }

    [Fact]
    public async Task A_blob_that_goes_while_it_is_looked_for_is_no_finding()
    {
        var image = await Client.PushImageAsync(Repository, "latest");
        var file = await FileAsync(image.LayerDigest);
        _driver.OnStat = async key =>
        {
            if (!file.EndsWith(key, StringComparison.Ordinal))
                return;
            // As the collector does: the row, and then the bytes.
            await Database.WriteAsync(tx => tx.ExecuteAsync("DELETE FROM blob_placement WHERE storage_key = @key", ("key", key)), Ct);
            File.Delete(file);
        };

        var run = await ScrubAsync(hashes: true);

        Assert.Equal((2, 0), (run.Blobs, run.Findings));
    }

    [Fact]
    public async Task What_nobody_knows_is_told_and_left_alone()
    {
        await Client.PushImageAsync(Repository, "latest");
        var storage = InProcessWharf.Storage(_directory.File("data"));
        string[] strangers = [Path.Join(storage, "blobs", "notes.txt"), Path.Join(storage, "blobs", "ab", "something"), Path.Join(storage, "lost+found", "x"), Path.Join(storage, "meta", "Readme")];
        foreach (var stranger in strangers)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(stranger)!);
            await File.WriteAllTextAsync(stranger, "mine", Ct);
        }
        // An old blob that no row names is counted; whether it goes is not the scrub's to say.
        var orphan = StorageKey.New();
        await using (var writer = await _driver.BeginAsync(orphan, Ct))
        {
            await writer.WriteAsync(new byte[10], Ct);
            await writer.CompleteAsync(Ct);
        }
        File.SetLastWriteTimeUtc(Path.Join(storage, "blobs", orphan), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-8));

        var run = await ScrubAsync(hashes: true);

        Assert.Equal((1, 10), (run.Unnamed, run.UnnamedBytes));
        Assert.Equal(strangers.Select(s => Path.GetRelativePath(storage, s)).Order(StringComparer.Ordinal), (await FindingsAsync(run)).Select(static f => f.Name).Order(StringComparer.Ordinal));
        Assert.All([.. strangers, Path.Join(storage, "blobs", orphan)], static file => Assert.True(File.Exists(file)));
    }

    [Fact]
    public async Task A_manifest_with_other_bytes_and_a_torn_file_of_the_journal_are_told()
    {
        var image = await Client.PushImageAsync(Repository, "latest");
        await Database.WriteAsync(tx => tx.ExecuteAsync("UPDATE manifest SET content = @other", ("other", image.Manifest[..^1])), Ct);
        await _driver.PutFileAsync("meta/2026-11-24/000000000001.snapshot.jsonl.zst", new MemoryStream([1, 2, 3]), Ct);

        var run = await ScrubAsync(hashes: true);

        Assert.Equal(["manifest", "journal"], (await FindingsAsync(run)).Select(static f => f.Kind));
    }

    [Fact]
    public async Task A_walk_goes_on_from_its_place_at_its_rate_and_the_next_one_waits_for_its_time()
    {
        for (var i = 0; i < 3; i++)
            await Client.PushImageAsync(Repository, $"t{i}");
        var (scrubber, store) = (_wharf.Services.GetRequiredService<Scrubber>(), _wharf.Services.GetRequiredService<ScrubStore>());
        var run = await store.BeginAsync(byHand: false, hashes: true, Ct);
        var keys = await Database.ListAsync("SELECT storage_key FROM blob_placement ORDER BY storage_key", static r => r.GetString(0), Ct);
        await store.SaveAsync(run with { Place = keys[3], Blobs = 4 }, Ct);

        // As after a restart; a thousand bytes and a little more, at four times that in a second.
        var began = TimeProvider.System.GetTimestamp();
        while (await scrubber.StepAsync(new ScrubOptions { BytesPerSecond = new ByteSize(4096) }, static _ => Task.CompletedTask, Ct))
        {
        }
        var took = TimeProvider.System.GetElapsedTime(began);

        var done = await store.LastAsync(ended: true, Ct);
        Assert.Equal((run.Id, 6, "done"), (done!.Id, done.Blobs, done.Phase));
        var read = await Database.OneAsync("SELECT sum(size) FROM blob b JOIN blob_placement p ON p.digest = b.digest WHERE p.storage_key > @place", static r => r.GetInt64(0), Ct, ("place", keys[3]));
        Assert.True(took >= TimeSpan.FromSeconds(read / 4096.0) * 0.9, $"{read} bytes were read in {took}.");
        Assert.False(await scrubber.StepAsync(new ScrubOptions { Every = TimeSpan.FromDays(1) }, static _ => Task.CompletedTask, Ct));
        Assert.Null(await store.OpenAsync(Ct));
    }

    private async Task<string> PlaceInOtherAsync(Digest digest, byte[] content)
    {
        var key = StorageKey.New();
        await using (var writer = await _other.BeginAsync(key, Ct))
        {
            await writer.WriteAsync(content, Ct);
            await writer.CompleteAsync(Ct);
        }
        await Database.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO blob_placement (digest, location, storage_key, state) VALUES (@digest, 'other', @key, 'present')", ("digest", digest.ToArray()), ("key", key)), Ct);
        return key;
    }

    private async Task<ScrubRun> ScrubAsync(bool hashes) => await _wharf.Services.GetRequiredService<Scrubber>().RunAsync(hashes, static _ => { }, Ct);

    private async Task<List<ScrubFinding>> FindingsAsync(ScrubRun run) => await _wharf.Services.GetRequiredService<ScrubStore>().FindingsAsync(run.Id, 0, 100, Ct);

    private async Task<long> CountAsync(string from) => await Database.OneAsync($"SELECT count(*) FROM {from}", static r => r.GetInt64(0), Ct);

    private async Task<string> FileAsync(Digest digest) => Path.Join(InProcessWharf.Storage(_directory.File("data")), "blobs",
        await Database.OneAsync("SELECT storage_key FROM blob_placement WHERE digest = @digest AND location = 'local'", static r => r.GetString(0), Ct, ("digest", digest.ToArray())));

    private static string Blob(Digest digest) => $"/v2/{Repository}/blobs/{digest}";

    private static async Task DamageAsync(string file, string damage)
    {
        var bytes = await File.ReadAllBytesAsync(file, Ct);
        if (damage == "missing")
        {
            File.Delete(file);
            return;
        }
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, damage == "shorter" ? bytes[..^1] : bytes, Ct);
    }
}
