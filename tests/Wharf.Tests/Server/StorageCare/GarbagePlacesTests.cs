using Microsoft.Extensions.DependencyInjection;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Storage;
using Wharf.Storage.Local;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Crashes;
using Wharf.Tests.Storage;

namespace Wharf.Tests.Server.StorageCare;

/// <summary>What is deleted where, when there are several places and objects of others in them.</summary>
public sealed class GarbagePlacesTests : IAsyncLifetime
{
    private const string Settings = "Scrub:\n  Enabled: false\nRecovery:\n  Journal: false\nGarbageCollection:\n  Enabled: false\n";

    private readonly TemporaryDirectory _directory = new();
    private readonly LocationOptions _options = new();
    private FailingDriver _here = null!;
    private LocalDriver _there = null!;
    private InProcessWharf _wharf = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Database Database => _wharf.Services.GetRequiredService<Database>();

    private Garbage Garbage => _wharf.Services.GetRequiredService<Garbage>();

    public async ValueTask InitializeAsync()
    {
        _here = new FailingDriver(new LocalDriver(InProcessWharf.Storage(_directory.File("data"))));
        _there = new LocalDriver(_directory.File("there"));
        _wharf = await InProcessWharf.StartAsync(_directory.File("data"), _here, Settings, builder => builder.Services.AddSingleton(
            new Locations(new Location(StorageOptions.Local, _here, new LocationOptions()), new Location("there", _there, _options))));
    }

    public async ValueTask DisposeAsync()
    {
        await _wharf.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_place_that_fails_keeps_its_own_garbage_and_no_other_places()
    {
        for (var i = 0; i < 5; i++)
        {
            await NoteAsync("local", await PutAsync(_here));
            await NoteAsync("there", await PutAsync(_there));
        }
        _here.Down = true;

        Assert.Equal(5, (await Garbage.CollectAsync(Ct)).Keys);

        Assert.Empty(await _there.ListAsync(null, Ct).ToListAsync(Ct));
        // After three in a row the place is asked no more.
        Assert.InRange(_here.Calls, 1, 4);
        Assert.Equal(5, await CountAsync("storage_garbage WHERE location = 'local' AND attempts = 1"));
        _here.Down = false;
        await Database.WriteAsync(static tx => tx.ExecuteAsync("UPDATE storage_garbage SET after_ms = 0"), Ct);
        Assert.Equal(5, (await Garbage.CollectAsync(Ct)).Keys);
        Assert.Empty(await _here.ListAsync(null, Ct).ToListAsync(Ct));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_others_wrote_goes_only_where_the_settings_say_so(bool deleted)
    {
        _options.DeleteForeign = deleted;
        var name = $"datastorage/registry/sha256/aa/{new string('a', 64)}";
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Join(_there.Root, name))!);
        await File.WriteAllTextAsync(Path.Join(_there.Root, name), "of others", Ct);
        await NoteAsync("there", name);
        await NoteAsync("there", await PutAsync(_there));

        Assert.Equal(2, (await Garbage.CollectAsync(Ct)).Keys);

        Assert.Equal(!deleted, File.Exists(Path.Join(_there.Root, name)));
        Assert.Empty(await _there.ListAsync(null, Ct).ToListAsync(Ct));
        Assert.Equal(0, await CountAsync("storage_garbage"));
    }

    [Fact]
    public async Task Blobs_in_a_place_that_the_settings_do_not_name_are_told_of_at_the_start()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();
        var digest = await registry.UserClient.PushBlobAsync(registry.NewRepository(), [1, 2, 3]);
        await using (var database = await registry.OpenDatabaseAsync())
        await using (var command = database.CreateCommand())
        {
            command.CommandText = "INSERT INTO blob_placement (digest, location, storage_key, state) SELECT digest, 'former', storage_key, 'present' FROM blob_placement";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(Ct));
        }
        Assert.DoesNotContain("former", registry.Log(), StringComparison.Ordinal);

        await registry.RestartAsync();

        await Poll.UntilAsync(() => Task.FromResult(registry.Log().Contains("The database has blobs in former, which Storage.Locations does not name (it names local)", StringComparison.Ordinal)));
        Assert.Equal(digest, Digest.Of([1, 2, 3]));
    }

    private async Task<long> CountAsync(string from) => await Database.OneAsync($"SELECT count(*) FROM {from}", static r => r.GetInt64(0), Ct);

    private Task<int> NoteAsync(string location, string key) => Database.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO storage_garbage (location, storage_key, after_ms) VALUES (@location, @key, 0)", ("location", location), ("key", key)), Ct);

    private static async Task<string> PutAsync(IBlobDriver driver)
    {
        var key = StorageKey.New();
        await using var writer = await driver.BeginAsync(key, Ct);
        await writer.WriteAsync(new byte[10], Ct);
        await writer.CompleteAsync(Ct);
        return key;
    }
}
