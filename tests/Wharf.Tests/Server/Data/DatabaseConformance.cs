using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Server.Work;

namespace Wharf.Tests.Server.Data;

/// <summary>What every store relies on, on each engine.</summary>
public abstract class DatabaseConformance : IAsyncLifetime
{
    private Database? _db;

    private protected Database Db => _db!;

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    private protected abstract Task<Database> OpenAsync();

    public async ValueTask InitializeAsync() => _db = await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await _db!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_a_unit_wrote_is_there_when_its_task_ends()
    {
        var id = await Db.WriteAsync(tx => AddNamespaceAsync(tx, "one"), Ct);

        var found = await Db.OneAsync("SELECT id FROM namespace WHERE name = @name", static r => r.GetInt64(0), Ct, ("name", "one"));

        Assert.Equal(id, found);
    }

    [Fact]
    public async Task Values_go_to_their_names_in_whatever_order_they_are_given()
    {
        foreach (var args in new (string, object?)[][] { [("id", 1L), ("by", 2L)], [("by", 2L), ("id", 1L)], [("id", 1L), ("by", 2L)] })
        {
            Assert.Equal((1L, 2L), await Db.OneAsync("SELECT CAST(@id AS BIGINT), CAST(@by AS BIGINT)", static r => (r.GetInt64(0), r.GetInt64(1)), Ct, args));
            Assert.Equal((1L, 2L), await Db.WriteAsync(tx => tx.OneAsync("SELECT CAST(@id AS BIGINT), CAST(@by AS BIGINT)", static r => (r.GetInt64(0), r.GetInt64(1)), args), Ct));
        }
    }

    [Fact]
    public async Task Sessions_that_have_ended_by_themselves_are_swept()
    {
        var store = new SessionStore(Db, new AuthOptions());
        NewSession[] sessions = [.. Enumerable.Range(0, 3).Select(static _ => new NewSession(SessionCookie.Create(), "127.0.0.1", "", null))];
        foreach (var session in sessions)
            await store.BeginAsync(1, 1, session, Ct);
        await Db.WriteAsync(tx => tx.ExecuteAsync("UPDATE session SET expires_ms = 1 WHERE id <> @id", ("id", sessions[1].Cookie.Id)), Ct);

        var swept = await store.SweepAsync(Ct);

        Assert.Equal((2, 0), (swept, await store.SweepAsync(Ct)));
        Assert.Equal([sessions[1].Cookie.Id], (await store.ListAsync(1, Ct)).Select(static s => s.Id));
    }

    [Fact]
    public async Task A_unit_that_throws_leaves_nothing_and_harms_no_other()
    {
        var units = Enumerable.Range(0, 60).Select(i => Db.WriteAsync<long>(async tx =>
        {
            var id = await AddNamespaceAsync(tx, $"n{i}");
            return i % 3 == 0 ? throw new InvalidOperationException("no") : id;
        }, Ct)).ToList();

        var outcomes = await Task.WhenAll(units.Select(async u =>
        {
            try
            {
                await u;
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }));

        var names = await Db.ListAsync("SELECT name FROM namespace ORDER BY id", static r => r.GetString(0), Ct);
        Assert.Equal(40, outcomes.Count(static o => o));
        Assert.Equal(Enumerable.Range(0, 60).Where(static i => i % 3 != 0).Select(static i => $"n{i}").Order(), names.Order());
    }

    [Fact]
    public async Task A_statement_that_fails_rolls_back_its_unit_only()
    {
        await Db.WriteAsync(tx => AddNamespaceAsync(tx, "taken"), Ct);

        var failing = Db.WriteAsync<long>(async tx =>
        {
            await AddNamespaceAsync(tx, "before");
            return await tx.ExecuteAsync("INSERT INTO namespace (name, kind, created_ms) VALUES (NULL, 'user', 0)");
        }, Ct);
        var fine = Db.WriteAsync(tx => AddNamespaceAsync(tx, "after"), Ct);

        await Assert.ThrowsAsync<DatabaseException>(() => failing);
        await fine;
        Assert.Equal(["after", "taken"], (await Db.ListAsync("SELECT name FROM namespace", static r => r.GetString(0), Ct)).Order());
    }

    [Fact]
    public async Task What_is_to_happen_after_the_commit_happens_only_then()
    {
        var happened = 0;
        await Db.WriteAsync(async tx =>
        {
            tx.OnCommit(() => happened++);
            return await AddNamespaceAsync(tx, "committed");
        }, Ct);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync<int>(tx =>
        {
            tx.OnCommit(() => happened += 100);
            throw new InvalidOperationException("no");
        }, Ct));

        Assert.Equal(1, happened);
    }

    [Fact]
    public async Task A_batch_with_an_unmet_requirement_does_nothing_and_tells_which()
    {
        var committed = false;
        var batch = new Batch<string>();
        batch.Add("INSERT INTO namespace (name, kind, created_ms) VALUES (@name, 'user', now_ms())", ("name", "batched"));
        batch.Require("the first is there", "SELECT 1 FROM namespace WHERE name = @name", ("name", "batched"));
        batch.Require("nobody renamed", "UPDATE namespace SET name = 'x' WHERE name = @name", ("name", "absent"));
        batch.OnCommit(() => committed = true);

        Assert.Equal("nobody renamed", await Db.RunAsync(batch, Ct));
        Assert.Equal(0, await Db.OneAsync("SELECT count(*) FROM namespace", static r => r.GetInt64(0), Ct));
        Assert.False(committed);
    }

