using System.Buffers;
using System.Data.Common;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Repositories;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// Blobs on their way in. 1. A request takes its turn in this process and claims the row by its generation. 2. It hashes and
/// stores the body in pieces of at most 256 KiB, and notes in the row only what the driver has made durable. 3. The last one completes
/// the object, compares the digest and commits the blob, which ends the row.
/// </summary>
internal sealed class Uploads(Database db, Locations locations, ContentStore content, ChangeRules rules, RegistryOptions options)
{
    /// <summary>Small enough to stay in the processor's cache between the socket, the hash and the write.</summary>
    private const int BufferSize = 256 << 10;

    /// <summary>Keeps few buffers, where the shared pool would keep what the largest crowd once had.</summary>
    private static ArrayPool<byte> s_buffers = NewBuffers();

    /// <summary>A lost connection costs at most this much again, and the final flush has at most this much to do.</summary>
    private const long CheckpointEvery = 64 << 20;

    private static readonly string Incarnation = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly UploadTurns _turns = new();

    /// <summary>Lets go of the buffers that nobody uses.</summary>
    public static void ReleaseBuffers() => Volatile.Write(ref s_buffers, NewBuffers());

    /// <summary>Begins a session.</summary>
    public async Task<(string Id, Refusal? Refusal)> StartAsync(Principal by, RepositoryAccess access, DigestAlgorithm algorithm, CancellationToken ct)
    {
        if (await AdmitAsync(by, access, null, 1, ct) is { } refusal)
            return ("", refusal);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var key = StorageKey.New();
        await db.WriteAsync(tx => tx.ExecuteAsync("""
            INSERT INTO upload (id, repository, namespace_id, account_id, location, storage_key, algorithm, size, generation, incarnation, created_ms, expires_ms)
            VALUES (@id, @repository, @ns, @account, @location, @key, @algorithm, 0, 0, @me, now_ms(), now_ms() + @life)
            """, ("id", id), ("repository", access.Name.ToString()), ("ns", access.NamespaceId), ("account", by.AccountId), ("location", locations.Primary.Name), ("key", key),
            ("algorithm", DigestAlgorithms.Name(algorithm)), ("me", Incarnation), ("life", LifeMs)), ct);
        return (id, null);
    }

    // What the client tells of the size, or at least one byte more than there is.
    private ValueTask<Refusal?> AdmitAsync(Principal by, RepositoryAccess access, Digest? digest, long bytes, CancellationToken ct) =>
        rules.AdmitAsync(db, new Change(ChangeKind.Upload, by, access) { Digest = digest, Bytes = bytes }, ct);

    /// <summary>The session, if it belongs to this repository and this account.</summary>
    public ValueTask<Upload?> FindAsync(string id, Principal by, RepositoryName repository, CancellationToken ct) => FindAsync(id, by.AccountId, repository.ToString(), ct);

    private static ArrayPool<byte> NewBuffers() => ArrayPool<byte>.Create(BufferSize, maxArraysPerBucket: 16);

    private ValueTask<Upload?> FindAsync(string id, long account, string repository, CancellationToken ct) => db.OneAsync("""
        SELECT id, repository, account_id, location, storage_key, algorithm, size, hash_state, driver_state, generation
          FROM upload WHERE id = @id AND repository = @repository AND account_id = @account AND expires_ms > now_ms()
        """, Read, ct, ("id", id), ("repository", repository), ("account", account));

