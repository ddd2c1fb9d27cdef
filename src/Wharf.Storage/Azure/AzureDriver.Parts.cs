using System.Buffers.Binary;
using System.Security.Cryptography;
using Wharf.Storage.Parts;

namespace Wharf.Storage.Azure;

public sealed partial class AzureDriver
{
    // What Azure takes: 50,000 blocks, of any size. Longer ones later all the same, so that the list and the state of a large upload stay short.
    private const int MostBlocks = 50_000;
    private const int BlocksOfOneSize = 2_000;
    private const int ShortBlocks = 1_000;

    // Of an upload in a listing, which does not say whose its blocks are.
    private const string AnySession = "any";

    private const int SessionLength = 16;

    int IPartStore.LastNumber => MostBlocks;

    int IPartStore.PartBytes(int before) => (int)Math.Min((long)_options.PartBytes << (before / BlocksOfOneSize), AzureOptions.MostPartBytes);

    int IPartStore.LeastBytes(int before) => before < ShortBlocks ? 1 : ((IPartStore)this).PartBytes(before);

    async Task IPartStore.PutAsync(string key, PartBuffer bytes, long from, CancellationToken ct)
    {
        var name = _names.Of(key);
        if (await Client.PutBlobAsync(name, bytes.Read(from), ct)) return;
        // Where blocks of a former writer are under the name, Azurite calls that a blob already; as blocks, the bytes are taken.
        if (await Client.StatAsync(name, ct) is null)
        {
            var id = IdOf(NewSession(), 1);
            await Client.PutBlockAsync(name, id, bytes.Read(from), ct);
            if (await Client.PutBlockListAsync(name, [id], ct)) return;
        }
        throw new UploadLostException("The upload was completed by another request.");
    }

    // Azure knows no uploads: a name that is part of the id of each block tells the blocks of one from those of others under the same key.
    Task<string> IPartStore.BeginAsync(string key, CancellationToken ct) => Task.FromResult(NewSession());

    async Task<string> IPartStore.PutPartAsync(string key, string session, int number, PartBuffer bytes, CancellationToken ct)
    {
        await Client.PutBlockAsync(_names.Of(key), IdOf(session, number), bytes.Read(), ct);
        return "";
    }

    async Task IPartStore.CompleteAsync(string key, string session, IReadOnlyList<StoredPart> parts, CancellationToken ct)
    {
        if (!await Client.PutBlockListAsync(_names.Of(key), [.. parts.Select(p => IdOf(session, p.Number))], ct)) throw new UploadLostException("The upload was completed or given up by another request.");
    }

    // Azure has no way to drop blocks but to make a blob of none of them, and then to delete that.
    async Task IPartStore.AbortAsync(string key, string session, CancellationToken ct)
    {
        var name = _names.Of(key);
        if (await Client.UncommittedBlocksAsync(name, ct) is not { Count: > 0 } blocks) return;
        // Another writer's blocks go with that one's end, or a week after it.
        if (session != AnySession && blocks.Any(b => !IsOf(session, b.Id))) return;
        if (await Client.PutBlockListAsync(name, [], ct)) await Client.DeleteAsync(name, ct);
    }

    async Task IPartStore.CheckAsync(string key, string session, IReadOnlyList<StoredPart> parts, CancellationToken ct)
    {
        var there = (await Client.UncommittedBlocksAsync(_names.Of(key), ct) ?? []).ToDictionary(static b => b.Id, static b => b.Size, StringComparer.Ordinal);
        if (!parts.All(p => there.GetValueOrDefault(IdOf(session, p.Number), -1) == p.Size)) throw new UploadLostException("The store does not have all parts of the upload any more.");
    }

    private static string NewSession() => RandomNumberGenerator.GetHexString(SessionLength, lowercase: true);

    // All ids of one blob have one length, as Azure wants it: the session, and the number as 32 bits.
    private static string IdOf(string session, int number)
    {
        var id = new byte[SessionLength / 2 + sizeof(int)];
        Convert.FromHexString(session, id, out _, out _);
        BinaryPrimitives.WriteInt32BigEndian(id.AsSpan(SessionLength / 2), number);
        return Convert.ToBase64String(id);
    }

    private static bool IsOf(string session, string id)
    {
        var bytes = new byte[id.Length];
        return Convert.TryFromBase64String(id, bytes, out var length) && length == SessionLength / 2 + sizeof(int)
            && Convert.ToHexStringLower(bytes.AsSpan(0, SessionLength / 2)) == session;
    }
}
