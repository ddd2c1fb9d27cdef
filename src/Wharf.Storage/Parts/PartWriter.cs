namespace Wharf.Storage.Parts;

/// <summary>
/// Writes an object of parts. 1. Bytes are gathered until there are enough for a part, which is sent while the next ones are gathered: a store is done with a part some time after it has the
/// last byte, and with another one under way does not wait. In memory are at most two parts and <see cref="Further"/> bytes. 2. A checkpoint
/// sends what there is as a shorter part; where that is too little, it is kept as an object of its own, a tail, which whoever goes on reads back and puts in front of the
/// next part. 3. At the end the parts are put together. What fits one part is stored by one request, and a blob that is one tail already stays what it is.
/// <para>Another writer of the same upload, in this process or elsewhere, may still be sending: it has other numbers of parts and of tails, and nothing that this
/// one puts together names them. Nor has it the name of an object: only the first writer has the key of the upload itself.</para>
/// </summary>
internal sealed class PartWriter : IBlobWriter
{
    // While two parts are under way, so much of the next one is gathered. The rest of the 16 MiB that a transfer may take besides two parts (contract 4) is for connections and what is read.
    private const int Further = 4 << 20;

    // More tails than this become one: each was a request with few bytes.
    private const int MostTails = 16;

    // What a former writer may send after the last state that it noted: it asks whether the upload still is its own more often than that.
    private const int NumbersOfALateWriter = 16;

    private const int LateWriters = 32;
    private const int ObjectsPerAttempt = 20;

    private readonly IBlobDriver _driver;
    private readonly IPartStore _store;
    private readonly PartUploads _uploads;
    private readonly string _key;
    private readonly long _attempt;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<StoredPart> _parts;
    private readonly List<(long Number, long Size)> _tails;
    private readonly List<long> _spent;
    private readonly string _notedSession;

    private volatile State _state;
    private string _session;
    private int _number;
    private long _made;
    private long _object;
    private bool _noted;

    // What is behind the parts: in tails that were not read back yet, or here; the first so many bytes are in tails all the same.
    private PartBuffer _buffer = new();
    private bool _unread;
    private long _saved;

    private readonly Queue<(Task<string> Tag, int At)> _sending = new();
    private long _underWay;
    private StorageException? _fault;

    public PartWriter(IBlobDriver driver, IPartStore store, PartUploads uploads, string key, PartState from, long attempt)
    {
        (_driver, _store, _uploads, _key, _attempt) = (driver, store, uploads, key, attempt);
        (_parts, _tails, _spent) = ([.. from.Parts], [.. from.Tails], [.. from.Spent]);
        _session = _notedSession = from.Session;
        _object = from.Object;
        _unread = from.Tails.Count > 0;
        _number = (from.Parts.Count > 0 ? from.Parts[^1].Number : 0) + NumbersOfALateWriter * (int)Math.Clamp(attempt - from.Attempt - 1, 0, LateWriters);
        Length = from.Length;
    }

    private enum State
    {
        Open,
        Done,
        Superseded,
    }

    public long Length { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowUnlessOpen();
        if (_unread) await ReadTailsAsync(ct);
        // From here on all or nothing, for the caller's hash: the store's own time limits bound the wait.
        while (!bytes.IsEmpty)
        {
            var n = (int)Math.Min(bytes.Length, _store.PartBytes(_parts.Count) - _buffer.Length);
            if (n > 0)
            {
                while (_sending.Count > 0 && _underWay + _buffer.Length + n > 2L * _store.PartBytes(_parts.Count) + Further) await SettleAsync(_sending.Count - 1);
                _buffer.Append(bytes.Span[..n]);
                Length += n;
                bytes = bytes[n..];
            }
            if (_buffer.Length >= _store.PartBytes(_parts.Count)) await SendAsync();
        }
    }

