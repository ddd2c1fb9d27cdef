using System.Buffers;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Wharf.Server.Data;

namespace Wharf.Server.Audit;

/// <summary>
/// This process's writer: what happens is queued, and written as one batch every <see cref="AuditOptions.FlushMs"/> or 1,000 entries, so
/// that a pull never costs a transaction of its own. Its id is new at every start, so that its chain has one author.
/// </summary>
internal sealed partial class AuditWriter(AuditStore store, AuditOptions options, TimeProvider clock, ILogger<AuditWriter> logger) : BackgroundService
{
    private const int MaxBatch = 1000;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_last = TimeSpan.FromSeconds(5);
    private static readonly Meter s_meter = new("Wharf.Audit");
    private static readonly Counter<long> s_entries = s_meter.CreateCounter<long>("wharf.audit.entries", description: "Audit entries written.");
    private static readonly Counter<long> s_lost = s_meter.CreateCounter<long>("wharf.audit.lost", description: "Audit entries for which the queue had no room.");

    private readonly Channel<Pending> _queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(options.Queue) { SingleReader = true });
    private readonly long _writer = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(8)) & long.MaxValue;
    private readonly Cache<AuditPerson, byte[]> _known = new(50_000, static _ => 1);
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<Pending> _batch = new(MaxBatch);
    private long _n;
    private int _day;
    private byte[] _head = AuditChain.Start;
    private long _missed;

    // A batch failed, and what became of it is open: how many of the queued ones it held, or null when nothing is.
    private int? _unsure;

    /// <summary>The writer's name.</summary>
    public string Name => AuditBatch.Name(_writer);

    /// <summary>Queues an entry; in the relaxed mode one that finds no room is counted as lost.</summary>
    public void Add(AuditEntry entry)
    {
        if (_queue.Writer.TryWrite(new Pending(entry, null)))
            return;
        Interlocked.Increment(ref _missed);
        s_lost.Add(1);
    }

    /// <summary>Queues an entry and waits until it is durable.</summary>
    /// <exception cref="DatabaseException">It could not be written.</exception>
    public async Task AddAndWaitAsync(AuditEntry entry, CancellationToken ct)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_queue.Writer.TryWrite(new Pending(entry, done)))
            throw new DatabaseException("The audit trail cannot be written.", null);
        await done.Task.WaitAsync(ct);
    }

    /// <summary>Writes a batch of its own at once, together with the move of a cursor.</summary>
    /// <returns>False when the cursor was moved by somebody else: nothing was written.</returns>
    public async Task<bool> AppendAsync(IReadOnlyList<AuditEntry> entries, CursorMove move, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            await ResolveAsync(ct);
            return await WriteAsync(entries, move, 0, ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Writes what is queued now.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            while (await FlushOnceAsync(ct))
            {
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Forgets which references stand for whom: they were erased.</summary>
    public void ForgetPersons() => _known.DropAll();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // A database that does not answer must not hold up the end.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_last);
        try
        {
            await FlushAsync(limit.Token);
        }
        catch (Exception e) when (e is DatabaseException or OperationCanceledException)
        {
            Log.Failed(logger, e);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _turn.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(stoppingToken))
            {
                // Who waits for a strict flush gathers while the one before is written.
                if (!options.Strict && _queue.Reader.Count < MaxBatch)
                    await Task.Delay(TimeSpan.FromMilliseconds(options.FlushMs), clock, stoppingToken);
                try
                {
                    await FlushAsync(stoppingToken);
                }
                catch (DatabaseException e)
                {
                    Log.Failed(logger, e);
                    await Task.Delay(s_pause, clock, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    // What could not be written stays in the batch and is tried first the next time; whoever waits for it is told at once.
    private async Task<bool> FlushOnceAsync(CancellationToken ct)
    {
        await ResolveAsync(ct);
        while (_batch.Count < MaxBatch && _queue.Reader.TryRead(out var next))
            _batch.Add(next);
        if (Interlocked.Exchange(ref _missed, 0) is > 0 and var missed)
            _batch.Add(new(new AuditEntry("audit_lost", AuditClass.Access, clock.GetUtcNow().ToUnixTimeMilliseconds(), 0, null, new AuditPerson(0, null)) { Metadata = $$"""{"count":{{missed}}}""" }, null));
        if (_batch.Count == 0)
            return false;
        try
        {
            await WriteAsync([.. _batch.Select(static p => p.Entry)], null, _batch.Count, ct);
        }
        catch (Exception e)
        {
            for (var i = 0; i < _batch.Count; i++)
            {
                _batch[i].Done?.TrySetException(e);
                _batch[i] = _batch[i] with { Done = null };
            }
            throw;
        }
        foreach (var pending in _batch)
            pending.Done?.TrySetResult();
        _batch.Clear();
        return _queue.Reader.Count > 0;
    }

    // A connection that broke in the commit leaves open whether the batch is there.
    private async Task ResolveAsync(CancellationToken ct)
    {
        if (_unsure is not { } queued)
            return;
        if (await store.BatchesAsync(_writer, _n, 1, ct) is [var there])
        {
            (_n, _head) = (there.N, there.Hash);
            _batch.RemoveRange(0, Math.Min(queued, _batch.Count));
        }
        _unsure = null;
    }

    /// <param name="queued">How many of the entries are from the queue.</param>
    private async Task<bool> WriteAsync(IReadOnlyList<AuditEntry> entries, CursorMove? move, int queued, CancellationToken ct)
    {
        var (lines, persons) = (new (AuditEntry Entry, byte[] Line)[entries.Count], new Dictionary<AuditPerson, AuditPersonRow>());
        var epoch = _known.Epoch;
        for (var i = 0; i < lines.Length; i++)
            lines[i] = (entries[i], AuditLine.Write(_buffer, entries[i], Refer(entries[i].Who, persons), entries[i].About is { } about ? Refer(about, persons) : null));
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        // A clock that is set back must not put a later batch into an earlier day.
        var day = _day = Math.Max(_day, (int)(now / AuditBatch.DayMs));
        var batch = new AuditBatch(_writer, _n + 1, day, lines.Length, lines.Length == 0 ? now : entries.Min(static e => e.AtMs), now, _head, AuditChain.Root([.. lines.Select(static l => l.Line)]), []);
        batch = batch with { Hash = AuditChain.Hash(batch) };
        await store.PrepareAsync(day, ct);
        _unsure = queued;
        var written = await store.AppendAsync(batch, lines, [.. persons.Values], move, ct);
        _unsure = null;
        if (!written)
            return false;
        if (lines.Length == 0)
            return true;
        (_n, _head) = (batch.N, batch.Hash);
        foreach (var (person, row) in persons)
            _known.Add(person, row.Ref, epoch);
        s_entries.Add(lines.Length);
        return true;
    }

    private byte[] Refer(AuditPerson person, Dictionary<AuditPerson, AuditPersonRow> added)
    {
        if (_known.TryGet(person, out var known))
            return known;
        if (added.TryGetValue(person, out var row))
            return row.Ref;
        var (salt, value) = (RandomNumberGenerator.GetBytes(AuditChain.SaltLength), Describe(person));
        row = new AuditPersonRow(AuditChain.Reference(salt, person.AccountId, value), person.AccountId, salt, value);
        added.Add(person, row);
        return row.Ref;
    }

    private static string Describe(AuditPerson person)
    {
        using var buffer = new MemoryStream(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (person.Name is not null) json.WriteString("name"u8, person.Name);
            if (person.Address is not null) json.WriteString("ip"u8, person.Address);
            if (person.Agent is not null) json.WriteString("ua"u8, person.Agent);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private readonly record struct Pending(AuditEntry Entry, TaskCompletionSource? Done);

    private static partial class Log
    {
        [LoggerMessage(330, LogLevel.Warning, "The audit trail could not be written; its entries wait")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