    /// <summary>Stores a chunk.</summary>
    /// <param name="range">The chunk's place, when the client told it.</param>
    /// <param name="length">How long the body will be, where that is known.</param>
    public async Task<UploadResult> AppendAsync(string id, Principal by, RepositoryAccess access, ContentRange? range, long? length, Stream body, CancellationToken ct)
    {
        using var turn = await _turns.EnterAsync(id, ct);
        if (await FindAsync(id, by, access.Name, ct) is not { } upload)
            return new(UploadOutcome.Unknown);
        if (range is { } r && r.Start != upload.Size)
            return new(UploadOutcome.OutOfOrder, upload.Size);
        if (await AdmitAsync(by, access, null, length ?? 1, ct) is { } refusal)
            return new(UploadOutcome.Refused, upload.Size, default, refusal);
        if (await ClaimAsync(upload, ct) is not { } claimed)
            return await LostAsync(upload);
        return await EndIfLostAsync(claimed, () => AppendAsync(claimed, by, access, range, body, turn));
    }

    private async Task<UploadResult> AppendAsync(Upload claimed, Principal by, RepositoryAccess access, ContentRange? range, Stream body, UploadTurns.Turn turn)
    {
        await using var transfer = await Transfer.OpenAsync(locations.Of(claimed.Location), claimed, claimed.StorageKey, keep: true, turn.Token);
        Exception? broken = null;
        try
        {
            if (await ReceiveAsync(transfer, claimed, by, access, body, turn.Token) is { } refused)
                return refused with { Size = claimed.Size };
        }
        catch (UploadTaken)
        {
            return await LostAsync(claimed);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // What arrived is kept, so that the client can go on from there.
            if (turn.Lost)
                return await LostAsync(claimed);
            broken = e;
        }
        if (broken is null && range is { } told && transfer.Length - claimed.Size != told.Length)
            return new(UploadOutcome.LengthMismatch, claimed.Size);
        if (broken is not null && range is not null)
            ExceptionDispatchInfo.Throw(broken);
        if (!await NoteAsync(transfer, claimed))
            return await LostAsync(claimed);
        // As it was thrown: whose fault it is, the client's or ours, is told by where it came from.
        if (broken is not null)
            ExceptionDispatchInfo.Throw(broken);
        return new(UploadOutcome.Done, transfer.Length);
    }

    /// <summary>Stores the last bytes, if any, and commits the blob.</summary>
    /// <param name="length">How long the body will be, where that is known.</param>
    public async Task<UploadResult> FinishAsync(string id, Principal by, RepositoryAccess access, ContentRange? range, Digest digest, long? length, Stream body, CancellationToken ct)
    {
        using var turn = await _turns.EnterAsync(id, ct);
        if (await FindAsync(id, by, access.Name, ct) is not { } upload)
            return new(UploadOutcome.Unknown);
        if (range is { } r && r.Start != upload.Size)
            return new(UploadOutcome.OutOfOrder, upload.Size);
        if (await AdmitAsync(by, access, digest, length ?? 1, ct) is { } refusal)
            return new(UploadOutcome.Refused, upload.Size, default, refusal);
        // A session that holds nothing yet is not claimed first: its bytes go to a key of their own and the commit decides.
        var fresh = upload.Generation == 0;
        if ((fresh ? upload : await ClaimAsync(upload, ct)) is not { } claimed)
            return await LostAsync(upload);
        return await EndIfLostAsync(claimed, () => FinishAsync(claimed, fresh, by, access, range, digest, body, turn));
    }

    private async Task<UploadResult> FinishAsync(
        Upload claimed, bool fresh, Principal by, RepositoryAccess access, ContentRange? range, Digest digest, Stream body, UploadTurns.Turn turn)
    {
        var key = fresh ? StorageKey.New() : claimed.StorageKey;
        try
        {
            await using var transfer = await Transfer.OpenAsync(locations.Of(claimed.Location), claimed with { Algorithm = fresh ? digest.Algorithm : claimed.Algorithm }, key, keep: !fresh, turn.Token);
            if (await ReceiveAsync(transfer, fresh ? null : claimed, by, access, body, turn.Token) is { } refused)
                return refused with { Size = claimed.Size };
            if (range is { } told && transfer.Length - claimed.Size != told.Length)
                return new(UploadOutcome.LengthMismatch, claimed.Size);
            return await CommitAsync(transfer, by, access, digest, claimed, turn.Token);
        }
        catch (UploadTaken)
        {
            // A key of this request's own is nobody else's; the session's belongs to whoever took it over.
            if (fresh)
                await locations.Of(claimed.Location).Driver.DeleteAsync([key], CancellationToken.None);
            return await LostAsync(claimed);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && turn.Lost)
        {
            return await LostAsync(claimed);
        }
    }

