using Wharf.Storage;
using Wharf.Storage.Local;

namespace Wharf.Server.Recovery;

/// <summary>Brings objects from one place to another: objects never change, so a second name for the same file is as good as a copy.</summary>
internal static class ObjectCopy
{
    private const int BufferSize = 1 << 20;

    /// <returns>False when it was there already.</returns>
    public static async Task<bool> BringAsync(IBlobDriver from, string key, IBlobDriver to, string toKey, long size, CancellationToken ct)
    {
        if (await to.StatAsync(toKey, ct) is { } there)
            return there == size ? false : throw new StorageException($"There is an object {toKey} of {there} bytes where one of {size} is to be brought.");
        if (key == toKey && from is LocalDriver source && to is LocalDriver local && local.TryLink(source, key))
            return true;
        await using var bytes = await from.OpenAsync(key, 0, long.MaxValue, ct) ?? throw new StorageException($"There is no object {key}.");
        await using var writer = await to.BeginAsync(toKey, ct);
        try
        {
            var buffer = new byte[BufferSize];
            for (int n; (n = await bytes.ReadAsync(buffer, ct)) > 0;)
                await writer.WriteAsync(buffer.AsMemory(0, n), ct);
            await writer.CompleteAsync(ct);
        }
        catch
        {
            await writer.AbortAsync(CancellationToken.None);
            throw;
        }
        return true;
    }

    /// <summary>Makes the names of what was brought durable.</summary>
    public static void Flush(IBlobDriver to) => (to as LocalDriver)?.SyncLinks();
}
