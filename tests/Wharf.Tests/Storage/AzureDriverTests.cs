using Wharf.Storage;
using Wharf.Storage.Azure;
using Wharf.Tests.Parts;

namespace Wharf.Tests.Storage;

/// <summary>The driver for Azure, on Azure's own emulator.</summary>
public sealed class AzureDriverTests : BlobDriverConformance, IAsyncLifetime
{
    private const int PartBytes = 1 << 20;

    private readonly List<AzureDriver> _opened = [];
    private string _container = "";
    private FaultProxy _proxy = null!;
    private AzureDriver _driver = null!;

    protected override IBlobDriver Driver => _driver;

    public async ValueTask InitializeAsync()
    {
        _container = await Azurite.CreateContainerAsync();
        _proxy = FaultProxy.InFrontOf(Azurite.Endpoint);
        _driver = Open("of/wharf");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var driver in _opened) driver.Dispose();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Two_places_share_a_container_and_see_nothing_of_each_other()
    {
        var other = Open("else");
        var key = await PutAsync([1]);
        await Driver.PutFileAsync("meta/file", new MemoryStream([2]), Ct);

        Assert.Null(await other.StatAsync(key, Ct));
        Assert.Empty(await other.ListAsync(null, Ct).ToListAsync(Ct));
        Assert.Empty(await other.ListFilesAsync(Ct).ToListAsync(Ct));
        Assert.Equal([$"of/wharf/blobs/{key}", "of/wharf/meta/file"], await other.ListForeignAsync(Ct).Select(static f => f.Key).ToListAsync(Ct));
        Assert.Equal([1], await ReadAsync(await other.OpenAsync($"of/wharf/blobs/{key}", 0, 10, Ct)));
        Assert.True(await other.TryCopyAsync(Driver, key, key, Ct));
        Assert.Equal([1], await ReadAsync(other, key));
    }

    [Fact]
    public async Task An_upload_of_many_blocks_survives_faults_between_and_within_them()
    {
        var (key, content) = (StorageKey.New(), Bytes(new Random(1), 8 * PartBytes + 77));
        await using var writer = await Driver.BeginAsync(key, Ct);
        for (var at = 0; at < content.Length; at += 100_000)
        {
            // One for each second block, at another place in it each time.
            if (at % (2 * PartBytes) < 100_000)
            {
                if (at / (2 * PartBytes) % 3 == 0) _proxy.CutRequestsAfter(at / 10);
                else if (at / (2 * PartBytes) % 3 == 1) _proxy.CutResponsesAfter(0);
                else _proxy.AnswerWith(503, times: 1);
            }
            await writer.WriteAsync(content.AsMemory(at, Math.Min(100_000, content.Length - at)), Ct);
        }
        var blob = await writer.CompleteAsync(Ct);

        Assert.Equal(new StoredBlob(key, content.Length), blob);
        Assert.Equal(content, await ReadAsync(Driver, key));
    }

    [Fact]
    public async Task A_store_that_is_down_fails_the_writer_and_the_upload_goes_on_from_its_checkpoint()
    {
        var (key, content) = (StorageKey.New(), Bytes(new Random(1), 3 * PartBytes));
        byte[] state;
        await using (var writer = await Driver.BeginAsync(key, Ct))
        {
            await writer.WriteAsync(content.AsMemory(0, PartBytes + 5), Ct);
            state = await writer.CheckpointAsync(Ct);
            _proxy.Refuses = true;
            _proxy.ResetAll();
            await writer.WriteAsync(content.AsMemory(PartBytes + 5, 100), Ct);
            await Assert.ThrowsAsync<StorageException>(() => writer.CheckpointAsync(Ct));
        }
        _proxy.Refuses = false;

        await using var resumed = await Driver.ResumeAsync(key, state, 1, Ct);
        await resumed.WriteAsync(content.AsMemory(PartBytes + 5), Ct);
        var blob = await resumed.CompleteAsync(Ct);

        Assert.Equal(content, await ReadAsync(Driver, blob.Key));
    }

    [Fact]
    public async Task Whoever_gives_up_leaves_the_blocks_of_a_writer_elsewhere()
    {
        var (there, here) = (Open("of/wharf"), Open("of/wharf"));
        var key = StorageKey.New();
        await using (var stale = await there.BeginAsync(key, Ct))
        {
            await stale.WriteAsync(new byte[PartBytes + 1], Ct);
            await using var fresh = await here.ResumeAsync(key, default, 1, Ct);
            await fresh.WriteAsync(Bytes(new Random(1), PartBytes + 1), Ct);
            await fresh.CheckpointAsync(Ct);

            await stale.AbortAsync(Ct);
            key = (await fresh.CompleteAsync(Ct)).Key;
        }

        Assert.Equal(Bytes(new Random(1), PartBytes + 1), await ReadAsync(Driver, key));
    }

    [Fact]
    public async Task A_read_that_is_cut_goes_on()
    {
        var content = Bytes(new Random(1), 2_000_000);
        var key = await PutAsync(content);
        await using var stream = await Driver.OpenAsync(key, 0, long.MaxValue, Ct);
        _proxy.CutResponsesAfter(500_000);

        Assert.Equal(content, await ReadAsync(stream));
    }

    [Fact]
    public async Task A_store_that_is_down_never_looks_empty()
    {
        var key = await PutAsync([1]);
        _proxy.Refuses = true;
        _proxy.ResetAll();

        foreach (var ask in new Func<Task>[]
        {
            () => Driver.StatAsync(key, Ct), () => Driver.OpenAsync(key, 0, 1, Ct), () => Driver.DeleteAsync([key], Ct), () => Driver.TryCopyAsync(Driver, key, StorageKey.New(), Ct),
            () => Driver.OpenFileAsync("meta/file", Ct), async () => await Driver.ListAsync(null, Ct).ToListAsync(Ct), async () => await Driver.ListUnfinishedAsync(Ct).ToListAsync(Ct),
        })
        {
            Assert.IsType<StorageException>(await Record.ExceptionAsync(ask));
        }
    }

    protected override IBlobDriver Reopen() => Open("of/wharf");

    protected override async Task PutForeignAsync(string name, byte[] content)
    {
        using var client = new AzureClient(new AzureOptions { Account = Azurite.AccountName, Key = Azurite.AccountKey, Endpoint = _proxy.Endpoint, Container = _container });
        Assert.True(await client.PutBlobAsync(name, new MemoryStream(content), Ct));
    }

    private AzureDriver Open(string prefix)
    {
        var driver = new AzureDriver(new AzureOptions { Account = Azurite.AccountName, Key = Azurite.AccountKey, Endpoint = _proxy.Endpoint, Container = _container, Prefix = prefix, PartBytes = PartBytes });
        lock (_opened) _opened.Add(driver);
        return driver;
    }
}
