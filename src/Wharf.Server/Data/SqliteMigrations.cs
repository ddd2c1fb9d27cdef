using System.Globalization;
using System.Text.RegularExpressions;

namespace Wharf.Server.Data;

/// <summary>Brings a SQLite database to this program's schema: the numbered scripts that it lacks, in order, each in one transaction.</summary>
internal static partial class SqliteMigrations
{
    public static void Apply(SqliteSession session, string path)
    {
        session.Run("CREATE TABLE IF NOT EXISTS schema (version BIGINT NOT NULL, min_reader BIGINT NOT NULL, applied_ms BIGINT NOT NULL)");
        var (version, minReader) = session.One("SELECT max(version), max(min_reader) FROM schema HAVING count(*) > 0", static r => (r.GetInt32(0), r.GetInt32(1)), []);
        var scripts = Scripts().ToList();
        var newest = scripts[^1].Version;
        if (minReader > newest)
            throw new DatabaseException($"The database has schema {version} and can be read by a program that knows schema {minReader} or later; this one knows {newest}. Start a newer wharf.", null);
        if (version > 0 && version < newest)
        {
            var copy = string.Create(CultureInfo.InvariantCulture, $"{path}.before-{newest}");
            File.Delete(copy);
            session.Run($"VACUUM INTO '{copy.Replace("'", "''", StringComparison.Ordinal)}'");
        }
        foreach (var script in scripts.Where(s => s.Version > version))
        {
            session.Run("BEGIN IMMEDIATE");
            session.Run(ForSqlite(script.Sql));
            session.Execute("INSERT INTO schema (version, min_reader, applied_ms) VALUES (@version, @min, now_ms())", [("version", script.Version), ("min", 1)]);
            session.Run("COMMIT");
        }
    }

    private static IEnumerable<(int Version, string Sql)> Scripts()
    {
        var assembly = typeof(SqliteMigrations).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(n => n.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                var number = Number().Match(name).Groups[1].ValueSpan;
                return (int.Parse(number, CultureInfo.InvariantCulture), reader.ReadToEnd());
            })
            .OrderBy(s => s.Item1);
    }

    private static string ForSqlite(string sql) => Word().Replace(sql, static m => m.Value switch
    {
        "IDENTITY" => "INTEGER PRIMARY KEY AUTOINCREMENT",
        "BYTES" => "BLOB",
        "EVENT_SEQ" => "INTEGER GENERATED ALWAYS AS (id) VIRTUAL",
        _ => m.Value,
    });

    [GeneratedRegex(@"\b(IDENTITY|BYTES|EVENT_SEQ)\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"\.(\d{4})-[^.]*\.sql$")]
    private static partial Regex Number();
}
