namespace Wharf.Server.Data.Sqlite;

/// <summary>Brings a SQLite database to this program's schema, each script in one transaction. Before an upgrade the database copies itself.</summary>
internal static class SqliteMigrations
{
    public static void Apply(SqliteSession session, string path)
    {
        session.Run("CREATE TABLE IF NOT EXISTS schema (version BIGINT NOT NULL, min_reader BIGINT NOT NULL, applied_ms BIGINT NOT NULL)");
        var (version, minReader) = session.One("SELECT max(version), max(min_reader) FROM schema HAVING count(*) > 0", static r => (r.GetInt32(0), r.GetInt32(1)), []);
        var missing = Migration.Missing(version, minReader);
        if (version > 0 && missing.Count > 0)
        {
            var copy = $"{path}.before-{missing[^1].Version}";
            File.Delete(copy);
            session.Run($"VACUUM INTO '{copy.Replace("'", "''", StringComparison.Ordinal)}'");
        }
        foreach (var migration in missing)
        {
            session.Run("BEGIN IMMEDIATE");
            session.Run(migration.ForSqlite());
            session.Execute("INSERT INTO schema (version, min_reader, applied_ms) VALUES (@version, @min, now_ms())", [("version", migration.Version), ("min", migration.MinReader)]);
            session.Run("COMMIT");
        }
    }
}
