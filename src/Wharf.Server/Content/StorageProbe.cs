using System.Security.Cryptography;
using Wharf.Server.Hosting;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// Tries each remote location before the first request: lists, stores a small file, reads it, stores it again, which must be refused, and deletes it. What the settings have wrong stops the start and says what to
/// change. A store that does not answer does not: the registry serves what needs no blob, and the rest as soon as the store is back.
/// </summary>
internal sealed partial class StorageProbe(Locations locations, ILogger<StorageProbe> logger)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(15);

    /// <exception cref="CannotStartException">The settings are wrong.</exception>
    public async Task RunAsync(CancellationToken ct)
    {
        var problems = await Task.WhenAll(locations.All.Where(static l => l.Options.Kind != StorageKind.Local).Select(l => TryAsync(l, ct)));
        if (problems.OfType<string>().ToList() is { Count: > 0 } found)
            throw new CannotStartException(string.Join('\n', found));
    }

    private async Task<string?> TryAsync(Location location, CancellationToken ct)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(s_limit);
        try
        {
            await TryAsync(location.Driver, late.Token);
            return null;
        }
        catch (StorageMisconfiguredException e)
        {
            return $"Storage.Locations.{location.Name}: {e.Message} {e.Advice}";
        }
        catch (Exception e) when (e is StorageException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            Log.NoAnswer(logger, location.Name, e is StorageException ? e.Message : $"It did not answer within {s_limit.TotalSeconds} s.");
            return null;
        }
    }

    private static async Task TryAsync(IBlobDriver driver, CancellationToken ct)
    {
        await foreach (var _ in driver.ListAsync(StorageKey.New(), ct))
        {
        }
        await foreach (var _ in driver.ListUnfinishedAsync(ct))
            break;
        var (name, content) = ($"{StoredName.Prefix}probe/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}", RandomNumberGenerator.GetBytes(64));
        await driver.PutFileAsync(name, new MemoryStream(content), ct);
        try
        {
            await using (var stored = await driver.OpenFileAsync(name, ct))
            {
                var read = new byte[content.Length + 1];
                if (stored is null || await stored.ReadAtLeastAsync(read, read.Length, throwOnEndOfStream: false, ct) != content.Length || !read.AsSpan(0, content.Length).SequenceEqual(content))
                    throw new StorageMisconfiguredException("A file that was stored there did not come back as it was.", "Look for a cache or a proxy between this server and the store.", null);
            }
            if (await driver.PutFileAsync(name, new MemoryStream(content), ct))
                throw new StorageMisconfiguredException("It overwrites what must not be overwritten (If-None-Match).", "Use a version of the store that supports conditional writes.", null);
        }
        finally
        {
            await driver.DeleteFilesAsync([name], CancellationToken.None);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(380, LogLevel.Error, "The location {Location} does not answer; blobs are served and taken as soon as it does. {Why}")]
        public static partial void NoAnswer(ILogger logger, string location, string why);
    }
}
