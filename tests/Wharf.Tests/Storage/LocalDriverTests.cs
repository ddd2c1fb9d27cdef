using Wharf.Storage;
using Wharf.Storage.Local;

namespace Wharf.Tests.Storage;

public sealed class LocalDriverTests : BlobDriverConformance, IDisposable
{
    private const int NoSpace = 28;
    private const int InputOutput = 5;

    private readonly string _root = Directory.CreateTempSubdirectory("wharf-local-").FullName;

    public LocalDriverTests() => Driver = Reopen();

    protected override IBlobDriver Driver { get; }

    protected override Task PutForeignAsync(string name, byte[] content)
    {
        var path = Path.Join(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return File.WriteAllBytesAsync(path, content, Ct);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_completed_blob_survives_a_loss_of_power()
    {
        var disk = new FaultyDisk();
        var driver = new LocalDriver(_root, disk);
        var content = Bytes(new Random(1), 100_000);
        var (kept, unfinished) = (StorageKey.New(), StorageKey.New());
        await using var other = await driver.BeginAsync(unfinished, Ct);
        await other.WriteAsync(content, Ct);
        var neverSynced = driver.Checkpoint(1, moved: false);
        await using (var writer = await driver.BeginAsync(kept, Ct))
        {
            await writer.WriteAsync(content, Ct);
            await writer.CompleteAsync(Ct);
        }

        disk.LosePower(_root);

        Assert.Equal(content, await ReadAsync(Reopen(), kept));
        await Assert.ThrowsAsync<UploadLostException>(() => Reopen().ResumeAsync(unfinished, neverSynced, 1, Ct));
    }

    [Fact]
    public async Task What_a_checkpoint_claims_survives_a_loss_of_power_and_can_be_continued()
    {
        var disk = new FaultyDisk();
        var driver = new LocalDriver(_root, disk);
        var content = Bytes(new Random(1), 100_000);
        var key = StorageKey.New();
        await using var writer = await driver.BeginAsync(key, Ct);
        await writer.WriteAsync(content.AsMemory(0, 60_000), Ct);
        var state = await writer.CheckpointAsync(Ct);
        await writer.WriteAsync(content.AsMemory(60_000, 20_000), Ct);

        disk.LosePower(_root);

        await using (var resumed = await Reopen().ResumeAsync(key, state, 1, Ct))
        {
            await resumed.WriteAsync(content.AsMemory(60_000), Ct);
            await resumed.CompleteAsync(Ct);
        }
        Assert.Equal(content, await ReadAsync(Driver, key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_disk_that_failed_to_keep_an_upload_is_never_asked_again(bool atCheckpoint)
    {
        var disk = new FaultyDisk();
        var driver = new LocalDriver(_root, disk);
        var key = StorageKey.New();
        await using var writer = await driver.BeginAsync(key, Ct);
        await writer.WriteAsync(new byte[10], Ct);
        var state = await writer.CheckpointAsync(Ct);
        await writer.WriteAsync(new byte[10], Ct);

        disk.FailNextFile = InputOutput;
        await Assert.ThrowsAsync<UploadLostException>(() => atCheckpoint ? writer.CheckpointAsync(Ct) : writer.CompleteAsync(Ct));

        await Assert.ThrowsAsync<UploadLostException>(() => writer.CompleteAsync(Ct));
        await Assert.ThrowsAsync<UploadLostException>(async () => await writer.WriteAsync(new byte[1], Ct));
        await Assert.ThrowsAsync<UploadLostException>(() => driver.ResumeAsync(key, state, 1, Ct));
        await writer.AbortAsync(Ct);
        Assert.Null(await driver.StatAsync(key, Ct));
    }

    [Fact]
    public async Task A_blob_whose_name_could_not_be_kept_is_no_blob()
    {
        var disk = new FaultyDisk();
        var driver = new LocalDriver(_root, disk);
        var (first, key) = (StorageKey.New(), "");
        await using (var writer = await driver.BeginAsync(first, Ct)) await writer.CompleteAsync(Ct);
        // In a shard that is known already, so that the next directory to sync is the blob's own.
        key = first[..3] + StorageKey.New()[3..];
        await using var failing = await driver.BeginAsync(key, Ct);
        await failing.WriteAsync(new byte[10], Ct);

        disk.FailNextDirectory = InputOutput;
        await Assert.ThrowsAsync<UploadLostException>(() => failing.CompleteAsync(Ct));

        Assert.Null(await driver.StatAsync(key, Ct));
    }

    [Fact]
    public async Task A_full_disk_is_said_to_be_full()
    {
        var disk = new FaultyDisk { FailNextFile = null };
        var driver = new LocalDriver(_root, disk);
        await using var writer = await driver.BeginAsync(StorageKey.New(), Ct);
        disk.FailNextFile = NoSpace;

        await Assert.ThrowsAsync<StorageFullException>(() => writer.CheckpointAsync(Ct));
    }

    [Fact]
    public void The_error_of_a_write_to_a_full_device_is_known()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);

        var error = Assert.Throws<IOException>(() => RandomAccess.Write(full, new byte[10], 0));

        Assert.IsType<StorageFullException>(LocalErrors.Fault(error, "Writing"));
        Assert.IsType<StorageException>(LocalErrors.Fault(new IOException("x", InputOutput), "Writing"));
    }

    [Fact]
    public async Task Nothing_is_left_of_uploads_that_ended_or_never_had_a_checkpoint()
    {
        var driver = Driver;
        await PutAsync(new byte[10]);
        await using (var writer = await driver.BeginAsync(StorageKey.New(), Ct)) await writer.WriteAsync(new byte[10], Ct);
        await using (var writer = await driver.BeginAsync(StorageKey.New(), Ct)) await writer.AbortAsync(Ct);
        var kept = StorageKey.New();
        await using (var writer = await driver.BeginAsync(kept, Ct)) await writer.CheckpointAsync(Ct);

        Assert.Equal([kept.Remove(2, 1)], Directory.GetFileSystemEntries(Path.Join(_root, "uploads")).Select(Path.GetFileNameWithoutExtension));
    }

    [Fact]
    public async Task A_request_that_hangs_in_another_process_cannot_touch_an_upload_that_went_on_here()
    {
        var (there, here) = (new LocalDriver(_root), new LocalDriver(_root));
        var key = StorageKey.New();
        await using var hanging = await there.BeginAsync(key, Ct);
        await hanging.WriteAsync("good "u8.ToArray(), Ct);
        var state = await hanging.CheckpointAsync(Ct);

        await using var writer = await here.ResumeAsync(key, state, 1, Ct);
        await writer.WriteAsync("end"u8.ToArray(), Ct);
        await hanging.WriteAsync("bad"u8.ToArray(), Ct);
        await writer.CompleteAsync(Ct);

        using var stored = new StreamReader((await here.OpenAsync(key, 0, 100, Ct))!);
        Assert.Equal("good end", await stored.ReadToEndAsync(Ct));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Join(_root, "uploads")));
    }

    [Fact]
    public async Task No_file_stays_open()
    {
        var key = await PutAsync(new byte[10]);
        for (var i = 0; i < 10; i++) await ReadAsync(Driver, key);
        await using (var writer = await Driver.BeginAsync(StorageKey.New(), Ct)) await writer.CheckpointAsync(Ct);
        await Driver.TryCopyAsync(Driver, key, StorageKey.New(), Ct);

        var open = Directory.GetFileSystemEntries("/proc/self/fd").Select(static fd => new FileInfo(fd).LinkTarget ?? "").Where(target => target.StartsWith(_root, StringComparison.Ordinal));

        Assert.Empty(open);
    }

    [Fact]
    public async Task Reading_allocates_no_more_for_a_large_blob_than_for_a_small_one()
    {
        var key = await PutAsync(new byte[32 << 20]);
        var buffer = new byte[256 << 10];

        long Read()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var open = Driver.OpenAsync(key, 0, long.MaxValue, CancellationToken.None);
            Assert.True(open.IsCompletedSuccessfully);
            using var stream = open.GetAwaiter().GetResult();
            while (stream!.Read(buffer) > 0)
            {
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // The runtime charges some of its own work, such as compiling a loop anew, to the thread that it interrupts.
        Assert.InRange(Enumerable.Range(0, 5).Min(_ => Read()), 0, 4096);
    }

    [Fact]
    public void Keys_are_spread_and_never_equal()
    {
        var keys = Enumerable.Range(0, 10_000).Select(static _ => StorageKey.New()).ToHashSet();

        Assert.Equal(10_000, keys.Count);
        Assert.All(keys, static key => Assert.True(StorageKey.IsValid(key)));
        Assert.InRange(keys.Select(static key => key[..2]).Distinct().Count(), 250, 256);
    }

    protected override IBlobDriver Reopen() => new LocalDriver(_root);
}
