using Wharf.Storage;

namespace Wharf.Tests.Storage;

/// <summary>What every driver must do. A driver's own test class inherits this one and says how to open the place.</summary>
public abstract class BlobDriverConformance
{
    private const int Seed = 7;

    private static readonly int[] Sizes = [0, 1, 4095, 65_536, 65_537, 3 << 20];

    protected abstract IBlobDriver Driver { get; }

    /// <summary>The fewest bytes of an upload that the place lists as unfinished; with fewer it may keep them as objects, which are in the listing of those.</summary>
    protected virtual int LeastUnfinished => 1;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Another driver on the same place, as another replica or the next start of the process has it.</summary>
    protected abstract IBlobDriver Reopen();

    /// <summary>Writes an object as another program does, under a name that is none of Wharf's.</summary>
    protected abstract Task PutForeignAsync(string name, byte[] content);

    [Fact]
    public async Task What_others_wrote_is_read_by_its_own_name_and_goes_only_by_the_call_that_is_for_it()
    {
        var (content, own) = (Bytes(new Random(Seed), 10_000), await PutAsync([1, 2, 3]));
        var names = Enumerable.Range(0, 3).Select(static i => $"datastorage/registry/sha256/a{i}/{new string('a', 63)}{i}").ToArray();
        foreach (var name in names)
            await PutForeignAsync(name, content);

        Assert.Equal(names, (await Driver.ListForeignAsync(Ct).Select(static o => o.Key).ToListAsync(Ct)).Order(StringComparer.Ordinal));
        Assert.Equal([own], await KeysAsync(null));
        Assert.Equal(10_000, await Driver.StatAsync(names[0], Ct));
        Assert.Equal(content[5..25], await ReadAsync(Driver, names[0], 5, 20));
        await Assert.ThrowsAsync<ArgumentException>(() => Driver.DeleteAsync([names[0]], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => Driver.DeleteForeignAsync([own], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => Driver.DeleteForeignAsync(["../../etc/passwd"], Ct));
        Assert.Equal(3, await Driver.ListForeignAsync(Ct).CountAsync(Ct));

        await Driver.DeleteForeignAsync([names[0], names[2], "datastorage/registry/none"], Ct);

        Assert.Equal([names[1]], await Driver.ListForeignAsync(Ct).Select(static o => o.Key).ToListAsync(Ct));
        Assert.Null(await Driver.StatAsync(names[0], Ct));
        Assert.Equal([own], await KeysAsync(null));
    }

    [Fact]
    public async Task What_was_written_is_read_back_whole()
    {
        var random = new Random(Seed);
        foreach (var size in Sizes)
        {
            var (key, content) = (StorageKey.New(), Bytes(random, size));

            await using (var writer = await Driver.BeginAsync(key, Ct))
            {
                for (var at = 0; at < size;)
                {
                    var n = Math.Min(size - at, random.Next(1, 1 << 20));
                    await writer.WriteAsync(content.AsMemory(at, n), Ct);
                    at += n;
                    Assert.Equal(at, writer.Length);
                }
                Assert.Equal(new StoredBlob(key, size), await writer.CompleteAsync(Ct));
            }

            Assert.Equal(content, await ReadAsync(Driver, key));
            Assert.Equal(content, await ReadAsync(Reopen(), key));
            Assert.Equal(size, await Driver.StatAsync(key, Ct));
        }
    }

    [Fact]
    public async Task A_blob_is_invisible_until_its_writer_completes()
    {
        var key = StorageKey.New();
        await using var writer = await Driver.BeginAsync(key, Ct);
        await writer.WriteAsync(new byte[100], Ct);
        await writer.CheckpointAsync(Ct);

        Assert.Null(await Driver.StatAsync(key, Ct));
        Assert.Null(await Driver.OpenAsync(key, 0, long.MaxValue, Ct));
        Assert.DoesNotContain(key, await KeysAsync(null));

        key = (await writer.CompleteAsync(Ct)).Key;

        Assert.Equal(100, await Driver.StatAsync(key, Ct));
        Assert.Contains(key, await KeysAsync(null));
    }

    [Fact]
    public async Task Any_range_is_read_and_what_lies_beyond_the_end_is_empty()
    {
        var content = Bytes(new Random(Seed), 10_000);
        var key = await PutAsync(content);

        foreach (var (offset, length) in new (long, long)[] { (0, 0), (0, 1), (9_999, 1), (9_999, 500), (123, 4_567), (0, 10_000), (0, long.MaxValue), (5_000, long.MaxValue), (10_000, 5), (long.MaxValue, long.MaxValue) })
        {
            var expected = content.AsSpan((int)Math.Min(offset, 10_000));
            Assert.Equal(expected[..(int)Math.Min(length, expected.Length)].ToArray(), await ReadAsync(Driver, key, offset, length));
        }
    }

    [Fact]
    public async Task Many_readers_of_one_blob_each_get_their_range()
    {
        var content = Bytes(new Random(Seed), 1 << 20);
        var key = await PutAsync(content);

        await Parallel.ForEachAsync(Enumerable.Range(0, 64), Ct, async (i, ct) =>
        {
            var offset = i * 16_000;
            Assert.Equal(content.AsSpan(offset, 16_000).ToArray(), await ReadAsync(Driver, key, offset, 16_000));
        });
    }

    [Fact]
    public async Task An_absent_blob_is_null_and_deleting_it_is_fine()
    {
        var key = StorageKey.New();

        Assert.Null(await Driver.OpenAsync(key, 0, 1, Ct));
        Assert.Null(await Driver.StatAsync(key, Ct));
        await Driver.DeleteAsync([key], Ct);
        await Driver.DeleteAsync([], Ct);
        await Driver.AbortAsync(key, default, Ct);
    }

    [Fact]
    public async Task Deleted_blobs_are_gone_and_others_stay()
    {
        string[] gone = [await PutAsync([1]), await PutAsync([2]), StorageKey.New()];
        var stays = await PutAsync([3]);

        await Driver.DeleteAsync(gone, Ct);

        foreach (var key in gone) Assert.Null(await Driver.StatAsync(key, Ct));
        Assert.Equal([3], await ReadAsync(Driver, stays));
    }

    [Fact]
    public async Task An_upload_goes_on_from_its_checkpoint_in_another_process_without_what_came_after()
    {
        var (key, content) = (StorageKey.New(), Bytes(new Random(Seed), 300_000));
        byte[] state;
        await using (var first = await Driver.BeginAsync(key, Ct))
        {
            await first.WriteAsync(content.AsMemory(0, 100_000), Ct);
            state = await first.CheckpointAsync(Ct);
            await first.WriteAsync(new byte[50_000], Ct);
        }

        await using (var second = await Reopen().ResumeAsync(key, state, 1, Ct))
        {
            Assert.Equal(100_000, second.Length);
            await second.WriteAsync(content.AsMemory(100_000), Ct);
            key = (await second.CompleteAsync(Ct)).Key;
        }

        Assert.Equal(content, await ReadAsync(Driver, key));
    }

    [Fact]
    public async Task Any_series_of_writes_checkpoints_and_resumes_gives_the_bytes_that_were_kept()
    {
        var random = new Random(Seed);
        for (var round = 0; round < 30; round++)
        {
            var key = StorageKey.New();
            var content = Array.Empty<byte>();
            var checkpoints = new List<(byte[] State, byte[] Content)> { ([], []) };
            var writer = await Driver.BeginAsync(key, Ct);
            for (var step = 0; step < 12; step++)
            {
                switch (random.Next(4))
                {
                    case 0 or 1:
                        var more = Bytes(random, random.Next(1, 100_000));
                        await writer.WriteAsync(more, Ct);
                        content = [.. content, .. more];
                        break;
                    case 2:
                        checkpoints.Add((await writer.CheckpointAsync(Ct), content));
                        break;
                    default:
                        if (random.Next(2) == 0) await writer.DisposeAsync();
                        // Going back to an earlier checkpoint gives up the later ones.
                        var at = random.Next(checkpoints.Count);
                        checkpoints.RemoveRange(at + 1, checkpoints.Count - at - 1);
                        content = checkpoints[at].Content;
                        writer = await (random.Next(2) == 0 ? Driver : Reopen()).ResumeAsync(key, checkpoints[at].State, step + 1, Ct);
                        break;
                }
                Assert.Equal(content.Length, writer.Length);
            }
            var blob = await writer.CompleteAsync(Ct);
            await writer.DisposeAsync();

            Assert.Equal(content, await ReadAsync(Driver, blob.Key));
        }
    }

    [Fact]
    public async Task A_writer_whose_upload_was_resumed_elsewhere_does_no_harm()
    {
        var (key, content) = (StorageKey.New(), Bytes(new Random(Seed), 200_000));
        await using var stalled = await Driver.BeginAsync(key, Ct);
        await stalled.WriteAsync(content.AsMemory(0, 100_000), Ct);
        var state = await stalled.CheckpointAsync(Ct);

        await using var current = await Driver.ResumeAsync(key, state, 1, Ct);
        await Assert.ThrowsAsync<UploadLostException>(async () => await stalled.WriteAsync(new byte[150_000], Ct));
        await current.WriteAsync(content.AsMemory(100_000), Ct);
        await Assert.ThrowsAsync<UploadLostException>(() => stalled.CompleteAsync(Ct));
        await stalled.AbortAsync(Ct);
        await stalled.DisposeAsync();
        var blob = await current.CompleteAsync(Ct);

        Assert.Equal(content, await ReadAsync(Driver, blob.Key));
    }

    [Fact]
    public async Task Writers_that_race_with_a_resume_never_mix_their_bytes()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = StorageKey.New();
            await using var old = await Driver.BeginAsync(key, Ct);
            var flood = Task.Run(async () =>
            {
                try
                {
                    while (true) await old.WriteAsync("old old old old "u8.ToArray(), Ct);
                }
                catch (UploadLostException)
                {
                }
            }, Ct);

            await using var fresh = await Driver.ResumeAsync(key, default, 1, Ct);
            for (var i = 0; i < 50; i++) await fresh.WriteAsync("new new new new "u8.ToArray(), Ct);
            await flood;
            key = (await fresh.CompleteAsync(Ct)).Key;

            Assert.Equal(string.Concat(Enumerable.Repeat("new new new new ", 50)), System.Text.Encoding.ASCII.GetString(await ReadAsync(Driver, key)));
        }
    }

