using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Wharf.Storage;
using ZstdSharp;

namespace Wharf.Server.Recovery;

/// <summary>Reads files of the journal. They may come from anywhere, so nothing in one is trusted: only known tables and columns, each value of its column's type.</summary>
internal static class JournalReader
{
    // The largest manifest in base64, and room for the rest.
    private const int MaxLine = 16 << 20;

    /// <summary>Reads a whole file once, before anything of it counts.</summary>
    /// <returns>Its header; or what is wrong with it.</returns>
    public static async Task<(JournalHeader? Header, string? Problem)> VerifyAsync(IBlobDriver driver, JournalName file, CancellationToken ct)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var (header, lines, ended) = ((JournalHeader?)null, 0L, false);
            await foreach (var line in LinesAsync(driver, file, ct))
            {
                if (ended)
                    return (null, "it goes on after its last line");
                if (lines == 0)
                {
                    header = ParseHeader(line.Span);
                    if (header.Version > JournalHeader.CurrentVersion)
                        return (null, $"it is of version {header.Version}: a newer wharf is needed");
                    if (header.Number != file.Number || header.Snapshot != file.IsSnapshot)
                        return (null, "it has another file's name");
                }
                else if (line.Span.StartsWith("{\"end\":"u8))
                {
                    var (count, digest) = ParseEnd(line.Span);
                    if (count != lines || !hash.GetHashAndReset().AsSpan().SequenceEqual(digest))
                        return (null, "it was changed");
                    ended = true;
                    continue;
                }
                hash.AppendData(line.Span);
                hash.AppendData("\n"u8);
                lines++;
            }
            return ended ? (header, null) : (null, "it is torn: its last line is missing");
        }
        catch (Exception e) when (e is FormatException or ZstdException or EndOfStreamException or StorageException)
        {
            return (null, e is StorageException ? $"it cannot be read: {e.Message}" : "it is torn or was changed");
        }
    }

    /// <summary>The rows and clearances of a file, in order.</summary>
    public static async IAsyncEnumerable<JournalEntry> ReadAsync(IBlobDriver driver, JournalName file, [EnumeratorCancellation] CancellationToken ct)
    {
        var declared = new Dictionary<string, int[]>(StringComparer.Ordinal);
        await foreach (var line in LinesAsync(driver, file, ct))
            if (ParseEntry(line.Span, declared) is { } entry)
                yield return entry;
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> LinesAsync(IBlobDriver driver, JournalName file, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var stored = await driver.OpenFileAsync(file.Name, ct) ?? throw new StorageException($"There is no {file.Name}.");
        await using var plain = new DecompressionStream(stored);
        var reader = PipeReader.Create(plain, new StreamPipeReaderOptions(bufferSize: 1 << 16));
        while (true)
        {
            var read = await reader.ReadAsync(ct);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                yield return line.IsSingleSegment ? line.First : line.ToArray();
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }
            if (buffer.Length > MaxLine)
                throw new FormatException("A line is too long.");
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (!read.IsCompleted)
                continue;
            if (!buffer.IsEmpty)
                throw new FormatException("The last line has no end.");
            yield break;
        }
    }

    private static JournalHeader ParseHeader(ReadOnlySpan<byte> line) => Parse(line, static json => new JournalHeader(json.GetProperty("journal").GetInt32(), json.GetProperty("life").GetString() ?? "",
        json.GetProperty("number").GetInt64(), json.GetProperty("snapshot").GetBoolean(), json.GetProperty("from").GetInt64(), json.GetProperty("to").GetInt64(), json.GetProperty("at_ms").GetInt64()));

    private static (long Lines, byte[] Hash) ParseEnd(ReadOnlySpan<byte> line) => Parse(line, static json => (json.GetProperty("end").GetInt64(), Convert.FromHexString(json.GetProperty("sha256").GetString() ?? "")));

    private static T Parse<T>(ReadOnlySpan<byte> line, Func<JsonElement, T> read)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            using var document = JsonDocument.ParseValue(ref json);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException("Not a line of the journal.", e);
        }
    }

    /// <param name="declared">For each table the places of its columns in a row of the file; -1 for a column that this program does not know.</param>
    private static JournalEntry? ParseEntry(ReadOnlySpan<byte> line, Dictionary<string, int[]> declared)
    {
        try
        {
            var json = new Utf8JsonReader(line);
            json.Read();
            if (json.TokenType == JsonTokenType.StartArray)
            {
                json.Read();
                var name = json.GetString() ?? "";
                if (!declared.TryGetValue(name, out var places))
                    throw new FormatException($"Rows of {name} come before their columns.");
                if (JournalTable.Find(name) is not { } table)
                    return null;
                var row = new object?[table.Columns.Count];
                foreach (var place in places)
                {
                    json.Read();
                    if (place >= 0)
                        row[place] = Value(ref json, table.Columns[place].Type);
                    else
                        json.Skip();
                }
                return new JournalEntry(table, row, null);
            }
            using var document = JsonDocument.Parse(line.ToArray());
            var root = document.RootElement;
            if (root.TryGetProperty("table", out var declaredName))
            {
                var table = JournalTable.Find(declaredName.GetString() ?? "");
                declared[declaredName.GetString() ?? ""] = [.. root.GetProperty("columns").EnumerateArray().Select(c => Place(table, c.GetString()))];
            }
            else if (root.TryGetProperty("clear", out var cleared) && JournalTable.Find(cleared.GetString() ?? "") is { } table)
                return new JournalEntry(table, null, [.. root.EnumerateObject().Where(static p => p.Name != "clear").Select(p => Condition(table, p))]);
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"Not a line of the journal: {Encoding.UTF8.GetString(line[..Math.Min(line.Length, 100)])}", e);
        }
    }

    private static int Place(JournalTable? table, string? column)
    {
        for (var i = 0; i < (table?.Columns.Count ?? 0); i++)
            if (table!.Columns[i].Name == column)
                return i;
        return -1;
    }

    private static (string, object) Condition(JournalTable table, JsonProperty property)
    {
        if (Place(table, property.Name) is not (>= 0 and var place))
            throw new FormatException($"{table.Name} has no column {property.Name}.");
        return (property.Name, table.Columns[place].Type switch
        {
            JournalType.Number => property.Value.GetInt64(),
            JournalType.Text => property.Value.GetString()!,
            _ => property.Value.GetBytesFromBase64(),
        });
    }

    private static object? Value(ref Utf8JsonReader json, JournalType type) => json.TokenType == JsonTokenType.Null ? null : type switch
    {
        JournalType.Number => json.GetInt64(),
        JournalType.Text => json.GetString(),
        _ => json.GetBytesFromBase64(),
    };
}
