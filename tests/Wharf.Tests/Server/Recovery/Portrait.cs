using System.Data.Common;
using System.Globalization;
using Wharf.Server.Recovery;

namespace Wharf.Tests.Server.Recovery;

/// <summary>All rows of the journal's tables, as text, to compare two databases.</summary>
internal static class Portrait
{
    public static async Task<Dictionary<string, List<string>>> OfAsync(DbConnection database)
    {
        var portrait = new Dictionary<string, List<string>>();
        foreach (var table in JournalTable.All)
        {
            await using var command = database.CreateCommand();
#pragma warning disable CA2100 // Names of the program's own
            command.CommandText = $"SELECT {table.ColumnList} FROM {table.Name} WHERE {table.Where} ORDER BY {string.Join(", ", table.Keys)}";
#pragma warning restore CA2100
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            var rows = portrait[table.Name] = [];
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "-" : reader.GetValue(i) switch
                {
                    byte[] bytes => Convert.ToHexStringLower(bytes),
                    var value => Convert.ToString(value, CultureInfo.InvariantCulture),
                })));
        }
        return portrait;
    }

    public static void AreEqual(Dictionary<string, List<string>> before, Dictionary<string, List<string>> after)
    {
        foreach (var (table, rows) in before)
            Assert.True(rows.SequenceEqual(after[table], StringComparer.Ordinal), $"{table}:\n{string.Join('\n', rows.Except(after[table]).Select(static r => "- " + r).Concat(after[table].Except(rows).Select(static r => "+ " + r)))}");
    }
}