    [Fact]
    public async Task A_late_writer_of_another_process_never_changes_what_a_newer_one_completed()
    {
        var random = new Random(Seed);
        foreach (var (begun, added) in new[] { (10, 10), (10, LeastUnfinished + 5), (LeastUnfinished, 10), (LeastUnfinished, LeastUnfinished + 5), (0, 10), (0, LeastUnfinished + 5) })
        {
            var (key, start, late, newer) = (StorageKey.New(), Bytes(random, begun), Bytes(random, added), Bytes(random, added));
            byte[] state = [];
            if (begun > 0)
            {
                await using var first = await Driver.BeginAsync(key, Ct);
                await first.WriteAsync(start, Ct);
                state = await first.CheckpointAsync(Ct);
            }
            await using var stalled = await Driver.ResumeAsync(key, state, 1, Ct);
            await stalled.WriteAsync(late, Ct);

            await using var current = await Reopen().ResumeAsync(key, state, 2, Ct);
            await current.WriteAsync(newer, Ct);
            var blob = await current.CompleteAsync(Ct);
            try
            {
                await stalled.CompleteAsync(Ct);
            }
            catch (StorageException)
            {
                // It may learn that it is late, or make another blob that no row will name.
            }

            byte[] whole = [.. start, .. newer];
            Assert.Equal(whole, await ReadAsync(Driver, blob.Key));
        }
    }

