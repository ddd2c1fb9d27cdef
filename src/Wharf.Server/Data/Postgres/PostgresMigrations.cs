using Npgsql;

namespace Wharf.Server.Data.Postgres;

/// <summary>
/// Brings a PostgreSQL database to this program's schema under a session advisory lock, so that replicas which start together take
/// turns. A script that cannot get its table locks at once gives up and tries again, rather than make all traffic queue behind it.
/// </summary>
internal static class PostgresMigrations
{
    private const long LockKey = 0x77686172660001; // "wharf", 1
    private const int Attempts = 30;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <param name="known">The migrations of this program; all of them unless a test is an older program.</param>
    public static async Task ApplyAsync(NpgsqlDataSource source, CancellationToken ct, IReadOnlyList<Migration>? known = null)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await TakeTurnAsync(connection, ct);
        try
        {
            await RunAsync(connection, "CREATE TABLE IF NOT EXISTS schema (version BIGINT NOT NULL, min_reader BIGINT NOT NULL, applied_ms BIGINT NOT NULL)", ct);
            var (version, minReader) = await VersionAsync(connection, ct);
            foreach (var migration in Migration.Missing(known ?? Migration.All(), version, minReader))
                await ApplyAsync(connection, migration, ct);
        }
        finally
        {
            await RunAsync(connection, $"SELECT pg_advisory_unlock({LockKey})", CancellationToken.None);
        }
    }

    // Asks again and again: whoever waited inside of a statement would hold a snapshot, for whose end a concurrent index build of the
    // one that has its turn waits, and PostgreSQL would end one of the two as a deadlock.
    private static async Task TakeTurnAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_lock({LockKey})", connection);
        while (await command.ExecuteScalarAsync(ct) is not true)
            await Task.Delay(s_pause, ct);
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        var applied = $"INSERT INTO schema (version, min_reader, applied_ms) VALUES ({migration.Version}, {migration.MinReader}, now_ms())";
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (migration.IsWithoutTransaction)
                {
                    foreach (var statement in migration.PostgresStatements())
                        await RunAsync(connection, statement, ct);
                    await RunAsync(connection, applied, ct);
                    return;
                }
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await RunAsync(connection, "SET LOCAL lock_timeout = '2s'", ct);
                await RunAsync(connection, migration.ForPostgres(), ct);
                await RunAsync(connection, applied, ct);
                await transaction.CommitAsync(ct);
                return;
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected && attempt < Attempts)
            {
                await Task.Delay(s_pause, ct);
            }
        }
    }

    private static async Task<(int Version, int MinReader)> VersionAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(max(version), 0)::int, coalesce(max(min_reader), 0)::int FROM schema", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt32(0), reader.GetInt32(1));
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
#pragma warning disable CA2100 // Our own scripts and numbers
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 }; // an index of a large table takes its time
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(ct);
    }
}
