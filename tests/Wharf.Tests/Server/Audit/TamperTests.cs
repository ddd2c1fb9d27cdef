using Wharf.Server.Audit;

namespace Wharf.Tests.Server.Audit;

/// <summary>Somebody who may do anything with the database changes the trail; the verifier says so, and where.</summary>
public sealed class TamperTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>What is done, by name, and what of the finding is told.</summary>
    private static readonly Dictionary<string, (Func<AuditWorld, Task> Do, string Finding)> s_ways = new()
    {
        ["edits an entry, and what it is looked up by with it"] = (world => EditAsync(world, rewrite: false), "its entries are not those that were written"),
        ["edits only what an entry is looked up by"] = (world => world.RunAsync("UPDATE audit_entry SET performer_id = 99 WHERE performer_id = 2 AND n = 5"), "what it is looked up by is not what it says"),
        ["deletes an entry"] = (world => world.RunAsync("DELETE FROM audit_entry WHERE n = 5 AND i = 1"), "2 entries and not 3"),
        ["deletes an entry and counts again"] = (async world =>
        {
            await world.RunAsync("DELETE FROM audit_entry WHERE n = 5 AND i = 2");
            await world.RunAsync("UPDATE audit_batch SET count = 2 WHERE n = 5");
        }, "what it says of itself was changed"),
        ["inserts an entry"] = (InsertAsync, "4 entries and not 3"),
        ["swaps two entries"] = (ReorderAsync, "its entries are not those that were written"),
        ["cuts the tail"] = (world => CutAsync(world, 6), "batches after 5 are missing"),
        ["cuts the tail and the seals with it"] = (async world =>
        {
            await CutAsync(world, 6);
            await world.RunAsync("DELETE FROM audit_seal WHERE n = (SELECT max(n) FROM audit_seal)");
        }, "was seen outside of the database"),
        ["cuts everything"] = (async world =>
        {
            foreach (var table in (string[])["audit_entry", "audit_batch", "audit_head", "audit_seal", "audit_span", "audit_segment", "audit_person"])
                await world.RunAsync($"DELETE FROM {table}");
        }, "was seen outside of the database"),
        ["makes the chain anew over an edited entry"] = (world => EditAsync(world, rewrite: true), "it is not the batch that was sealed"),
        ["makes the chain anew and the seals with a key of his own"] = (async world =>
        {
            await EditAsync(world, rewrite: true);
            await ForgeSealsAsync(world);
        }, "was not made by this registry's key"),
        ["drops a batch"] = (async world =>
        {
            await world.RunAsync("DELETE FROM audit_entry WHERE n = 5");
            await world.RunAsync("DELETE FROM audit_batch WHERE n = 5");
        }, "batches 5 to 5 before it are missing"),
        ["drops a batch's head only"] = (world => world.RunAsync("DELETE FROM audit_batch WHERE n = 6"), "which is not there"),
        ["swaps two rotated files"] = (SwapAsync, "is of another day"),
        ["swaps what is known of two rotated files"] = (async world =>
        {
            var days = await world.Trail.ListAsync("SELECT day FROM audit_segment ORDER BY day", static r => r.GetInt64(0), Ct);
            await world.RunAsync("UPDATE audit_segment SET day = 1 WHERE day = @day", ("day", (int)days[0]));
            await world.RunAsync("UPDATE audit_segment SET day = @to WHERE day = @day", ("to", (int)days[0]), ("day", (int)days[1]));
            await world.RunAsync("UPDATE audit_segment SET day = @to WHERE day = 1", ("to", (int)days[1]));
        }, "of another day"),
        ["drops a rotated file from the list"] = (async world =>
        {
            await world.RunAsync("DELETE FROM audit_span WHERE segment_id = (SELECT min(id) FROM audit_segment)");
            await world.RunAsync("DELETE FROM audit_segment WHERE id = (SELECT min(id) FROM audit_segment)");
        }, "before it are missing"),
        ["drops a whole writer"] = (async world =>
        {
            var writer = await world.Trail.OneAsync("SELECT writer FROM audit_batch WHERE n = 1", static r => r.GetInt64(0), Ct);
            foreach (var table in (string[])["audit_entry", "audit_batch", "audit_head"])
                await world.RunAsync($"DELETE FROM {table} WHERE writer = @writer", ("writer", writer));
        }, "batches after 0 are missing"),
        ["puts another person in the place of one"] = (world => world.RunAsync("UPDATE audit_person SET value = '{\"name\":\"eve\"}' WHERE account_id = 2"), "what is told is not what was written"),
        ["takes a person's records away and tells of no erasure"] = (world => world.RunAsync("DELETE FROM audit_person WHERE account_id = 2"), "no erasure is recorded"),
        ["puts a seal's number ahead"] = (world => world.RunAsync("UPDATE audit_seal SET n = n + 1 WHERE n = (SELECT max(n) FROM audit_seal)"), "are missing"),
        ["writes over a file"] = (async world =>
        {
            var key = await world.Trail.OneAsync("SELECT storage_key FROM audit_segment ORDER BY day", static r => r.GetString(0), Ct);
            var file = Directory.GetFiles(world.Storage, Path.GetFileName(key!), SearchOption.AllDirectories).Single();
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var bytes = await File.ReadAllBytesAsync(file, Ct);
            bytes[^9] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, Ct);
        }, "the digest is not the recorded one"),
    };

    public static TheoryData<string, bool> Ways()
    {
        var data = new TheoryData<string, bool>();
        foreach (var way in s_ways.Keys)
        {
            data.Add(way, false);
            data.Add(way, true);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Whoever(string way, bool postgres)
    {
        await using var world = await TrailAsync(postgres);
        Assert.Empty(await world.FindingsAsync());

        await s_ways[way].Do(world);

        Assert.Contains(await world.FindingsAsync(), f => f.Contains(s_ways[way].Finding, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Erasing_a_person_leaves_the_trail_whole_and_their_name_nowhere(bool postgres)
    {
        await using var world = await TrailAsync(postgres);

        Assert.True((await world.Erasure.EraseAsync(2, Ct)).Erased >= 1);

        var report = await world.Verifier.VerifyAsync(null, Ct);
        Assert.Empty(report.Findings);
        Assert.Equal(1, report.ErasedPersons);
        Assert.Equal(0, await world.Trail.OneAsync("SELECT count(*) FROM audit_person WHERE value LIKE '%bob%'", static r => r.GetInt64(0), Ct));
        var page = await world.Logs.ListAsync(new LogQuery(0, long.MaxValue) { Filter = new() { Performers = [2] }, Count = 100 }, Ct);
        Assert.NotEmpty(page.Entries);
        Assert.All(page.Entries, static e => Assert.Null(e.Who));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_seal_that_somebody_wrote_down_is_asked_for(bool postgres)
    {
        await using var world = await TrailAsync(postgres);
        var seal = (await world.Store.LastSealAsync(Ct))!;

        Assert.Empty((await world.Verifier.VerifyAsync((seal.N, seal.Mac), Ct)).Findings);
        Assert.NotEmpty((await world.Verifier.VerifyAsync((seal.N, new byte[32]), Ct)).Findings);
        Assert.NotEmpty((await world.Verifier.VerifyAsync((seal.N + 1, seal.Mac), Ct)).Findings);
    }

    // Two rotated days of two batches, then three batches of this day, the last of them not sealed, and one of another process.
    private static async Task<AuditWorld> TrailAsync(bool postgres)
    {
        var world = await AuditWorld.OpenAsync(postgres);
        for (var day = 0; day < 2; day++)
        {
            await world.WriteBatchAsync();
            await world.WriteBatchAsync();
            await world.SealAsync();
            world.Clock.Advance(TimeSpan.FromDays(1));
        }
        var today = (int)(world.Clock.GetUtcNow().ToUnixTimeMilliseconds() / AuditBatch.DayMs);
        while (await world.Rotator.RotateAsync(today, Ct))
        {
        }
        await world.WriteBatchAsync();
        await world.SealAsync();
        await world.WriteBatchAsync();
        await world.WriteBatchAsync(world.NewWriter());
        await world.SealAsync();
        await world.WriteBatchAsync();
        return world;
    }

    private static async Task EditAsync(AuditWorld world, bool rewrite)
    {
        var (writer, line) = await world.Trail.OneAsync("SELECT writer, line FROM audit_entry WHERE n = 5 AND i = 0", static r => (r.GetInt64(0), r.GetFieldValue<byte[]>(1)), Ct);
        var edited = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(line).Replace("pull_repo", "push_repo", StringComparison.Ordinal));
        await world.RunAsync("UPDATE audit_entry SET line = @line, kind = 'push_repo' WHERE n = 5 AND i = 0", ("line", edited));
        if (!rewrite)
            return;
        var prev = await world.Trail.OneAsync("SELECT prev FROM audit_batch WHERE n = 5", static r => r.GetFieldValue<byte[]>(0), Ct);
        foreach (var batch in await world.Store.BatchesAsync(writer, 4, 100, Ct))
        {
            var rows = await world.Store.RowsAsync(writer, batch.N, batch.N, Ct);
            var anew = batch with { Prev = prev!, Root = AuditChain.Root([.. rows.Select(static r => r.Line)]) };
            prev = AuditChain.Hash(anew);
            await world.RunAsync("UPDATE audit_batch SET prev = @prev, root = @root, hash = @hash WHERE writer = @writer AND n = @n",
                ("prev", anew.Prev), ("root", anew.Root), ("hash", prev), ("writer", writer), ("n", batch.N));
            await world.RunAsync("UPDATE audit_head SET hash = @hash WHERE writer = @writer AND n = @n", ("hash", prev), ("writer", writer), ("n", batch.N));
        }
    }

    private static async Task ForgeSealsAsync(AuditWorld world)
    {
        var heads = (await world.Trail.ListAsync("SELECT writer, n, hash FROM audit_batch", static r => (r.GetInt64(0), r.GetInt64(1), r.GetFieldValue<byte[]>(2)), Ct)).ToDictionary(static b => (b.Item1, b.Item2), static b => b.Item3);
        var prev = AuditChain.Start;
        foreach (var seal in await world.Store.SealsAsync(0, 100, Ct))
        {
            var text = new System.Text.Json.Nodes.JsonObject();
            foreach (var (writer, n, hash) in AuditSeals.Heads(seal))
                text[AuditBatch.Name(writer)] = new System.Text.Json.Nodes.JsonArray(n, Convert.ToBase64String(heads.GetValueOrDefault((writer, n), hash)));
            var mac = System.Security.Cryptography.HMACSHA256.HashData(new byte[32], AuditChain.SealText(seal.N, seal.AtMs, text.ToJsonString(), prev));
            await world.RunAsync("UPDATE audit_seal SET heads = @heads, prev = @prev, mac = @mac WHERE n = @n", ("heads", text.ToJsonString()), ("prev", prev), ("mac", mac), ("n", seal.N));
            prev = mac;
        }
    }

    private static async Task InsertAsync(AuditWorld world)
    {
        const string Columns = "at_ms, class, kind, namespace_id, repository_id, performer_id, about_id, digest_key, line";
        await world.RunAsync($"INSERT INTO audit_entry (day, writer, n, i, {Columns}) SELECT day, writer, n, 3, {Columns} FROM audit_entry WHERE n = 5 AND i = 0");
    }

    private static async Task ReorderAsync(AuditWorld world)
    {
        await world.RunAsync("UPDATE audit_entry SET i = 9 WHERE n = 5 AND i = 0");
        await world.RunAsync("UPDATE audit_entry SET i = 0 WHERE n = 5 AND i = 1");
        await world.RunAsync("UPDATE audit_entry SET i = 1 WHERE n = 5 AND i = 9");
    }

    private static async Task CutAsync(AuditWorld world, long from)
    {
        await world.RunAsync("DELETE FROM audit_entry WHERE n >= @n", ("n", from));
        await world.RunAsync("DELETE FROM audit_batch WHERE n >= @n", ("n", from));
        await world.RunAsync("UPDATE audit_head SET n = @n WHERE n > @n", ("n", from - 1));
    }

    private static async Task SwapAsync(AuditWorld world)
    {
        var files = await world.Trail.ListAsync("SELECT id, storage_key, digest, size FROM audit_segment ORDER BY day", static r => (Id: r.GetInt64(0), Key: r.GetString(1), Digest: r.GetFieldValue<byte[]>(2), Size: r.GetInt64(3)), Ct);
        foreach (var (to, from) in new[] { (files[0], files[1]), (files[1], files[0]) })
            await world.RunAsync("UPDATE audit_segment SET storage_key = @key, digest = @digest, size = @size WHERE id = @id", ("key", from.Key), ("digest", from.Digest), ("size", from.Size), ("id", to.Id));
    }
}
