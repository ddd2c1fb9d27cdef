using Microsoft.Extensions.DependencyInjection;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.StorageCare;
using Wharf.Storage;
using Wharf.Storage.Local;
using Wharf.Storage.S3;
using Wharf.Tests.Hosting;
using Wharf.Tests.Parts;
using Wharf.Tests.Server.Crashes;
using Wharf.Tests.Server.Data;
using Wharf.Tests.Storage;

namespace Wharf.Tests.Server.StorageCare;

public sealed class MigrationTests : IAsyncLifetime
{
    private const string Repository = $"{InProcessWharf.User}/app";
    private const string Settings = "Scrub:\n  Enabled: false\nRecovery:\n  Journal: false\nGarbageCollection:\n  Enabled: false\nLifetimes:\n  Condemned: 00:00:00\n";

    private readonly TemporaryDirectory _directory = new();
    private FailingDriver _here = null!;
    private LocalDriver _there = null!;
    private InProcessWharf _wharf = null!;
    private string? _bucket;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private HttpClient Client => _wharf.Client;

    private Database Database => _wharf.Services.GetRequiredService<Database>();

    private Garbage Garbage => _wharf.Services.GetRequiredService<Garbage>();

    public async ValueTask InitializeAsync()
    {
        _here = new FailingDriver(new LocalDriver(InProcessWharf.Storage(_directory.File("data"))));
        _there = new LocalDriver(_directory.File("there"));
        var database = PostgresServer.ForEveryRegistry ? $"Database: \"{await PostgresServer.CreateDatabaseAsync()}\"\n" : "";
        _wharf = await InProcessWharf.StartAsync(_directory.File("data"), _here, Settings + database, builder => builder.Services.AddSingleton(Places(Here, There)));
    }

