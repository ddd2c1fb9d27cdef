using System.Data.Common;
using System.Text;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Every value of every table, as bytes; on SQLite the files too, with what was deleted and is still in them.</summary>
internal sealed class DatabaseDump
{
    private readonly List<(string Where, byte[] Bytes)> _values = [];

    public static async Task<DatabaseDump> ReadAsync(Registry registry)
    {
        var dump = new DatabaseDump();
        await using (var connection = await registry.OpenDatabaseAsync())
        {
            var tables = new List<string>();
            await foreach (var row in RowsAsync(connection, registry.Database is null
                ? "SELECT name FROM sqlite_master WHERE type = 'table'"
                : "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"))
                tables.Add(row.GetString(0));
            Assert.True(tables.Count > 15);
            foreach (var table in tables)
                await foreach (var row in RowsAsync(connection, $"SELECT * FROM \"{table}\""))
                    for (var i = 0; i < row.FieldCount; i++)
                        if (row.GetValue(i) is { } value and not DBNull)
                            dump._values.Add(($"{table}.{row.GetName(i)}", value as byte[] ?? Encoding.UTF8.GetBytes(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!)));
        }
        if (registry.Database is null)
            foreach (var file in Directory.GetFiles(registry.DataDirectory, "wharf.db*").Concat(Directory.GetFiles(registry.DataDirectory, "audit.db*")))
            {
                await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                var bytes = new byte[stream.Length];
                await stream.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
                dump._values.Add((Path.GetFileName(file), bytes));
            }
        return dump;
    }

    public bool Contains(string text) => Where(text).Count > 0;

    public bool Contains(byte[] bytes) => Where(bytes).Count > 0;

    public IReadOnlyList<string> Where(string text) => Where(Encoding.UTF8.GetBytes(text));

    private List<string> Where(byte[] bytes) => [.. _values.Where(v => v.Bytes.AsSpan().IndexOf(bytes) >= 0).Select(static v => v.Where).Distinct()];

    private static async IAsyncEnumerable<DbDataReader> RowsAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // names of tables from the catalog
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            yield return reader;
    }
}