    /// <summary>Stores and commits a blob that comes whole in one request, without a session.</summary>
    /// <param name="length">How long the body will be, where that is known.</param>
    public async Task<UploadResult> StoreAsync(Principal by, RepositoryAccess access, Digest digest, long? length, Stream body, CancellationToken ct)
    {
        if (await AdmitAsync(by, access, digest, length ?? 1, ct) is { } refusal)
            return new(UploadOutcome.Refused, 0, default, refusal);
        var key = StorageKey.New();
        var unnamed = new Upload("", access.Name.ToString(), by.AccountId, locations.Primary.Name, key, digest.Algorithm, 0, null, null, 0);
        await using var transfer = await Transfer.OpenAsync(locations.Primary, unnamed, key, keep: false, ct);
        return await ReceiveAsync(transfer, null, by, access, body, ct) ?? await CommitAsync(transfer, by, access, digest, unnamed, ct);
    }

    public async Task<bool> CancelAsync(string id, Principal by, RepositoryName repository, CancellationToken ct)
    {
        using var turn = await _turns.EnterAsync(id, ct);
        return await FindAsync(id, by, repository, ct) is { } upload && await DropAsync(upload, ct);
    }

    /// <summary>Gives up sessions that nobody went on with; returns how many.</summary>
    public async Task<int> SweepAsync(CancellationToken ct)
    {
        var expired = await db.ListAsync("""
            SELECT id, repository, account_id, location, storage_key, algorithm, size, hash_state, driver_state, generation FROM upload WHERE expires_ms <= now_ms() LIMIT 500
            """, Read, ct);
        foreach (var upload in expired)
            await DropAsync(upload, ct);
        return expired.Count;
    }

    private async Task<UploadResult> CommitAsync(Transfer transfer, Principal by, RepositoryAccess access, Digest digest, Upload upload, CancellationToken ct)
    {
        var stored = await transfer.CompleteAsync(ct);
        var driver = transfer.Location.Driver;
        var actual = transfer.Hash is { } hash && hash.Algorithm == digest.Algorithm ? hash.Finish() : await RehashAsync(driver, stored, digest.Algorithm, ct);
        if (actual != digest)
        {
            await driver.DeleteAsync([stored.Key], CancellationToken.None);
            if (upload.Id.Length > 0)
                await DropAsync(upload, CancellationToken.None);
            return new(UploadOutcome.DigestMismatch, 0, actual);
        }
        // From here on a client that goes away changes nothing.
        var refusal = await content.CommitBlobAsync(by, access, digest, stored, transfer.Location, upload.Id.Length > 0 ? upload : null, CancellationToken.None);
        if (refusal is null)
            return new(UploadOutcome.Done, stored.Size);
        if (refusal.Kind == RefusalKind.UploadTaken)
            throw new UploadTaken();
        await driver.DeleteAsync([stored.Key], CancellationToken.None);
        if (upload.Id.Length > 0)
            await DropAsync(upload, CancellationToken.None);
        return new(UploadOutcome.Refused, 0, default, refusal);
    }