    public async ValueTask DisposeAsync()
    {
        await _wharf.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_damaged_or_missing_is_told_and_not_recorded_whoever_makes_the_copy(bool byTheStore)
    {
        var images = new List<Image>();
        for (var i = 0; i < 3; i++)
            images.Add(await Client.PushImageAsync(Repository, $"t{i}"));
        var (corrupt, missing) = (images[0].LayerDigest, images[1].LayerDigest);
        await File.WriteAllBytesAsync(await FileAsync(corrupt), Requests.RandomBytes(images[0].Layer.Length), Ct);
        File.Delete(await FileAsync(missing));
        // The wrapped driver is of another kind, from which nothing can be copied but by reading it.
        var from = byTheStore ? Here with { Driver = new LocalDriver(InProcessWharf.Storage(_directory.File("data"))) } : Here;

        var result = await MigrateAsync(Places(from, There), new MigrationOrder("local", "there", false, false, false, 0));

        Assert.False(result.Done);
        Assert.Equal(4, (long?)result.Data!["objects"]);
        Assert.Equal(2, result.Data["problems"]!.AsArray().Count);
        Assert.Contains($"{corrupt}", result.Message, StringComparison.Ordinal);
        Assert.Contains($"{missing}", result.Message, StringComparison.Ordinal);
        var copied = await Database.ListAsync("SELECT digest FROM blob_placement WHERE location = 'there'", static r => new Digest(r.GetFieldValue<byte[]>(0)), Ct);
        Assert.Equal(images.SelectMany(static i => new[] { i.ConfigDigest, i.LayerDigest }).Except([corrupt, missing]).Order(), copied.Order());
        // What was begun for the two goes, and nothing else.
        await Garbage.CollectAsync(Ct);
        Assert.Equal(4, await _there.ListAsync(null, Ct).CountAsync(Ct));
        Assert.Empty(await _there.ListUnfinishedAsync(Ct).ToListAsync(Ct));
        Assert.Equal(0, await CountAsync("storage_garbage"));
        Assert.Equal(images[2].Layer, (await Client.ReadAsync($"/v2/{Repository}/blobs/{images[2].LayerDigest}")).Is(200).Body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Between_buckets_of_one_store_it_makes_the_copies_itself(bool quick)
    {
        var image = await Client.PushImageAsync(Repository, "one");
        using var first = new S3Driver(await NewBucketAsync());
        using var second = new S3Driver(await NewBucketAsync());
        var places = Places(Here, new Location("first", first, new LocationOptions()), new Location("second", second, new LocationOptions()));
        Assert.True((await MigrateAsync(places, new MigrationOrder("local", "first", false, false, false, 0))).Done);
        Assert.True(await second.TryCopyAsync(first, await KeyAsync(image.LayerDigest, "first"), StorageKey.New(), Ct));
        await CephGateway.PutAsync(_bucket!, $"blobs/{await KeyAsync(image.ConfigDigest, "first")}", Requests.RandomBytes(image.Config.Length));

        var result = await MigrateAsync(places, new MigrationOrder("first", "second", false, quick, false, 0));

        // Without reading only the size is known to be right.
        Assert.Equal((quick, quick ? 2L : 1L), (result.Done, (long)result.Data!["objects"]!));
        await using var copy = await second.OpenAsync(await KeyAsync(image.LayerDigest, "second"), 0, long.MaxValue, Ct);
        Assert.Equal(image.Layer, await ReadAsync(copy!));
    }

    [Fact]
    public async Task A_second_run_copies_only_what_is_new_and_a_dry_one_nothing()
    {
        var image = await Client.PushImageAsync(Repository, "one");
        var counted = await MigrateAsync(new MigrationOrder("local", "there", false, false, DryRun: true, 0));
        Assert.Equal((2, image.Config.Length + image.Layer.Length), ((long)counted.Data!["objects"]!, (long)counted.Data["bytes"]!));
        Assert.Empty(await _there.ListAsync(null, Ct).ToListAsync(Ct));
        Assert.Equal(2, (long?)(await MigrateAsync(new MigrationOrder("local", "there", false, false, false, 0))).Data!["objects"]);

        await Client.PushImageAsync(Repository, "two");
        var second = await MigrateAsync(new MigrationOrder("local", "there", false, false, false, 0));

        Assert.Equal((true, 2L, 0L), (second.Done, (long)second.Data!["objects"]!, (long)second.Data["left"]!));
        Assert.Equal(4, await _there.ListAsync(null, Ct).CountAsync(Ct));
    }

    [Theory]
    [InlineData("nowhere", "there", false, "The settings name local, there.")]
    [InlineData("local", "nowhere", false, "The settings name local, there.")]
    [InlineData("there", "there", false, "the same location")]
    [InlineData("local", "there", true, "New blobs go to local")]
    public async Task What_makes_no_sense_is_refused(string from, string to, bool remove, string told)
    {
        var result = await MigrateAsync(new MigrationOrder(from, to, remove, false, false, 0));

        Assert.False(result.Done);
        Assert.Contains(told, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_names_for_one_place_are_found_out_before_anything_is_taken_away()
    {
        await Client.PushImageAsync(Repository, "one");
        await _here.PutFileAsync("meta/2026-11-24/000000000001.snapshot.jsonl.zst", new MemoryStream([1]), Ct);
        var twice = Places(There with { Driver = new LocalDriver(InProcessWharf.Storage(_directory.File("data"))) }, Here);

        var result = await MigrateAsync(twice, new MigrationOrder("local", "there", true, false, false, 0));

        Assert.Contains("two names for the same place", result.Message, StringComparison.Ordinal);
        Assert.Equal(["meta/2026-11-24/000000000001.snapshot.jsonl.zst"], await _here.ListFilesAsync(Ct).Select(static f => f.Key).ToListAsync(Ct));
        Assert.Equal(0, await CountAsync("blob_placement WHERE location = 'there'"));
    }

    [Fact]
    public async Task A_blob_that_goes_while_it_is_copied_is_not_recorded_and_its_copy_goes()
    {
        var image = await Client.PushImageAsync(Repository, "one");
        _here.OnStat = async key => await Database.WriteAsync(tx => tx.ExecuteAsync("DELETE FROM blob_placement WHERE storage_key = @key AND digest = @digest", ("key", key), ("digest", image.LayerDigest.ToArray())), Ct);

        var result = await MigrateAsync(new MigrationOrder("local", "there", false, false, false, 0));

        Assert.Equal((true, 1L), (result.Done, (long)result.Data!["objects"]!));
        await Garbage.CollectAsync(Ct);
        Assert.Equal([image.ConfigDigest], await Database.ListAsync("SELECT digest FROM blob_placement WHERE location = 'there'", static r => new Digest(r.GetFieldValue<byte[]>(0)), Ct));
        Assert.Single(await _there.ListAsync(null, Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task With_remove_blobs_stored_files_and_the_journal_leave_the_old_place_and_are_read_from_the_new_one()
    {
        var image = await Client.PushImageAsync(Repository, "one");
        var files = _wharf.Services.GetRequiredService<StoredFiles>();
        var key = await files.WriteAsync("audit", null, writer => writer.WriteAsync(new byte[] { 1, 2, 3 }, Ct).AsTask(), Ct);
        await _here.PutFileAsync("meta/2026-11-24/000000000001.snapshot.jsonl.zst", new MemoryStream([1]), Ct);
        Assert.Equal(image.Layer, (await Client.ReadAsync($"/v2/{Repository}/blobs/{image.LayerDigest}")).Is(200).Body);

        var result = await MigrateAsync(Places(There, Here), new MigrationOrder("local", "there", Remove: true, false, false, 0));

        Assert.True(result.Done, result.Message);
        Assert.Equal((2L, 2L, 2L), ((long)result.Data!["objects"]!, (long)result.Data["removed"]!, (long)result.Data["files"]!));
        await Garbage.CollectAsync(Ct);
        Assert.Empty(await _here.ListAsync(null, Ct).ToListAsync(Ct));
        Assert.Empty(await _here.ListFilesAsync(Ct).ToListAsync(Ct));
        Assert.Equal(["meta/2026-11-24/000000000001.snapshot.jsonl.zst"], await _there.ListFilesAsync(Ct).Select(static f => f.Key).ToListAsync(Ct));
        Assert.Equal(image.Layer, (await Client.ReadAsync($"/v2/{Repository}/blobs/{image.LayerDigest}")).Is(200).Body);
        await using var file = await files.OpenAsync(key, Ct);
        Assert.Equal([1, 2, 3], await ReadAsync(file!));
        await files.RemoveAsync(key, Ct);
        Assert.Equal(0, await CountAsync("stored_file"));
    }

    [Fact]
    public async Task What_is_not_whole_in_the_new_place_stays_in_the_old_one()
    {
        var image = await Client.PushImageAsync(Repository, "one");
        await MigrateAsync(new MigrationOrder("local", "there", false, false, false, 0));
        await _there.DeleteAsync([await KeyAsync(image.LayerDigest, "there")], Ct);

        var result = await MigrateAsync(Places(There, Here), new MigrationOrder("local", "there", Remove: true, false, false, 0));

        Assert.False(result.Done);
        Assert.Contains($"{image.LayerDigest} stays in local", result.Message, StringComparison.Ordinal);
        Assert.Equal([image.LayerDigest], await Database.ListAsync("SELECT digest FROM blob_placement WHERE location = 'local'", static r => new Digest(r.GetFieldValue<byte[]>(0)), Ct));
    }

    [Fact]
    public async Task A_copy_with_an_old_time_is_no_orphan_while_it_has_no_placement_yet()
    {
        var image = await Client.PushImageAsync(Repository, "one");
        var file = await FileAsync(image.LayerDigest);
        File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-30));
        var (placements, orphans, key) = (_wharf.Services.GetRequiredService<Placements>(), _wharf.Services.GetRequiredService<Orphans>(), StorageKey.New());
        await placements.ReserveAsync("there", [key], Ct);
        Assert.True(await _there.TryCopyAsync(new LocalDriver(InProcessWharf.Storage(_directory.File("data"))), await KeyAsync(image.LayerDigest, "local"), key, Ct));

        for (var shard = 0; shard < Orphans.Shards; shard++)
            await orphans.SweepBlobsAsync(There, shard, Ct);
        await Garbage.CollectAsync(Ct);

        Assert.True(await placements.AddAsync(new Placement(image.LayerDigest, await KeyAsync(image.LayerDigest, "local"), "present", image.Layer.Length), "local", "there", key, Ct));
        Assert.Equal(image.Layer.Length, await _there.StatAsync(key, Ct));
        // Whoever comes too late, after the time that was reserved, gets nothing.
        await placements.ReserveAsync("there", [key = StorageKey.New()], Ct);
        await Database.WriteAsync(static tx => tx.ExecuteAsync("UPDATE storage_garbage SET after_ms = now_ms()"), Ct);
        await Database.WriteAsync(static tx => tx.ExecuteAsync("DELETE FROM blob_placement WHERE location = 'there'"), Ct);
        Assert.False(await placements.AddAsync(new Placement(image.LayerDigest, await KeyAsync(image.LayerDigest, "local"), "present", image.Layer.Length), "local", "there", key, Ct));
    }

    [Fact]
    public async Task Verification_tells_what_is_missing_shorter_damaged_or_in_an_unnamed_place_and_changes_nothing()
    {
        var images = new List<Image>();
        for (var i = 0; i < 3; i++)
            images.Add(await Client.PushImageAsync(Repository, $"t{i}"));
        await MigrateAsync(new MigrationOrder("local", "there", false, false, false, 0));
        var verification = _wharf.Services.GetRequiredService<StorageVerification>();
        Assert.Equal((true, 0L), await VerifyAsync(null, full: true));
        File.Delete(await FileAsync(images[0].LayerDigest));
        var shorter = Path.Join(_there.Root, "blobs", await KeyAsync(images[1].LayerDigest, "there"));
        await File.WriteAllBytesAsync(shorter, images[1].Layer[1..], Ct);
        await File.WriteAllBytesAsync(await FileAsync(images[2].LayerDigest), Requests.RandomBytes(images[2].Layer.Length), Ct);
        await Database.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO blob_placement (digest, location, storage_key, state) VALUES (@digest, 'former', @key, 'present')",
            ("digest", images[0].LayerDigest.ToArray()), ("key", StorageKey.New())), Ct);
        var before = await RowsAsync();

        Assert.Equal((false, 3L), await VerifyAsync(null, full: false));
        Assert.Equal((false, 4L), await VerifyAsync(null, full: true));
        Assert.Equal((false, 2L), await VerifyAsync("local", full: true));
        Assert.Equal((false, 1L), await VerifyAsync("there", full: true));
        var unknown = await verification.RunAsync("former", false, 0, Ct);
        Assert.Contains("The settings name local, there.", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(before, await RowsAsync());

        async Task<(bool, long)> VerifyAsync(string? location, bool full)
        {
            var result = await verification.RunAsync(location, full, 0, Ct);
            return (result.Done, (long)result.Data!["findings"]!);
        }

        async Task<List<string>> RowsAsync() => await Database.ListAsync("SELECT location, storage_key, state FROM blob_placement ORDER BY 1, 2", static r => $"{r.GetString(0)} {r.GetString(1)} {r.GetString(2)}", Ct);
    }

    private Location Here => new(StorageOptions.Local, _here, new LocationOptions());

    private Location There => new("there", _there, new LocationOptions());

    private static Locations Places(params Location[] locations) => new(locations);

    private Task<AdminResult> MigrateAsync(MigrationOrder order) => MigrateAsync(Places(Here, There), order);

    private async Task<AdminResult> MigrateAsync(Locations locations, MigrationOrder order)
    {
        var services = _wharf.Services;
        using var migration = new StorageMigration(services.GetRequiredService<Placements>(), new StoredFiles(Database, locations, services.GetRequiredService<LifetimeOptions>()), locations,
            services.GetRequiredService<DataDirectory>(), services.GetRequiredService<TimeProvider>());
        return await migration.RunAsync(order, Ct);
    }

    private async Task<S3Options> NewBucketAsync()
    {
        var bucket = await CephGateway.CreateBucketAsync();
        _bucket ??= bucket;
        return new S3Options { Endpoint = CephGateway.Endpoint, Bucket = bucket, AccessKey = CephGateway.AccessKey, SecretKey = CephGateway.SecretKey, PathStyle = true, PartBytes = 5 << 20 };
    }

    private async Task<long> CountAsync(string from) => await Database.OneAsync($"SELECT count(*) FROM {from}", static r => r.GetInt64(0), Ct);

    private async Task<string> KeyAsync(Digest digest, string location) => (await Database.OneAsync("SELECT storage_key FROM blob_placement WHERE digest = @digest AND location = @location", static r => r.GetString(0), Ct,
        ("digest", digest.ToArray()), ("location", location)))!;

    private async Task<string> FileAsync(Digest digest) => Path.Join(InProcessWharf.Storage(_directory.File("data")), "blobs", await KeyAsync(digest, "local"));

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, Ct);
        return all.ToArray();
    }
}
