using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;

namespace Wharf.Server.Audit;

/// <summary>
/// Seals the writers' heads, so that a chain cannot be made anew, nor cut, by somebody who has the database alone: each seal is under a
/// key sealed by the key ring, covers the one before it, and its code is also in the log, in the sinks and in a file of the data directory.
/// </summary>
internal sealed partial class AuditSeals(AuditStore store, MacKeys keys, DataDirectory data, TimeProvider clock, ILogger<AuditSeals> logger) : IDisposable
{
    private const string Purpose = "audit-seal";
    private const string FileName = "audit-seal.json";
    private readonly SemaphoreSlim _turn = new(1);

    // The heads by number that were sealed last; read from the seals once, and from memory then.
    private (long Seal, Dictionary<long, long> Heads)? _sealed;

    /// <summary>Makes the next seal, unless no writer went on or the last one is younger than that, and notes the newest.</summary>
    /// <returns>The newest seal, or null when there is none yet.</returns>
    public async Task<AuditSeal?> SealAsync(TimeSpan age, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var last = await store.LastSealAsync(ct);
            if (last is not null && clock.GetUtcNow().ToUnixTimeMilliseconds() - last.AtMs < age.TotalMilliseconds)
                return Remember(last);
            var known = last is null ? [] : await KnownHeadsAsync(last, ct);
            var heads = new JsonObject();
            foreach (var (writer, n, hash) in await store.HeadsAsync(ct))
                if (!known.TryGetValue(writer, out var sealedN) || n > sealedN)
                    heads[AuditBatch.Name(writer)] = new JsonArray(n, Convert.ToBase64String(hash));
            if (heads.Count == 0)
                return Remember(last);
            var text = heads.ToJsonString();
            var (number, at, prev) = ((last?.N ?? 0) + 1, clock.GetUtcNow().ToUnixTimeMilliseconds(), last?.Mac ?? AuditChain.Start);
            var seal = new AuditSeal(number, at, text, prev, await CodeAsync(number, at, text, prev, ct));
            if (!await store.SealAsync(seal, ct))
                return Remember(await store.LastSealAsync(ct));
            foreach (var (writer, n, _) in Heads(seal))
                known[writer] = n;
            _sealed = (seal.N, known);
            Log.Sealed(logger, seal.N, Convert.ToHexStringLower(seal.Mac));
            return Remember(seal);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask<byte[]> CodeAsync(long n, long atMs, string heads, byte[] prev, CancellationToken ct) =>
        HMACSHA256.HashData(await keys.GetAsync(Purpose, ct), AuditChain.SealText(n, atMs, heads, prev));

    /// <summary>What this machine saw last, outside of the database.</summary>
    public (long N, byte[] Mac)? Remembered()
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(data.File(FileName)));
            return (json.RootElement.GetProperty("n").GetInt64(), Convert.FromHexString(json.RootElement.GetProperty("mac").GetString()!));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            Log.Unreadable(logger, e);
            return null;
        }
    }

    private async ValueTask<Dictionary<long, long>> KnownHeadsAsync(AuditSeal last, CancellationToken ct)
    {
        if (_sealed is { } memory && memory.Seal == last.N)
            return memory.Heads;
        var heads = new Dictionary<long, long>();
        var after = 0L;
        while (await store.SealsAsync(after, 1000, ct) is { Count: > 0 } page)
        {
            foreach (var seal in page)
                foreach (var (writer, n, _) in Heads(seal))
                    heads[writer] = Math.Max(n, heads.GetValueOrDefault(writer));
            after = page[^1].N;
        }
        return heads;
    }

    /// <exception cref="FormatException">Not what a seal holds.</exception>
    public static IEnumerable<(long Writer, long N, byte[] Hash)> Heads(AuditSeal seal)
    {
        var heads = new List<(long, long, byte[])>();
        try
        {
            using var json = JsonDocument.Parse(seal.Heads);
            foreach (var head in json.RootElement.EnumerateObject())
                heads.Add((Convert.ToInt64(head.Name, 16), head.Value[0].GetInt64(), head.Value[1].GetBytesFromBase64()));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException or ArgumentException or IndexOutOfRangeException)
        {
            throw new FormatException("Not the heads of a seal.", e);
        }
        return heads;
    }

    public void Dispose() => _turn.Dispose();

    // Never an older one than is noted: that one was seen, and must be there.
    private AuditSeal? Remember(AuditSeal? seal)
    {
        if (seal is null || Remembered() is { } noted && noted.N >= seal.N)
            return seal;
        try
        {
            var path = data.File(FileName);
            File.WriteAllText(path + ".new", new JsonObject { ["n"] = seal.N, ["mac"] = Convert.ToHexStringLower(seal.Mac) }.ToJsonString());
            File.Move(path + ".new", path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Unwritable(logger, e);
        }
        return seal;
    }

    private static partial class Log
    {
        [LoggerMessage(332, LogLevel.Information, "Audit seal {N} {Mac}")]
        public static partial void Sealed(ILogger logger, long n, string mac);

        [LoggerMessage(333, LogLevel.Warning, "The newest audit seal could not be noted in the data directory")]
        public static partial void Unwritable(ILogger logger, Exception e);

        [LoggerMessage(334, LogLevel.Warning, "The audit seal noted in the data directory cannot be read")]
        public static partial void Unreadable(ILogger logger, Exception e);
    }
}