    public async Task<byte[]> CheckpointAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowUnlessOpen();
        await SettleAsync();
        if (_buffer.Length > _saved)
        {
            if (_buffer.Length >= _store.LeastBytes(_parts.Count))
            {
                await SendAsync();
                await SettleAsync();
            }
            else
            {
                await SaveTailAsync(ct);
            }
        }
        ThrowUnlessOpen();
        _noted = true;
        return new PartState(_attempt, _session, _object, [.. _parts], [.. _tails], [.. _spent]).ToBytes();
    }

    public async Task<StoredBlob> CompleteAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ThrowUnlessOpen();
        await SettleAsync();
        var key = _key;
        if (_session.Length == 0 && _tails.Count == 1 && (_unread || _buffer.Length == _saved))
        {
            key = StorageKey.Part(_key, _tails[0].Number);
        }
        else
        {
            if (_unread) await ReadTailsAsync(ct);
            if (_session.Length == 0)
            {
                key = NewObject();
                await _store.PutAsync(key, _buffer, 0, ct);
            }
            else
            {
                if (_buffer.Length > 0)
                {
                    await SendAsync();
                    await SettleAsync();
                }
                ThrowUnlessOpen();
                key = ObjectKey;
                await _store.CompleteAsync(key, _session, _parts, ct);
            }
            _spent.AddRange(_tails.Select(static t => t.Number));
        }
        ThrowUnlessOpen();
        _state = State.Done;
        await RemoveSpentAsync();
        return new StoredBlob(key, Length);
    }

    public async Task AbortAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (_state == State.Superseded) return;
        ThrowIfEnded();
        _state = State.Done;
        await StopSendingAsync();
        await AbortSessionAsync();
        _spent.AddRange(_tails.Select(static t => t.Number));
        await RemoveSpentAsync();
    }

    public async ValueTask DisposeAsync()
    {
        var wasOpen = _state == State.Open;
        if (wasOpen) _state = State.Done;
        await StopSendingAsync();
        // What no checkpoint claims is of no use to anyone.
        if (wasOpen && !_noted && _session != _notedSession) await AbortSessionAsync();
        _buffer.Dispose();
        _stop.Dispose();
        _uploads.Forget(_key, this);
    }

    /// <summary>Ends this writer's right to the upload. What it is sending gets there or not, to no effect.</summary>
    internal void Supersede()
    {
        if (_state == State.Open) _state = State.Superseded;
    }

    private async Task SendAsync()
    {
        ThrowUnlessOpen();
        if (_number >= _store.LastNumber) throw new UploadLostException("The upload has used up the parts that the store takes; it has to begin again.");
        try
        {
            if (_session.Length == 0) _session = await _store.BeginAsync(NewObject(), CancellationToken.None);
        }
        catch (StorageException e)
        {
            _fault = e;
            throw;
        }
        var (bytes, number) = (_buffer, ++_number);
        (_buffer, _saved) = (new PartBuffer(), 0);
        _spent.AddRange(_tails.Select(static t => t.Number));
        _tails.Clear();
        // Known from here on for the size of the next part; its tag comes when it is there.
        _parts.Add(new StoredPart(number, bytes.Length, ""));
        _underWay += bytes.Length;
        _sending.Enqueue((SendAsync(bytes, number), _parts.Count - 1));
    }

    private async Task<string> SendAsync(PartBuffer bytes, int number)
    {
        using (bytes) return await _store.PutPartAsync(ObjectKey, _session, number, bytes, _stop.Token);
    }

    // Waits until no more than so many are under way. After a part that the store did not take, what came behind it is of no use: whoever goes on does so from the last checkpoint.
    private async Task SettleAsync(long most = 0)
    {
        if (_fault is not null) throw new StorageException(_fault.Message, _fault);
        while (_sending.Count > most)
        {
            try
            {
                var (tag, at) = _sending.Peek();
                _parts[at] = _parts[at] with { Tag = await tag };
                _underWay -= _parts[at].Size;
                _sending.Dequeue();
            }
            catch (StorageException e)
            {
                _fault = e;
                throw;
            }
            catch (OperationCanceledException) when (_state != State.Open)
            {
                ThrowUnlessOpen();
            }
        }
    }

    private async Task StopSendingAsync()
    {
        if (_sending.Count == 0) return;
        await _stop.CancelAsync();
        while (_sending.TryDequeue(out var part))
        {
            try
            {
                await part.Tag;
            }
            catch (Exception e) when (e is StorageException or OperationCanceledException)
            {
                // Nobody waits for it any more.
            }
        }
    }

    private async Task SaveTailAsync(CancellationToken ct)
    {
        var number = NewNumber();
        var from = _tails.Count < MostTails ? _saved : 0;
        await _store.PutAsync(StorageKey.Part(_key, number), _buffer, from, ct);
        if (from == 0)
        {
            _spent.AddRange(_tails.Select(static t => t.Number));
            _tails.Clear();
        }
        _tails.Add((number, _buffer.Length - from));
        _saved = _buffer.Length;
    }

    private async Task ReadTailsAsync(CancellationToken ct)
    {
        var read = new PartBuffer();
        try
        {
            var piece = new byte[(int)Math.Min(_tails.Max(static t => t.Size), 256 << 10)];
            foreach (var (number, size) in _tails)
            {
                await using var tail = await _driver.OpenAsync(StorageKey.Part(_key, number), 0, size, ct) ?? throw new UploadLostException("A part of the upload is not there.");
                var before = read.Length;
                for (int n; (n = await tail.ReadAsync(piece, ct)) > 0;) read.Append(piece.AsSpan(0, n));
                if (read.Length - before != size) throw new UploadLostException("A part of the upload is not whole.");
            }
        }
        catch
        {
            read.Dispose();
            throw;
        }
        _buffer.Dispose();
        (_buffer, _saved, _unread) = (read, read.Length, false);
    }

    private string ObjectKey => _object == 0 ? _key : StorageKey.Part(_key, _object);

    private string NewObject()
    {
        _object = _attempt == 0 ? 0 : NewNumber();
        return ObjectKey;
    }

    private long NewNumber() => (_attempt << ObjectsPerAttempt) | ++_made;

    // Best effort: a sweeper removes what stays.
    private async Task RemoveSpentAsync()
    {
        if (_spent.Count == 0) return;
        try
        {
            await _driver.DeleteAsync([.. _spent.Select(n => StorageKey.Part(_key, n))], CancellationToken.None);
        }
        catch (StorageException)
        {
        }
    }

    private async Task AbortSessionAsync()
    {
        if (_session.Length == 0) return;
        try
        {
            await _store.AbortAsync(ObjectKey, _session, CancellationToken.None);
        }
        catch (StorageException)
        {
        }
    }

    private void ThrowUnlessOpen()
    {
        if (_state == State.Superseded) throw new UploadLostException("The upload is continued by another request.");
        ThrowIfEnded();
    }

    private void ThrowIfEnded()
    {
        if (_state == State.Done) throw new InvalidOperationException("The upload has ended.");
    }
}