    /// <summary>
    /// Stores the body in pieces, each what had come by the time the former one was stored. A buffer is held while there are bytes for
    /// it, never while waiting for a client, so that a crowd of stalled uploads costs next to nothing.
    /// </summary>
    private async Task<UploadResult?> ReceiveAsync(Transfer transfer, Upload? session, Principal by, RepositoryAccess access, Stream body, CancellationToken ct)
    {
        var (noted, ended) = (transfer.Length, false);
        // An empty read waits for bytes and takes none of them.
        var more = body.ReadAsync(Memory<byte>.Empty, ct).AsTask();
        while (!ended)
        {
            await more;
            var buffer = s_buffers.Rent(BufferSize);
            try
            {
                var filled = 0;
                try
                {
                    while (true)
                    {
                        var n = await body.ReadAsync(buffer.AsMemory(filled, BufferSize - filled), ct);
                        filled += n;
                        ended = n == 0;
                        more = ended ? Task.FromResult(0) : body.ReadAsync(Memory<byte>.Empty, ct).AsTask();
                        if (ended || filled == BufferSize || !more.IsCompleted)
                            break;
                        await more;
                    }
                }
                catch when (filled > 0)
                {
                    // A lost connection leaves what came.
                    await transfer.WriteAsync(buffer.AsMemory(0, filled), CancellationToken.None);
                    throw;
                }
                if (transfer.Length + filled > options.MaxBlobBytes)
                    return new(UploadOutcome.TooLarge);
                if (filled > 0)
                    await transfer.WriteAsync(buffer.AsMemory(0, filled), ct);
            }
            finally
            {
                s_buffers.Return(buffer);
            }
            if (transfer.Length - noted < CheckpointEvery)
                continue;
            noted = transfer.Length;
            if (session is not null && !await NoteAsync(transfer, session))
                throw new UploadTaken();
            // A session's own bytes are counted by now; those of an upload without one are not.
            if (await AdmitAsync(by, access, null, session is null ? transfer.Length : 1, ct) is { } refusal)
                return new(UploadOutcome.Refused, 0, default, refusal);
        }
        return null;
    }

    private async Task<Upload?> ClaimAsync(Upload upload, CancellationToken ct)
    {
        var won = await db.WriteAsync(tx => tx.ExecuteAsync(
            "UPDATE upload SET generation = generation + 1, incarnation = @me, expires_ms = now_ms() + @life WHERE id = @id AND generation = @generation",
            ("me", Incarnation), ("life", LifeMs), ("id", upload.Id), ("generation", upload.Generation)), ct);
        return won == 1 ? upload with { Generation = upload.Generation + 1 } : null;
    }

    private async Task<bool> NoteAsync(Transfer transfer, Upload claimed)
    {
        var state = await transfer.FlushAsync(CancellationToken.None);
        return await db.WriteAsync(tx => tx.ExecuteAsync("""
            UPDATE upload SET size = @size, hash_state = @hash, driver_state = @driver, expires_ms = now_ms() + @life WHERE id = @id AND generation = @generation
            """, ("size", transfer.Length), ("hash", transfer.Hash?.Save()), ("driver", state), ("life", LifeMs), ("id", claimed.Id), ("generation", claimed.Generation)),
            CancellationToken.None) == 1;
    }

    private async Task<bool> DropAsync(Upload upload, CancellationToken ct) => await db.WriteAsync(async tx =>
    {
        var gone = await tx.ExecuteAsync("DELETE FROM upload WHERE id = @id AND generation = @generation", ("id", upload.Id), ("generation", upload.Generation));
        if (gone == 1)
            await tx.ExecuteAsync("""
                INSERT INTO storage_garbage (location, storage_key, upload_state, after_ms) VALUES (@location, @key, @state, now_ms())
                ON CONFLICT (location, storage_key) DO NOTHING
                """, ("location", upload.Location), ("key", upload.StorageKey), ("state", upload.DriverState ?? []));
        return gone;
    }, ct) == 1;

