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

    public static async Task ApplyAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await RunAsync(connection, $"SELECT pg_advisory_lock({LockKey})", ct);
        try
        {
            await RunAsync(connection, "CREATE TABLE IF NOT EXISTS schema (version BIGINT NOT NULL, min_reader BIGINT NOT NULL, applied_ms BIGINT NOT NULL)", ct);
            var (version, minReader) = await VersionAsync(connection, ct);
            foreach (var migration in Migration.Missing(version, minReader))
                await ApplyAsync(connection, migration, ct);
        }
        finally
        {
            await RunAsync(connection, $"SELECT pg_advisory_unlock({LockKey})", CancellationToken.None);
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await RunAsync(connection, "SET LOCAL lock_timeout = '2s'", ct);
                await RunAsync(connection, migration.ForPostgres(), ct);
                await RunAsync(connection, $"INSERT INTO schema (version, min_reader, applied_ms) VALUES ({migration.Version}, {migration.MinReader}, now_ms())", ct);
                await transaction.CommitAsync(ct);
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable && attempt < Attempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), ct);
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
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(ct);
    }
}