    [Fact]
    public async Task A_batch_whose_requirements_are_met_is_committed_whole()
    {
        var committed = false;
        var batch = new Batch<string>();
        batch.Add("INSERT INTO namespace (name, kind, created_ms) VALUES (@name, 'user', now_ms())", ("name", "batched"));
        batch.Require("renamed", "UPDATE namespace SET name = 'renamed' WHERE name = @name", ("name", "batched"));
        batch.Require("locked", $"SELECT 1 FROM namespace WHERE name = 'renamed' {Db.ForKeyShare}");
        batch.OnCommit(() => committed = true);

        Assert.Null(await Db.RunAsync(batch, Ct));
        Assert.Equal("renamed", await Db.OneAsync("SELECT name FROM namespace", static r => r.GetString(0), Ct));
        Assert.True(committed);
    }

    [Fact]
    public async Task Text_is_ordered_by_byte_and_bytes_come_back_as_they_were()
    {
        byte[] bytes = [0, 255, 1, 254];
        await Db.WriteAsync(async tx =>
        {
            foreach (var name in new[] { "b", "B", "a-b", "a/b", "a_b", "10", "2" })
                await AddNamespaceAsync(tx, name);
            return await tx.ExecuteAsync("INSERT INTO manifest (digest, content) VALUES (@digest, @content)", ("digest", bytes), ("content", new byte[2 << 20]));
        }, Ct);

        Assert.Equal(["10", "2", "B", "a-b", "a/b", "a_b", "b"], await Db.ListAsync("SELECT name FROM namespace ORDER BY name", static r => r.GetString(0), Ct));
        Assert.Equal(bytes, await Db.OneAsync("SELECT digest FROM manifest WHERE digest = @d", static r => r.GetFieldValue<byte[]>(0), Ct, ("d", bytes)));
        Assert.Equal(2 << 20, (await Db.OneAsync("SELECT content FROM manifest", static r => r.GetFieldValue<byte[]>(0), Ct))!.Length);
    }

    [Fact]
    public async Task The_database_tells_the_time_in_milliseconds()
    {
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var told = await Db.OneAsync("SELECT now_ms()", static r => r.GetInt64(0), Ct);

        Assert.InRange(told, before - 2000, before + 2000);
    }

    [Fact]
    public async Task Two_hundred_writers_at_once_all_succeed()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Db.WriteAsync(tx => AddNamespaceAsync(tx, $"w{i}"), Ct)));

        Assert.Equal(200, await Db.OneAsync("SELECT count(*) FROM namespace", static r => r.GetInt64(0), Ct));
    }

    [Fact]
    public async Task A_lease_has_one_holder_and_a_new_holder_a_new_fence()
    {
        var leases = new Leases(Db);
        var minute = TimeSpan.FromMinutes(1);

        Assert.Equal(1, await leases.TryTakeAsync("job", "a", minute, Ct));
        Assert.Null(await leases.TryTakeAsync("job", "b", minute, Ct));
        Assert.Equal(1, await leases.TryTakeAsync("job", "a", TimeSpan.FromMilliseconds(-1), Ct));
        Assert.Equal(2, await leases.TryTakeAsync("job", "b", minute, Ct));
        Assert.Null(await leases.TryTakeAsync("job", "a", minute, Ct));
    }

    [Fact]
    public async Task A_holder_that_was_paused_and_wakes_changes_nothing()
    {
        var leases = new Leases(Db);
        var old = await leases.TryTakeAsync("job", "a", TimeSpan.FromMilliseconds(-1), Ct);
        var current = await leases.TryTakeAsync("job", "b", TimeSpan.FromMinutes(1), Ct);

        Assert.False(await Db.WriteAsync(tx => Leases.HoldsAsync(Db, tx, "job", old!.Value), Ct));
        Assert.True(await Db.WriteAsync(tx => Leases.HoldsAsync(Db, tx, "job", current!.Value), Ct));
    }

    [Fact]
    public async Task Only_one_of_many_takers_gets_a_lease()
    {
        var leases = new Leases(Db);

        var fences = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => leases.TryTakeAsync("job", $"h{i}", TimeSpan.FromMinutes(1), Ct)));

        Assert.Equal(1, fences.Count(static f => f is not null));
    }

    private protected static ValueTask<long> AddNamespaceAsync(Tx tx, string name) => tx.OneAsync(
        "INSERT INTO namespace (name, kind, created_ms) VALUES (@name, 'user', now_ms()) RETURNING id", static r => r.GetInt64(0), ("name", name));

    private protected static ValueTask<int> AddEventAsync(Tx tx, string kind) => Events.AddAsync(tx, kind, 1, null, null, "{}");
}
