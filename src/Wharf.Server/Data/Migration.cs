using System.Globalization;
using System.Text.RegularExpressions;

namespace Wharf.Server.Data;

/// <summary>
/// One numbered script. A file <c>0001-name.sql</c> is for both engines; <c>0001-name.postgres.sql</c> and <c>0001-name.sqlite.sql</c>
/// beside it are run after it on that engine only. Forward only, never edited once released, readable by the release before (docs/architecture.md).
/// <para>A script whose first line is <c>-- no-transaction</c> runs on PostgreSQL one statement at a time (a statement ends with a
/// semicolon at the end of a line), so that it can build indexes CONCURRENTLY beside traffic. It may die in between, and is then run
/// again from its start: it drops an index before it builds it, because a build that died leaves one that is not valid.</para>
/// </summary>
/// <param name="MinReader">The oldest schema that a program must know to work on a database with this one.</param>
internal sealed partial record Migration(int Version, int MinReader, string Sql, string PostgresSql, string SqliteSql)
{
    /// <summary>Whether PostgreSQL runs it outside of a transaction.</summary>
    public bool IsWithoutTransaction => Sql.StartsWith("-- no-transaction", StringComparison.Ordinal);

    /// <summary>All of the metadata's, in order.</summary>
    public static IReadOnlyList<Migration> All() => In("Migrations");

    /// <summary>Those of the embedded audit trail, which is a database of its own.</summary>
    public static IReadOnlyList<Migration> Audit() => In("Migrations.audit");

    private static List<Migration> In(string folder)
    {
        var assembly = typeof(Migration).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(n => Number().Match(n) is { Success: true } number && n.AsSpan(0, number.Index).EndsWith($"Data.{folder}", StringComparison.Ordinal) && n.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => (Version: int.Parse(Number().Match(name).Groups[1].ValueSpan, CultureInfo.InvariantCulture), Engine: Engine().Match(name).Groups[1].Value, Name: name))
            .GroupBy(static s => s.Version)
            .OrderBy(static g => g.Key)
            .Select(g => new Migration(g.Key, 1,
                string.Concat(g.Where(static s => s.Engine.Length == 0).Select(s => Read(s.Name))),
                string.Concat(g.Where(static s => s.Engine == "postgres").Select(s => Read(s.Name))),
                string.Concat(g.Where(static s => s.Engine == "sqlite").Select(s => Read(s.Name)))))];

        string Read(string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        }
    }

    /// <summary>Those that a database still needs.</summary>
    /// <param name="all">Those that the program knows, in order.</param>
    /// <exception cref="DatabaseException">The database needs a newer program.</exception>
    public static List<Migration> Missing(IReadOnlyList<Migration> all, int version, int minReader)
    {
        if (minReader > all[^1].Version)
            throw new DatabaseException($"The database has schema {version} and can be read by a program that knows schema {minReader} or later; this one knows {all[^1].Version}. Start a newer wharf.", null);
        return [.. all.Where(m => m.Version > version)];
    }

    public string ForSqlite() => Word().Replace(Sql, static m => m.Value switch
    {
        "IDENTITY" => "INTEGER PRIMARY KEY AUTOINCREMENT",
        "BYTES" => "BLOB",
        "EVENT_SEQ" => "INTEGER GENERATED ALWAYS AS (id) VIRTUAL",
        "CONCURRENTLY" => "",
        _ => m.Value,
    }) + SqliteSql;

    public string ForPostgres() => Word().Replace(Sql, static m => m.Value switch
    {
        "IDENTITY" => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "BYTES" => "BYTEA",
        "EVENT_SEQ" => "BIGINT UNIQUE",
        "TEXT" => "TEXT COLLATE \"C\"",
        _ => m.Value,
    }) + PostgresSql;

    /// <summary>The statements of a script that runs without a transaction.</summary>
    public IEnumerable<string> PostgresStatements() => StatementEnd().Split(ForPostgres()).Where(static s => !string.IsNullOrWhiteSpace(s));

    [GeneratedRegex(@";[ \t]*(?:\r?\n|$)", RegexOptions.None, 1000)]
    private static partial Regex StatementEnd();

    [GeneratedRegex(@"\b(IDENTITY|BYTES|EVENT_SEQ|TEXT|CONCURRENTLY)\b", RegexOptions.None, 1000)]
    private static partial Regex Word();

    [GeneratedRegex(@"\.(\d{4})-[^.]*\.", RegexOptions.None, 1000)]
    private static partial Regex Number();

    [GeneratedRegex(@"\.(postgres|sqlite)\.sql$", RegexOptions.None, 1000)]
    private static partial Regex Engine();
}
