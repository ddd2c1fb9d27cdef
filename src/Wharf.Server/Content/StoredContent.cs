using System.Buffers;
using System.Globalization;
using Wharf.Oci;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>Reading objects to compare them with what they should be, and copying them. No transfer holds more than its buffer and what the driver's writer does.</summary>
internal static class StoredContent
{
    private const int BufferSize = 256 << 10;

    /// <summary>What is wrong with an object, in words; null when all is well.</summary>
    /// <param name="hash">Whether it is read and hashed, and not only asked for.</param>
    public static async Task<string?> CheckAsync(IBlobDriver driver, string key, Digest digest, long size, bool hash, Pace pace, CancellationToken ct)
    {
        if (await driver.StatAsync(key, ct) is not { } there)
            return "there is no object";
        if (there != size)
            return string.Create(CultureInfo.InvariantCulture, $"it has {there} bytes where {size} were stored");
        if (!hash)
            return null;
        return await ReadAsync(driver, key, digest.Algorithm, null, pace, ct) switch
        {
            null => "there is no object",
            var (actual, _) when actual != digest => "its bytes have another digest",
            _ => null,
        };
    }

    /// <summary>Copies an object to a key of another place: by the store itself where it can do that, else through here.</summary>
    /// <param name="digest">What the bytes must be; null where that is not known: then the copy must be what was read.</param>
    /// <param name="quick">Whether a copy that the store made is only asked for its size, and not read.</param>
    /// <returns>What is wrong with the object, in words; null when the copy is whole and durable. A copy that is not has to be deleted by whoever named it.</returns>
    public static async Task<string?> CopyAsync(IBlobDriver from, string key, Digest? digest, long size, IBlobDriver to, string toKey, bool quick, Pace pace, CancellationToken ct)
    {
        if (await from.StatAsync(key, ct) is not { } there)
            return "there is no object";
        if (there != size)
            return string.Create(CultureInfo.InvariantCulture, $"it has {there} bytes where {size} were stored");
        if (await to.TryCopyAsync(from, key, toKey, ct))
        {
            if (quick)
                return await CheckAsync(to, toKey, default, size, hash: false, pace, ct);
            return (digest ?? (await ReadAsync(from, key, DigestAlgorithm.Sha256, null, pace, ct))?.Digest) is { } expected
                ? await CheckAsync(to, toKey, expected, size, hash: true, pace, ct) : "there is no object";
        }
        return await TransferAsync(from, key, digest, size, to, toKey, pace, ct);
    }

    /// <summary>Reads an object, hashes it, and writes it under a key of another place.</summary>
    /// <param name="digest">What the bytes must be; null where that is not known.</param>
    /// <returns>What is wrong with the object, in words, and then nothing is left of its copy; null when the copy is whole and durable.</returns>
    public static async Task<string?> TransferAsync(IBlobDriver from, string key, Digest? digest, long size, IBlobDriver to, string toKey, Pace pace, CancellationToken ct)
    {
        await using var writer = await to.BeginAsync(toKey, ct);
        try
        {
            string? problem = await ReadAsync(from, key, digest?.Algorithm ?? DigestAlgorithm.Sha256, writer, pace, ct) switch
            {
                null => "there is no object",
                var (_, length) when length != size => string.Create(CultureInfo.InvariantCulture, $"it has {length} bytes where {size} were stored"),
                var (actual, _) when digest is not null && actual != digest => "its bytes have another digest",
                _ => null,
            };
            if (problem is not null)
            {
                await writer.AbortAsync(CancellationToken.None);
                return problem;
            }
            var stored = await writer.CompleteAsync(ct);
            return stored == new StoredBlob(toKey, size) && await to.StatAsync(toKey, ct) == size ? null : "its copy has another size";
        }
        catch
        {
            await writer.AbortAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Reads a whole object; its digest and length, null when there is none.</summary>
    /// <param name="to">Who gets the bytes as well.</param>
    private static async Task<(Digest Digest, long Length)?> ReadAsync(IBlobDriver driver, string key, DigestAlgorithm algorithm, IBlobWriter? to, Pace pace, CancellationToken ct)
    {
        await using var stream = await driver.OpenAsync(key, 0, long.MaxValue, ct);
        if (stream is null)
            return null;
        using var hash = new ResumableHash(algorithm);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var length = 0L;
            for (int n; (n = await stream.ReadAsync(buffer.AsMemory(0, BufferSize), ct)) > 0; length += n)
            {
                hash.Append(buffer.AsSpan(0, n));
                if (to is not null)
                    await to.WriteAsync(buffer.AsMemory(0, n), ct);
                await pace.WaitAsync(n, ct);
            }
            return (hash.Finish(), length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
