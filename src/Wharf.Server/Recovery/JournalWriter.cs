using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using ZstdSharp;

namespace Wharf.Server.Recovery;

/// <summary>
/// Writes one file: JSON lines, compressed. The first is a <see cref="JournalHeader"/>; then <c>{"table":T,"columns":[...]}</c> before the
/// first row of a table, rows as <c>["T",value,...]</c>, and <c>{"clear":T,column:value,...}</c> for rows that went; at last
/// <c>{"end":lines,"sha256":...}</c> over all before it, without which a file is torn.
/// </summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    private const int Level = 3;
    private const int FlushAt = 1 << 16;

    private readonly ArrayBufferWriter<byte> _buffer = new(2 * FlushAt);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HashSet<string> _declared = [];
    private readonly CompressionStream _to;
    private readonly Utf8JsonWriter _json;

    public JournalWriter(Stream to)
    {
        _to = new CompressionStream(to, Level, leaveOpen: true);
        _json = new Utf8JsonWriter(_buffer);
    }

    /// <summary>Lines so far.</summary>
    public long Lines { get; private set; }

    public ValueTask WriteAsync(JournalHeader header, CancellationToken ct)
    {
        _json.WriteStartObject();
        _json.WriteNumber("journal", header.Version);
        _json.WriteString("life", header.Life);
        _json.WriteNumber("number", header.Number);
        _json.WriteBoolean("snapshot", header.Snapshot);
        _json.WriteNumber("from", header.From);
        _json.WriteNumber("to", header.To);
        _json.WriteNumber("at_ms", header.AtMs);
        _json.WriteEndObject();
        return EndLineAsync(ct);
    }

    /// <param name="row">A value for each of the table's columns.</param>
    public async ValueTask WriteAsync(JournalTable table, object?[] row, CancellationToken ct)
    {
        if (_declared.Add(table.Name))
        {
            _json.WriteStartObject();
            _json.WriteString("table", table.Name);
            _json.WriteStartArray("columns");
            foreach (var column in table.Columns)
                _json.WriteStringValue(column.Name);
            _json.WriteEndArray();
            _json.WriteEndObject();
            await EndLineAsync(ct);
        }
        _json.WriteStartArray();
        _json.WriteStringValue(table.Name);
        foreach (var value in row)
            Write(value);
        _json.WriteEndArray();
        await EndLineAsync(ct);
    }

    /// <summary>Rows with these values went; those that are still there are written after this.</summary>
    public ValueTask ClearAsync(JournalTable table, CancellationToken ct, params (string Column, object Value)[] where)
    {
        _json.WriteStartObject();
        _json.WriteString("clear", table.Name);
        foreach (var (column, value) in where)
        {
            _json.WritePropertyName(column);
            Write(value);
        }
        _json.WriteEndObject();
        return EndLineAsync(ct);
    }

    /// <summary>Writes the last line.</summary>
    public async Task EndAsync(CancellationToken ct)
    {
        await FlushAsync(ct);
        _json.WriteStartObject();
        _json.WriteNumber("end", Lines);
        _json.WriteString("sha256", Convert.ToHexStringLower(_hash.GetHashAndReset()));
        _json.WriteEndObject();
        await EndLineAsync(ct);
        await FlushAsync(ct);
        await _to.FlushAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync();
        await _to.DisposeAsync();
        _hash.Dispose();
    }

    private void Write(object? value)
    {
        switch (value)
        {
            case null: _json.WriteNullValue(); break;
            case long number: _json.WriteNumberValue(number); break;
            case string text: _json.WriteStringValue(text); break;
            case byte[] bytes: _json.WriteBase64StringValue(bytes); break;
            default: throw new ArgumentException($"No column is of {value.GetType()}.", nameof(value));
        }
    }

    private async ValueTask EndLineAsync(CancellationToken ct)
    {
        _json.Flush();
        _json.Reset();
        _buffer.Write("\n"u8);
        Lines++;
        if (_buffer.WrittenCount >= FlushAt)
            await FlushAsync(ct);
    }

    private async Task FlushAsync(CancellationToken ct)
    {
        _hash.AppendData(_buffer.WrittenSpan);
        await _to.WriteAsync(_buffer.WrittenMemory, ct);
        _buffer.ResetWrittenCount();
    }
}
