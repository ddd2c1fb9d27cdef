using Npgsql;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Outbox;
using Wharf.Server.Work;

namespace Wharf.Tests.Server.Data;

public sealed class PostgresDatabaseTests : DatabaseConformance
{
    private string _connection = "";

    private protected override async Task<Database> OpenAsync()
    {
        _connection = await PostgresServer.CreateDatabaseAsync();
        return await PostgresDatabase.OpenAsync(_connection, TimeProvider.System, Ct);
    }

    [Fact]
    public async Task Replicas_that_start_together_on_an_empty_database_take_turns()
    {
        var empty = await PostgresServer.CreateDatabaseAsync();

        var replicas = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PostgresDatabase.OpenAsync(empty, TimeProvider.System, Ct)));

        foreach (var replica in replicas)
        {
            Assert.Equal(1, await replica.OneAsync("SELECT count(*) FROM schema WHERE version = 1", static r => r.GetInt64(0), Ct));
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_unit_that_met_a_conflict_runs_again()
    {
        var runs = 0;
        await Db.WriteAsync(tx => AddNamespaceAsync(tx, "raced"), Ct);

        var outcome = await Db.WriteAsync<long>(async tx =>
        {
            var found = await tx.OneAsync("SELECT id FROM namespace WHERE name = 'raced'", static r => r.GetInt64(0));
            // The first run behaves as if it had looked before the other's commit.
            return ++runs == 1 ? await AddNamespaceAsync(tx, "raced") : found;
        }, Ct);

        Assert.Equal(2, runs);
        Assert.True(outcome > 0);
    }

    [Fact]
    public async Task Every_event_of_fifty_delayed_transactions_is_read_once_and_in_order()
    {
        await using var source = NpgsqlDataSource.Create(_connection);
        var fence = (await new Leases(Db).TryTakeAsync("event-sequencer", "test", TimeSpan.FromMinutes(5), Ct))!.Value;
        using var written = new CancellationTokenSource();
        var random = new Random(7);
        var writers = Enumerable.Range(0, 50).Select(i => WriteSlowlyAsync(source, i, random.Next(0, 400), random.Next(0, 400))).ToList();

        var read = new List<(long Seq, string Kind)>();
        var reader = Task.Run(async () =>
        {
            while (true)
            {
                var last = written.IsCancellationRequested;
                Assert.NotNull(await EventSequencer.SequenceAsync(Db, fence, Ct));
                var cursor = read.Count == 0 ? 0 : read[^1].Seq;
                read.AddRange(await Db.ListAsync("SELECT seq, kind FROM event WHERE seq > @cursor ORDER BY seq", static r => (r.GetInt64(0), r.GetString(1)), Ct, ("cursor", cursor)));
                if (last)
                    return;
            }
        }, Ct);
        await Task.WhenAll(writers);
        await written.CancelAsync();
        await reader;

        Assert.Equal(Enumerable.Range(0, 100).Select(static i => $"e{i}").Order(), read.Select(static e => e.Kind).Order());
        Assert.Equal(Enumerable.Range(1, 100).Select(static i => (long)i), read.Select(static e => e.Seq));
    }

    [Fact]
    public async Task A_sequencer_that_lost_its_lease_numbers_nothing()
    {
        var leases = new Leases(Db);
        var old = (await leases.TryTakeAsync("event-sequencer", "a", TimeSpan.FromMilliseconds(-1), Ct))!.Value;
        await leases.TryTakeAsync("event-sequencer", "b", TimeSpan.FromMinutes(1), Ct);
        await Db.WriteAsync(tx => AddEventAsync(tx, "e"), Ct);

        Assert.Null(await EventSequencer.SequenceAsync(Db, old, Ct));
        Assert.Equal(1, await Db.OneAsync("SELECT count(*) FROM event WHERE seq IS NULL", static r => r.GetInt64(0), Ct));
    }

    // Takes its ids early and commits late, so that ids appear out of order.
    private static async Task WriteSlowlyAsync(NpgsqlDataSource source, int i, int beforeMs, int afterMs)
    {
        await Task.Delay(beforeMs, Ct);
        await using var connection = await source.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        for (var n = 0; n < 2; n++)
        {
            await using var insert = new NpgsqlCommand("INSERT INTO event (namespace_id, kind, at_ms, payload) VALUES (1, @kind, 0, '{}')", connection);
            insert.Parameters.AddWithValue("kind", $"e{2 * i + n}");
            await insert.ExecuteNonQueryAsync(Ct);
            await Task.Delay(afterMs / 2, Ct);
        }
        await transaction.CommitAsync(Ct);
    }
}
