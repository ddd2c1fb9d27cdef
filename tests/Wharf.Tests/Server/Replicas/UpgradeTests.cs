using Npgsql;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Tests.Server.Access;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Replicas;

/// <summary>From the schema of the first release to this program's, on PostgreSQL.</summary>
public sealed class UpgradeTests
{
    // Everything that a migration can make, as text.
    private const string Schema = """
        SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        ORDER BY 1
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_upgrades_the_database_while_the_first_release_still_works_on_it()
    {
        var shared = Directory.CreateTempSubdirectory("wharf-shared-");
        var database = await PostgresServer.CreateDatabaseAsync();
        await using var source = NpgsqlDataSource.Create(database);
        await PostgresMigrations.ApplyAsync(source, Ct, FirstSchema.Migrations);
        var upgrading = new Replica(database, shared.FullName, await StoreUnderTest.NewAsync());
        try
        {
            await using var connection = await source.OpenConnectionAsync(Ct);
            using var traffic = new FirstReleaseTraffic(source);
            await traffic.StartAsync();
            await traffic.GoOnAsync();
            // Whoever is in the middle of a write when the upgrade begins has the tables that it indexes.
            await using (var slow = await source.OpenConnectionAsync(Ct))
            {
                await using var transaction = await slow.BeginTransactionAsync(Ct);
                await FirstSchema.ExecuteAsync(slow, "UPDATE blob_placement SET state = state");
                var started = upgrading.InitializeAsync().AsTask();
                await UpgradeWaitsAsync(connection);
                await traffic.GoOnAsync();
                Assert.Equal(1, await FirstSchema.VersionAsync(connection));
                await transaction.CommitAsync(Ct);
                await started;
            }
            await traffic.GoOnAsync();
            await traffic.StopAsync();

            Assert.Empty(traffic.Refused);
            Assert.Equal(FirstSchema.Newest, await FirstSchema.VersionAsync(connection));
            Assert.Equal(0L, await FirstSchema.ScalarAsync(connection, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"));
            Assert.Equal(traffic.Namespaces, await FirstSchema.ScalarAsync(connection, "SELECT count(*) FROM namespace WHERE name LIKE 'first%'"));
            Assert.Equal(traffic.Namespaces, await FirstSchema.ScalarAsync(connection, "SELECT count(*) FROM team_member m JOIN namespace n ON n.id = m.account_id WHERE n.name LIKE 'first%'"));
            Assert.Equal(1L, await FirstSchema.ScalarAsync(connection, "SELECT count(*) FROM tag WHERE name = 'moving' AND ended_ms IS NULL"));
            await PermissionHistoryTests.HistoryIsWholeAsync(connection);
            // The upgraded program goes on with what the first one made.
            var organization = await FirstSchema.ScalarAsync(connection, "SELECT name FROM namespace WHERE kind = 'organization' LIMIT 1");
            (await upgrading.Anonymous.ReadAsync($"/v2/{organization}/app/tags/list")).Is(200);
            TestContext.Current.TestOutputHelper?.WriteLine($"{traffic.Done} transactions of the first release during the upgrade");
        }
        finally
        {
            await upgrading.DisposeAsync();
            shared.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Replicas_that_start_together_upgrade_once_and_none_ends_as_a_deadlock()
    {
        var database = await PostgresServer.CreateDatabaseAsync();
        await using var source = NpgsqlDataSource.Create(database);
        await PostgresMigrations.ApplyAsync(source, Ct, FirstSchema.Migrations);

        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Ct);
        await using var slow = new NpgsqlConnection(database);
        await slow.OpenAsync(Ct);
        await using var transaction = await slow.BeginTransactionAsync(Ct);
        // The first one waits in the middle of building an index until all others want their turn.
        await FirstSchema.ExecuteAsync(slow, "UPDATE blob_placement SET state = state");

        var replicas = Enumerable.Range(0, 6).Select(_ => PostgresMigrations.ApplyAsync(source, Ct)).ToList();
        await UpgradeWaitsAsync(connection);
        await Poll.UntilAsync(async () => await FirstSchema.ScalarAsync(connection,
            "SELECT count(*) = 5 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%advisory_lock%'") is true);
        await transaction.CommitAsync(Ct);
        await Task.WhenAll(replicas);

        Assert.Equal(Migration.All().Count, Convert.ToInt32(await FirstSchema.ScalarAsync(connection, "SELECT count(*) FROM schema"), System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(FirstSchema.Newest, await FirstSchema.VersionAsync(connection));
    }

    [Fact]
    public async Task An_index_whose_build_died_is_built_again()
    {
        var database = await PostgresServer.CreateDatabaseAsync();
        await using var source = NpgsqlDataSource.Create(database);
        await PostgresMigrations.ApplyAsync(source, Ct, FirstSchema.Migrations);
        await using var connection = await source.OpenConnectionAsync(Ct);
        // As a concurrent build leaves it.
        await FirstSchema.ExecuteAsync(connection, "CREATE INDEX blob_placement_key ON blob_placement (location, storage_key)");
        await FirstSchema.ExecuteAsync(connection, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'blob_placement_key'::regclass");

        await PostgresMigrations.ApplyAsync(source, Ct);

        Assert.Equal(FirstSchema.Newest, await FirstSchema.VersionAsync(connection));
        Assert.Equal(0L, await FirstSchema.ScalarAsync(connection, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"));
    }

    [Fact]
    public async Task A_database_that_needs_a_newer_program_is_refused_with_words_and_left_alone()
    {
        var database = await PostgresServer.CreateDatabaseAsync();
        await using var source = NpgsqlDataSource.Create(database);
        await PostgresMigrations.ApplyAsync(source, Ct, FirstSchema.Migrations);
        await using var connection = await source.OpenConnectionAsync(Ct);
        await FirstSchema.ExecuteAsync(connection, "INSERT INTO schema (version, min_reader, applied_ms) VALUES (999, 998, 0)");
        var before = await FirstSchema.TextsAsync(connection, Schema);

        var refused = await Assert.ThrowsAsync<DatabaseException>(() => PostgresDatabase.OpenAsync(database, TimeProvider.System, Ct));

        Assert.Contains("Start a newer wharf", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await FirstSchema.TextsAsync(connection, Schema));
    }

    [Fact]
    public async Task A_newer_database_that_this_program_can_read_is_served()
    {
        var database = await PostgresServer.CreateDatabaseAsync();
        await using (var first = await PostgresDatabase.OpenAsync(database, TimeProvider.System, Ct))
            await first.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO schema (version, min_reader, applied_ms) VALUES (999, 1, 0)"), Ct);

        await using var db = await PostgresDatabase.OpenAsync(database, TimeProvider.System, Ct);

        Assert.Equal(999, await db.OneAsync("SELECT max(version)::int FROM schema", static r => r.GetInt32(0), Ct));
    }

    // The session that holds the advisory lock of migrations waits for another's transaction.
    private static Task<bool> UpgradeWaitsAsync(NpgsqlConnection connection) => Poll.UntilAsync(async () => await FirstSchema.ScalarAsync(connection, """
        SELECT count(*) > 0 FROM pg_stat_activity a
         WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'
           AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted)
        """) is true);
}
