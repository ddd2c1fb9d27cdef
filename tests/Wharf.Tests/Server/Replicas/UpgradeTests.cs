using System.Collections.Concurrent;
using Npgsql;
using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
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
    public async Task A_replica_upgrades_the_database_while_another_serves_pushes_pulls_and_retags()
    {
        var shared = Directory.CreateTempSubdirectory("wharf-shared-");
        var database = await PostgresServer.CreateDatabaseAsync();
        var running = new Replica(database, shared.FullName);
        var upgrading = new Replica(database, shared.FullName);
        try
        {
            await using var connection = new NpgsqlConnection(database);
            await connection.OpenAsync(Ct);
            await running.InitializeAsync();
            var user = await running.CreateUserAsync();
            await FirstSchema.RestoreAsync(connection);
            Assert.Equal(await SchemaOfFirstReleaseAsync(), await FirstSchema.TextsAsync(connection, Schema));

            using var traffic = new Traffic(user.Client, $"{user.Name}/app");
            await traffic.StartAsync();
            await traffic.GoOnAsync();
            // Whoever is in the middle of a write when the upgrade begins has the tables that it indexes.
            await using (var slow = new NpgsqlConnection(database))
            {
                await slow.OpenAsync(Ct);
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
            var other = upgrading.ClientFor(user.Name, user.Password);
            foreach (var image in traffic.Pushed)
            {
                Assert.Equal(image.Manifest, (await other.ReadAsync($"/v2/{user.Name}/app/manifests/{image.Digest}", ("Accept", MediaTypes.OciManifest))).Is(200).Body);
                Assert.Equal(image.Layer, (await other.ReadAsync($"/v2/{user.Name}/app/blobs/{image.LayerDigest}")).Is(200).Body);
            }
            TestContext.Current.TestOutputHelper?.WriteLine($"{traffic.Done} operations during the upgrade, {traffic.Pushed.Count} images pushed");
        }
        finally
        {
            await upgrading.DisposeAsync();
            await running.DisposeAsync();
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

    private static async Task<List<string>> SchemaOfFirstReleaseAsync()
    {
        await using var source = NpgsqlDataSource.Create(await PostgresServer.CreateDatabaseAsync());
        await PostgresMigrations.ApplyAsync(source, Ct, FirstSchema.Migrations);
        await using var connection = await source.OpenConnectionAsync(Ct);
        return await FirstSchema.TextsAsync(connection, Schema);
    }

    // The session that holds the advisory lock of migrations waits for another's transaction.
    private static Task<bool> UpgradeWaitsAsync(NpgsqlConnection connection) => Poll.UntilAsync(async () => await FirstSchema.ScalarAsync(connection, """
        SELECT count(*) > 0 FROM pg_stat_activity a
         WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'
           AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted)
        """) is true);

    /// <summary>Three clients that push, pull and retag until they are stopped.</summary>
    private sealed class Traffic(HttpClient client, string repository) : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ConcurrentQueue<Image> _pushed = [];
        private readonly ConcurrentQueue<string> _refused = [];
        private readonly int[] _done = new int[3];
        private List<Task> _clients = [];

        public ConcurrentQueue<Image> Pushed => _pushed;

        /// <summary>What was answered with something else than success.</summary>
        public ConcurrentQueue<string> Refused => _refused;

        public int Done => _done.Sum();

        public async Task StartAsync()
        {
            _pushed.Enqueue(await client.PushImageAsync(repository, "moving"));
            _pushed.Enqueue(await client.PushImageAsync(repository, "other"));
            _clients = [RunAsync(0, PushAsync), RunAsync(1, PullAsync), RunAsync(2, RetagAsync)];
        }

        /// <summary>Each client does ten things more.</summary>
        public async Task GoOnAsync()
        {
            var until = _done.Select(static d => d + 10).ToArray();
            await Poll.UntilAsync(() => Task.FromResult(!_refused.IsEmpty || _done.Zip(until).All(static p => p.First >= p.Second)), TimeSpan.FromSeconds(60));
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_clients);
        }

        public void Dispose() => _stop.Dispose();

        private Task RunAsync(int index, Func<Random, Task> operation) => Task.Run(async () =>
        {
            var random = new Random(index);
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    await operation(random);
                    Interlocked.Increment(ref _done[index]);
                }
                catch (Exception e)
                {
                    _refused.Enqueue(e.Message);
                }
            }
        }, Ct);

        private async Task PushAsync(Random random) => _pushed.Enqueue(await client.PushImageAsync(repository, $"t{random.Next(8)}"));

        private async Task PullAsync(Random random)
        {
            (await client.ReadAsync($"/v2/{repository}/manifests/moving", ("Accept", MediaTypes.OciManifest))).Is(200);
            var image = _pushed.ElementAt(random.Next(_pushed.Count));
            Assert.Equal(image.Layer, (await client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200).Body);
        }

        private async Task RetagAsync(Random random) =>
            (await client.PutManifestAsync(repository, "moving", _pushed.ElementAt(random.Next(_pushed.Count)).Manifest)).Is(201);
    }
}
