using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Wharf.Server.Content;
using Wharf.Server.Hosting;
using Wharf.Storage;

namespace Wharf.Server.Audit;

/// <summary>
/// A rotated day: gzip of JSON lines, for each batch one that begins with <c>{"batch":</c> and then its entries, exactly as they were hashed.
/// </summary>
internal sealed class AuditFile(AuditStore store, StoredFiles files, DataDirectory data)
{
    private const int Page = 200;
    private static readonly TimeSpan s_unfinished = TimeSpan.FromDays(1);
    private const int MaxLine = 1 << 20;

    /// <summary>Writes a day's batches; what the segment's row and its spans are to say.</summary>
    public async Task<(AuditSegment Segment, List<AuditSpan> Spans)> WriteAsync(int day, CancellationToken ct)
    {
        var (spans, entries) = (new List<AuditSpan>(), 0L);
        await using var whole = new FileStream(data.File("audit-segment.new"), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        await using (var gzip = new GZipStream(whole, CompressionLevel.Optimal, leaveOpen: true))
        {
            var (afterWriter, afterN) = (long.MinValue, 0L);
            while (await store.BatchesOfDayAsync(day, afterWriter, afterN, Page, ct) is { Count: > 0 } page)
            {
                foreach (var run in page.GroupBy(static b => b.Writer))
                {
                    var rows = (await store.RowsAsync(run.Key, run.First().N, run.Last().N, ct)).ToLookup(static r => r.N);
                    foreach (var batch in run)
                    {
                        await gzip.WriteAsync(Encoding.UTF8.GetBytes(Describe(batch)), ct);
                        foreach (var row in rows[batch.N])
                        {
                            await gzip.WriteAsync(row.Line, ct);
                            gzip.WriteByte((byte)'\n');
                            entries++;
                        }
                        if (spans.Count > 0 && spans[^1].Writer == batch.Writer && spans[^1].Last == batch.N - 1)
                            spans[^1] = spans[^1] with { Last = batch.N, Hash = batch.Hash };
                        else
                            spans.Add(new AuditSpan(batch.Writer, batch.N, batch.N, batch.Prev, batch.Hash));
                    }
                }
                (afterWriter, afterN) = (page[^1].Writer, page[^1].N);
            }
        }
        whole.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // One that a killed process left in the middle goes by itself.
        var key = await files.WriteAsync("audit", s_unfinished, async writer =>
        {
            var buffer = new byte[1 << 16];
            for (int n; (n = await whole.ReadAsync(buffer, ct)) > 0;)
            {
                hash.AppendData(buffer.AsSpan(0, n));
                await writer.WriteAsync(buffer.AsMemory(0, n), ct);
            }
        }, ct);
        await files.KeepAsync(key, ct);
        return (new AuditSegment(day, key, hash.GetHashAndReset(), whole.Length, entries), spans);
    }

    public Task RemoveAsync(string key, CancellationToken ct) => files.RemoveAsync(key, ct);

    /// <summary>Reads a file back, batch by batch; the digest of all that was read goes to <paramref name="digest"/> at the end.</summary>
    /// <exception cref="FormatException">It is no such file.</exception>
    /// <exception cref="StorageException">It is not there, or cannot be read.</exception>
    public async IAsyncEnumerable<(AuditBatch Batch, List<byte[]> Lines)> ReadAsync(string key, Action<byte[]> digest, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var stored = await files.OpenAsync(key, ct) ?? throw new StorageException("The file is missing from the store.");
        using var hash = SHA256.Create();
        await using var source = new CryptoStream(stored, hash, CryptoStreamMode.Read);
        await using var gzip = new GZipStream(source, CompressionMode.Decompress);
        var (batch, lines) = ((AuditBatch?)null, new List<byte[]>());
        await foreach (var line in LinesAsync(gzip, ct))
        {
            if (!line.AsSpan().StartsWith("{\"batch\":"u8))
            {
                lines.Add(line);
                continue;
            }
            if (batch is not null)
                yield return (batch, lines);
            (batch, lines) = (Parse(line), []);
        }
        if (batch is not null)
            yield return (batch, lines);
        // What stands behind the compressed bytes counts too.
        var rest = new byte[8192];
        while (await source.ReadAsync(rest, ct) > 0)
        {
        }
        digest(hash.Hash!);
    }

    private static async IAsyncEnumerable<byte[]> LinesAsync(Stream stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var reader = System.IO.Pipelines.PipeReader.Create(stream);
        while (true)
        {
            System.IO.Pipelines.ReadResult read;
            try
            {
                read = await reader.ReadAsync(ct);
            }
            catch (InvalidDataException e)
            {
                throw new FormatException("Not a gzip file.", e);
            }
            var buffer = read.Buffer;
            while (System.Buffers.BuffersExtensions.PositionOf(buffer, (byte)'\n') is { } end)
            {
                yield return System.Buffers.BuffersExtensions.ToArray(buffer.Slice(0, end));
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

    private static string Describe(AuditBatch b) => FormattableString.Invariant(
        $"{{\"batch\":{b.N},\"writer\":\"{AuditBatch.Name(b.Writer)}\",\"day\":{b.Day},\"count\":{b.Count},\"from\":{b.FromMs},\"to\":{b.ToMs},\"prev\":\"{Convert.ToBase64String(b.Prev)}\",\"root\":\"{Convert.ToBase64String(b.Root)}\",\"hash\":\"{Convert.ToBase64String(b.Hash)}\"}}\n");

    private static AuditBatch Parse(byte[] line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var json = document.RootElement;
            return new AuditBatch(Convert.ToInt64(json.GetProperty("writer").GetString(), 16), json.GetProperty("batch").GetInt64(), json.GetProperty("day").GetInt32(), json.GetProperty("count").GetInt32(),
                json.GetProperty("from").GetInt64(), json.GetProperty("to").GetInt64(), json.GetProperty("prev").GetBytesFromBase64(), json.GetProperty("root").GetBytesFromBase64(), json.GetProperty("hash").GetBytesFromBase64());
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException or ArgumentException)
        {
            throw new FormatException("Not a batch.", e);
        }
    }
}