    /// <summary>
    /// A session whose bytes are lost (a failed sync, or an end that was never committed) is ended, so that the client starts again;
    /// one that a newer request took over goes on there. One that filled the disk gives its room back at once, for clients start anew.
    /// </summary>
    private async Task<UploadResult> EndIfLostAsync(Upload claimed, Func<Task<UploadResult>> write)
    {
        try
        {
            return await write();
        }
        catch (UploadLostException)
        {
            await DropAsync(claimed, CancellationToken.None);
            return await LostAsync(claimed);
        }
        catch (StorageFullException)
        {
            await locations.Of(claimed.Location).Driver.AbortAsync(claimed.StorageKey, claimed.DriverState ?? [], CancellationToken.None);
            await DropAsync(claimed, CancellationToken.None);
            throw;
        }
    }

    private async Task<UploadResult> LostAsync(Upload upload) => await FindAsync(upload.Id, upload.AccountId, upload.Repository, CancellationToken.None) is { } now
        ? new(UploadOutcome.OutOfOrder, now.Size)
        : new(UploadOutcome.Unknown);

    private static async Task<Digest> RehashAsync(IBlobDriver driver, StoredBlob stored, DigestAlgorithm algorithm, CancellationToken ct)
    {
        await using var stream = await driver.OpenAsync(stored.Key, 0, stored.Size, ct) ?? throw new StorageException($"The object {stored.Key} is missing right after it was stored.");
        using var hash = new ResumableHash(algorithm);
        var buffer = s_buffers.Rent(BufferSize);
        try
        {
            int n;
            while ((n = await stream.ReadAsync(buffer.AsMemory(0, BufferSize), ct)) > 0)
                hash.Append(buffer.AsSpan(0, n));
            return hash.Finish();
        }
        finally
        {
            s_buffers.Return(buffer);
        }
    }

    private long LifeMs => options.UploadMinutes * 60_000L;

    private static Upload Read(DbDataReader r) =>
        new(r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetString(3), r.GetString(4), DigestAlgorithms.TryParse(r.GetString(5), out var algorithm) ? algorithm : default, r.GetInt64(6),
            r.IsDBNull(7) ? null : r.GetFieldValue<byte[]>(7), r.IsDBNull(8) ? null : r.GetFieldValue<byte[]>(8), r.GetInt64(9));

    /// <summary>Another request has claimed the session since this one did.</summary>
    private sealed class UploadTaken : Exception;

    /// <summary>One object being written, with its hash as far as that can be carried along.</summary>
    private sealed class Transfer(IBlobWriter writer, Location location, ResumableHash? hash, bool keep) : IAsyncDisposable
    {
        private bool _completed;

        public Location Location => location;

        public ResumableHash? Hash => hash;

        public long Length => writer.Length;

        /// <param name="keep">Whether a session can go on with what is stored when this request fails.</param>
        public static async Task<Transfer> OpenAsync(Location location, Upload upload, string key, bool keep, CancellationToken ct)
        {
            if (!keep)
                return new(await location.Driver.BeginAsync(key, ct), location, new ResumableHash(upload.Algorithm), keep);
            // A session that noted nothing yet may have been begun all the same, by a request that was killed.
            var writer = await location.Driver.ResumeAsync(key, upload.DriverState ?? [], upload.Generation, ct);
            var hash = upload.DriverState is null ? new ResumableHash(upload.Algorithm) : upload.HashState is null ? null : ResumableHash.Restore(upload.HashState);
            return new(writer, location, hash, keep);
        }

        // In this order: what was not written, because the client left meanwhile, must not be in the hash that a checkpoint saves.
        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
        {
            await writer.WriteAsync(bytes, ct);
            hash?.Append(bytes.Span);
        }

        public Task<byte[]> FlushAsync(CancellationToken ct) => writer.CheckpointAsync(ct);

        public async Task<StoredBlob> CompleteAsync(CancellationToken ct)
        {
            var stored = await writer.CompleteAsync(ct);
            _completed = true;
            return stored;
        }

        public async ValueTask DisposeAsync()
        {
            hash?.Dispose();
            await using (writer)
                if (!keep && !_completed)
                    await writer.AbortAsync(CancellationToken.None);
        }
    }
}
