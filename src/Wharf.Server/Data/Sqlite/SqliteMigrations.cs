namespace Wharf.Server.Data.Sqlite;

/// <summary>
/// Brings a SQLite database to this program's schema, each script in one transaction. Before an upgrade the database copies itself to
/// <c>FILE.before-N</c>: as it was before migration N, whole whenever a file of that name is there.
/// </summary>
internal static class SqliteMigrations
{
    /// <param name="known">The migrations of the database; null for all of the metadata's.</param>
    public static void Apply(SqliteSession session, string path, IReadOnlyList<Migration>? known = null)
    {
        session.Run("CREATE TABLE IF NOT EXISTS schema (version BIGINT NOT NULL, min_reader BIGINT NOT NULL, applied_ms BIGINT NOT NULL)");
        var (version, minReader) = session.One("SELECT max(version), max(min_reader) FROM schema HAVING count(*) > 0", static r => (r.GetInt32(0), r.GetInt32(1)), []);
        var missing = Migration.Missing(known ?? Migration.All(), version, minReader);
        if (version > 0 && missing.Count > 0)
            Copy(session, $"{path}.before-{missing[0].Version}");
        foreach (var migration in missing)
        {
            session.Run("BEGIN IMMEDIATE");
            session.Run(migration.ForSqlite());
            session.Execute("INSERT INTO schema (version, min_reader, applied_ms) VALUES (@version, @min, now_ms())", [("version", migration.Version), ("min", migration.MinReader)]);
            session.Run("COMMIT");
        }
    }

    // What it leaves when it dies in the middle is no database.
    private static void Copy(SqliteSession session, string copy)
    {
        var unfinished = copy + ".new";
        File.Delete(unfinished);
        session.CopyTo(unfinished);
        File.Move(unfinished, copy, overwrite: true);
    }
}