    [Fact]
    public async Task An_aborted_upload_is_lost()
    {
        string[] keys = [StorageKey.New(), StorageKey.New()];
        var states = new List<byte[]>();
        foreach (var key in keys)
        {
            await using var writer = await Driver.BeginAsync(key, Ct);
            await writer.WriteAsync(new byte[10], Ct);
            states.Add(await writer.CheckpointAsync(Ct));
            if (key == keys[0]) await writer.AbortAsync(Ct);
        }
        await Driver.AbortAsync(keys[1], states[1], Ct);
        await Driver.AbortAsync(keys[1], states[1], Ct);

        for (var i = 0; i < keys.Length; i++)
        {
            await Assert.ThrowsAsync<UploadLostException>(() => Driver.ResumeAsync(keys[i], states[i], 1, Ct));
            Assert.Null(await Driver.StatAsync(keys[i], Ct));
        }
    }

    [Fact]
    public async Task A_completed_blob_cannot_be_resumed_changed_or_aborted()
    {
        var key = StorageKey.New();
        await using var writer = await Driver.BeginAsync(key, Ct);
        await writer.WriteAsync("done"u8.ToArray(), Ct);
        var state = await writer.CheckpointAsync(Ct);
        var blob = await writer.CompleteAsync(Ct);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.WriteAsync(new byte[1], Ct));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.CompleteAsync(Ct));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.AbortAsync(Ct));
        if (blob.Key == key)
        {
            await Assert.ThrowsAsync<UploadLostException>(() => Driver.ResumeAsync(key, state, 1, Ct));
            await Driver.AbortAsync(key, state, Ct);
        }
        else
        {
            // A blob that is one of the upload's tails: whoever goes on all the same makes another.
            await using var again = await Driver.ResumeAsync(key, state, 1, Ct);
            await again.WriteAsync("and more"u8.ToArray(), Ct);
            await again.CheckpointAsync(Ct);
        }

        Assert.Equal(4, blob.Size);
        Assert.Equal(key, StorageKey.UploadOf(blob.Key));
        Assert.Equal("done"u8.ToArray(), await ReadAsync(Driver, blob.Key));
    }

    [Fact]
    public async Task A_copy_is_a_blob_of_its_own()
    {
        var content = Bytes(new Random(Seed), 2_500_000);
        var (from, to) = (await PutAsync(content), StorageKey.New());

        Assert.True(await Driver.TryCopyAsync(Reopen(), from, to, Ct));
        await Driver.DeleteAsync([from], Ct);

        Assert.Equal(content, await ReadAsync(Driver, to));
        await Assert.ThrowsAsync<StorageException>(() => Driver.TryCopyAsync(Driver, from, StorageKey.New(), Ct));
    }

    [Fact]
    public async Task A_listing_has_each_blob_once_with_its_size_and_honours_the_prefix()
    {
        var expected = new Dictionary<string, long>();
        for (var i = 0; i < 50; i++) expected.Add(await PutAsync(new byte[i]), i);
        var some = expected.Keys.First();

        var listed = new List<StoredObject>();
        await foreach (var blob in Driver.ListAsync(null, Ct)) listed.Add(blob);

        Assert.Equal(expected, listed.ToDictionary(static b => b.Key, static b => b.Size));
        Assert.All(listed, static blob => Assert.InRange(TimeProvider.System.GetUtcNow() - blob.Modified, TimeSpan.FromMinutes(-5), TimeSpan.FromMinutes(5)));
        foreach (var prefix in new[] { some[..1], some[..2], some[..3], some[..10], some, "zz", "../", "" })
        {
            Assert.Equal(expected.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(), (await KeysAsync(prefix)).Order());
        }
    }

    [Fact]
    public async Task A_listing_of_unfinished_uploads_has_those_that_nobody_writes_and_abort_removes_them()
    {
        await PutAsync(new byte[10]);
        string[] left = [StorageKey.New(), StorageKey.New()];
        foreach (var key in left)
        {
            await using var writer = await Driver.BeginAsync(key, Ct);
            await writer.WriteAsync(new byte[LeastUnfinished], Ct);
            await writer.CheckpointAsync(Ct);
        }
        await using var aborted = await Driver.BeginAsync(StorageKey.New(), Ct);
        await aborted.WriteAsync(new byte[LeastUnfinished], Ct);
        await aborted.CheckpointAsync(Ct);
        await aborted.AbortAsync(Ct);
        await using var written = await Driver.BeginAsync(StorageKey.New(), Ct);
        await written.WriteAsync(new byte[LeastUnfinished], Ct);
        await written.CheckpointAsync(Ct);

        var here = await UnfinishedAsync(Driver);
        Assert.Equal(left.Order(), here.Select(static u => u.Key).Order());
        Assert.All(here, static u => Assert.InRange(TimeProvider.System.GetUtcNow() - u.Modified, TimeSpan.FromMinutes(-5), TimeSpan.FromMinutes(5)));
        // Another process, or the next one, knows nothing of this one's writers.
        Assert.Equal(3, (await UnfinishedAsync(Reopen())).DistinctBy(static u => u.Key).Count());

        foreach (var upload in await UnfinishedAsync(Reopen())) await Driver.AbortAsync(upload.Key, upload.State, Ct);

        Assert.Empty(await UnfinishedAsync(Reopen()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../../../../../../../../../../etc/passwd")]
    [InlineData("ab/../../../../../../../../../../../passwd")]
    [InlineData("/b/0123456789abcdef0123456789abcdef012345")]
    [InlineData("ab/0123456789abcdef0123456789abcdef01234/")]
    [InlineData("ab/0123456789ABCDEF0123456789abcdef012345")]
    [InlineData("ab/0123456789abcdef0123456789abcdef0123450")]
    [InlineData("ab/0123456789abcdef0123456789abcdef01234\n")]
    public async Task Text_that_is_no_key_is_refused_everywhere(string key)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.BeginAsync(key, Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.ResumeAsync(key, default, 1, Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.AbortAsync(key, default, Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.OpenAsync(key, 0, 1, Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.StatAsync(key, Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.DeleteAsync([key], Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.PresignAsync(key, TimeSpan.FromMinutes(1), Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.TryCopyAsync(Driver, key, StorageKey.New(), Ct));
    }

    [Fact]
    public async Task A_state_that_is_none_is_refused()
    {
        foreach (var state in new byte[][] { [1], [9, 9, 9], [2, 0, 0, 0, 0, 0, 0, 0, 1], [1, 0xFF, 0, 0, 0, 0, 0, 0, 0] })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.ResumeAsync(StorageKey.New(), state, 1, Ct));
        }
    }

    [Fact]
    public async Task A_presigned_address_is_one_that_a_stranger_can_follow()
    {
        var address = await Driver.PresignAsync(await PutAsync([1]), TimeSpan.FromMinutes(1), Ct);

        Assert.True(address is null or { IsAbsoluteUri: true, Scheme: "http" or "https" });
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        var key = StorageKey.New();
        await using var writer = await Driver.BeginAsync(key, Ct);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await writer.WriteAsync(new byte[1], cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writer.CompleteAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Driver.BeginAsync(StorageKey.New(), cancelled));

        Assert.Equal(0, writer.Length);
        Assert.Null(await Driver.StatAsync(key, Ct));
    }

    [Fact]
    public async Task A_file_is_found_by_its_name_and_never_overwritten()
    {
        var key = await PutAsync([1]);
        var (name, other) = ("meta/2026-11-24/000000000001.jsonl.zst", "meta/2026-11-24/000000000002.snapshot.jsonl.zst");
        var content = Bytes(new Random(Seed), 100_000);

        Assert.Null(await Driver.OpenFileAsync(name, Ct));
        Assert.True(await Driver.PutFileAsync(name, new MemoryStream(content), Ct));
        Assert.False(await Driver.PutFileAsync(name, new MemoryStream([2]), Ct));
        Assert.True(await Driver.PutFileAsync(other, new MemoryStream(), Ct));

        Assert.Equal(content, await ReadAsync(await Reopen().OpenFileAsync(name, Ct)));
        var files = await Driver.ListFilesAsync(Ct).ToListAsync(Ct);
        Assert.Equal([(name, 100_000), (other, 0)], files.Select(static f => (f.Key, f.Size)).Order());
        Assert.Equal([key], await KeysAsync(null));
        Assert.Empty(await Driver.ListForeignAsync(Ct).ToListAsync(Ct));

        await Driver.DeleteFilesAsync([name, "meta/none"], Ct);
        Assert.Null(await Driver.OpenFileAsync(name, Ct));
        Assert.Single(await Driver.ListFilesAsync(Ct).ToListAsync(Ct));
        Assert.NotNull(await Driver.StatAsync(key, Ct));
    }

    [Fact]
    public async Task Of_many_who_store_a_file_of_one_name_at_once_one_does()
    {
        var contents = Enumerable.Range(0, 8).Select(static i => Bytes(new Random(i), 50_000)).ToList();

        var stored = await Task.WhenAll(contents.Select((content, i) => Task.Run(() => (i % 2 == 0 ? Driver : Reopen()).PutFileAsync("meta/one", new MemoryStream(content), Ct), Ct)));

        Assert.Equal(contents[Array.IndexOf(stored, true)], await ReadAsync(await Driver.OpenFileAsync("meta/one", Ct)));
        Assert.Single(stored, static s => s);
    }

    [Theory]
    [InlineData("")]
    [InlineData("meta/")]
    [InlineData("meta")]
    [InlineData("other/file")]
    [InlineData("meta/../blobs/file")]
    [InlineData("meta/.hidden")]
    [InlineData("meta//file")]
    [InlineData("meta/File")]
    [InlineData("/meta/file")]
    [InlineData("meta/file\n")]
    [InlineData("ab/0123456789abcdef0123456789abcdef012345")]
    public async Task Text_that_is_no_name_of_a_file_is_refused_everywhere(string name)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.PutFileAsync(name, new MemoryStream(), Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.OpenFileAsync(name, Ct));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Driver.DeleteFilesAsync([name], Ct));
    }

    protected async Task<string> PutAsync(byte[] content)
    {
        var key = StorageKey.New();
        await using var writer = await Driver.BeginAsync(key, Ct);
        await writer.WriteAsync(content, Ct);
        await writer.CompleteAsync(Ct);
        return key;
    }

    protected static async Task<byte[]> ReadAsync(IBlobDriver driver, string key, long offset = 0, long length = long.MaxValue)
    {
        await using var stream = await driver.OpenAsync(key, offset, length, Ct);
        return await ReadAsync(stream);
    }

    protected static async Task<byte[]> ReadAsync(Stream? stream)
    {
        Assert.NotNull(stream);
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, Ct);
        return all.ToArray();
    }

    protected static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static async Task<List<UnfinishedUpload>> UnfinishedAsync(IBlobDriver driver) => await driver.ListUnfinishedAsync(Ct).ToListAsync(Ct);

    private async Task<List<string>> KeysAsync(string? prefix)
    {
        var keys = new List<string>();
        await foreach (var blob in Driver.ListAsync(prefix, Ct)) keys.Add(blob.Key);
        return keys;
    }
}
