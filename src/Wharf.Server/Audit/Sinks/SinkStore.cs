namespace Wharf.Server.Audit.Sinks;

/// <summary>How far the sinks have come.</summary>
internal sealed class SinkStore(AuditDatabase audit)
{
    /// <summary>The writers of whom a sink has not had everything: how far it has come, and how far they have.</summary>
    public ValueTask<List<(long Writer, long Sent, long Head)>> WaitingAsync(string sink, CancellationToken ct) => audit.Value.ListAsync("""
        SELECT h.writer, coalesce(s.n, 0), h.n FROM audit_head h LEFT JOIN audit_sent s ON s.sink = @sink AND s.writer = h.writer
         WHERE h.n > coalesce(s.n, 0) ORDER BY h.writer
        """, static r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), ct, ("sink", sink));

    public Task SentAsync(string sink, long writer, long n, CancellationToken ct) => audit.Value.WriteAsync(tx => tx.ExecuteAsync(
        "INSERT INTO audit_sent (sink, writer, n) VALUES (@sink, @writer, @n) ON CONFLICT (sink, writer) DO UPDATE SET n = excluded.n",
        ("sink", sink), ("writer", writer), ("n", n)), ct);
}
