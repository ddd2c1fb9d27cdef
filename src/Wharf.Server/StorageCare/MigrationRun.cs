using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;
using Wharf.Storage;

namespace Wharf.Server.StorageCare;

/// <summary>
/// One migration, while the registry serves: 1. blobs, page by page in the order of their keys, and again until a walk finds nothing new;
/// 2. stored files; 3. the journal's files. Only then, where that is asked for, 4. the first location's placements go, each after its blob
/// was seen in the second. There is no state but the placements themselves: whoever is killed and run again goes on with what is missing.
/// </summary>
internal sealed class MigrationRun(Placements placements, StoredFiles files, DataDirectory data, Location from, Location to, MigrationOrder order, Pace pace)
{
    private const int AtOnce = 4;
    private const int Page = 64;
    private const int RemovedAtOnce = CollectedContent.MaxDigests;
    private const int MostWalks = 10;
    private const int MostShown = 200;

    // With more than these, something else is wrong than some objects.
    private const int MostProblems = 1000;
    private const int MostFailuresInARow = 20;

    private readonly Lock _gate = new();
    private readonly List<string> _problems = [];
    private readonly HashSet<Digest> _failed = [];
    private (long Objects, long Bytes) _total;
    private (long Objects, long Bytes) _copied;
    private long _left;
    private long _removed;
    private long _files;
    private int _failuresInARow;

    public async Task<AdminResult> RunAsync(CancellationToken ct)
    {
        if (await IsOnePlaceAsync(ct))
            return new AdminResult(false, $"{from.Name} and {to.Name} are two names for the same place: its objects are nothing to copy.");
        _total = await placements.CountMissingAsync(from.Name, to.Name, ct);
        _left = _total.Objects;
        // 1. What was pushed meanwhile is found by the next walk, which is shorter.
        var (walks, more) = (0, true);
        for (; more && walks < MostWalks; walks++)
            more = await CopyBlobsAsync(ct);
        // 2.
        await EachFileAsync(CopyStoredFileAsync, after => files.ListMissingAsync(from.Name, to.Name, after, Page, ct), ct);
        // 3.
        await CopyNamedFilesAsync(ct);
        // 4.
        if (order.Remove)
        {
            await RemoveBlobsAsync(ct);
            await EachFileAsync(RemoveStoredFileAsync, after => files.ListAsync(from.Name, after, Page, ct), ct);
            await RemoveNamedFilesAsync(ct);
        }
        return await TellAsync(ct);
    }

    // A name that one of them is given is seen in the other.
    private async Task<bool> IsOnePlaceAsync(CancellationToken ct)
    {
        var name = $"{StoredName.Prefix}migration/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";
        await to.Driver.PutFileAsync(name, new MemoryStream(), ct);
        try
        {
            await using var seen = await from.Driver.OpenFileAsync(name, ct);
            return seen is not null;
        }
        finally
        {
            await to.Driver.DeleteFilesAsync([name], CancellationToken.None);
        }
    }

    /// <returns>Whether anything was copied, so that there may be more by now.</returns>
    private async Task<bool> CopyBlobsAsync(CancellationToken ct)
    {
        var (after, before) = ("", _copied.Objects);
        while (await placements.ListMissingAsync(from.Name, to.Name, after, Page, ct) is { Count: > 0 } page)
        {
            after = page[^1].Key;
            var copies = page.Where(p => !_failed.Contains(p.Digest)).Select(static p => (Placement: p, Key: StorageKey.New())).ToList();
            if (copies.Count == 0)
                continue;
            await placements.ReserveAsync(to.Name, [.. copies.Select(static c => c.Key)], ct);
            await Parallel.ForEachAsync(copies, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (copy, t) => await CopyBlobAsync(copy.Placement, copy.Key, t));
        }
        return _copied.Objects > before;
    }

    private async Task CopyBlobAsync(Placement blob, string key, CancellationToken ct)
    {
        string? problem;
        var placed = false;
        try
        {
            problem = await StoredContent.CopyAsync(from.Driver, blob.Key, blob.Digest, blob.Size, to.Driver, key, order.Quick, pace, ct);
            if (problem is null)
                placed = await placements.AddAsync(blob, from.Name, to.Name, key, ct);
            lock (_gate) _failuresInARow = 0;
        }
        catch (StorageException e)
        {
            lock (_gate)
                if (++_failuresInARow >= MostFailuresInARow || e is StorageFullException)
                    throw;
            problem = e.Message;
        }
        if (problem is not null)
        {
            await placements.DiscardAsync(to.Name, [key], ct);
            // Gone meanwhile, row and bytes, as it should be; or with other bytes by now.
            if (!await placements.IsStillAsync(from.Name, blob, ct))
                problem = null;
        }
        lock (_gate)
        {
            if (problem is not null)
            {
                _failed.Add(blob.Digest);
                Note($"{blob.Digest} ({blob.Key}): {problem}");
            }
            if (placed)
                _copied = (_copied.Objects + 1, _copied.Bytes + blob.Size);
            _left = Math.Max(0, _left - 1);
            CommandProgress.Tell(string.Create(CultureInfo.InvariantCulture, $"{_copied.Objects} of {_total.Objects} objects, {new ByteSize(_copied.Bytes)} of {new ByteSize(_total.Bytes)}; {_left} left"));
        }
    }

    private static async Task EachFileAsync(Func<string, CancellationToken, Task> doAsync, Func<string, ValueTask<List<string>>> list, CancellationToken ct)
    {
        for (var after = ""; await list(after) is { Count: > 0 } page; after = page[^1])
            foreach (var key in page)
                await doAsync(key, ct);
    }

    private async Task CopyStoredFileAsync(string key, CancellationToken ct)
    {
        string? problem = null;
        try
        {
            if (await from.Driver.StatAsync(key, ct) is not { } size)
                problem = "there is no object";
            else if (await files.CopyAsync(key, from.Name, to.Name, async () =>
            {
                // A run that was killed may have come as far as the bytes.
                if (await to.Driver.StatAsync(key, ct) != size)
                    problem = await StoredContent.CopyAsync(from.Driver, key, null, size, to.Driver, key, order.Quick, pace, ct);
                if (problem is not null)
                    throw new StorageException(problem);
            }, ct))
                _files++;
        }
        catch (StorageException e)
        {
            problem = e.Message;
        }
        if (problem is not null)
            Note($"{key}: {problem}");
    }

    private async Task CopyNamedFilesAsync(CancellationToken ct)
    {
        var there = await to.Driver.ListFilesAsync(ct).Select(static f => f.Key).ToHashSetAsync(StringComparer.Ordinal, ct);
        await foreach (var file in from.Driver.ListFilesAsync(ct))
        {
            if (there.Contains(file.Key))
                continue;
            await using var source = await from.Driver.OpenFileAsync(file.Key, ct);
            // The journal removes files of its own that it needs no more.
            if (source is null)
                continue;
            await using var whole = new FileStream(data.File("migration.new"), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
            await source.CopyToAsync(whole, ct);
            whole.Position = 0;
            if (await to.Driver.PutFileAsync(file.Key, whole, ct))
                _files++;
            CommandProgress.Tell($"Copied {file.Key}");
        }
    }

    private async Task RemoveBlobsAsync(CancellationToken ct)
    {
        for (var after = ""; await placements.ListDoubleAsync(from.Name, to.Name, after, RemovedAtOnce, ct) is { Count: > 0 } page; after = page[^1].Here.Key)
        {
            var seen = new bool[page.Count];
            await Parallel.ForAsync(0, page.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (i, t) =>
                seen[i] = await to.Driver.StatAsync(page[i].There, t) == page[i].Here.Size);
            for (var i = 0; i < seen.Length; i++)
                if (!seen[i])
                    Note($"{page[i].Here.Digest} stays in {from.Name}: {to.Name} has not its {page[i].Here.Size} bytes ({page[i].There})");
            _removed += await placements.RemoveAsync(from.Name, to.Name, [.. page.Where((_, i) => seen[i])], ct);
            CommandProgress.Tell(string.Create(CultureInfo.InvariantCulture, $"{_removed} objects of {from.Name} are garbage"));
        }
    }

    private async Task RemoveStoredFileAsync(string key, CancellationToken ct)
    {
        if (await to.Driver.StatAsync(key, ct) is { } size && size == await from.Driver.StatAsync(key, ct))
            await files.RemoveAsync(key, from.Name, to.Name, ct);
    }

    private async Task RemoveNamedFilesAsync(CancellationToken ct)
    {
        var there = await to.Driver.ListFilesAsync(ct).ToDictionaryAsync(static f => f.Key, static f => f.Size, StringComparer.Ordinal, ct);
        await foreach (var some in from.Driver.ListFilesAsync(ct).Where(f => there.TryGetValue(f.Key, out var size) && size == f.Size).Chunk(1000).WithCancellation(ct))
            await from.Driver.DeleteFilesAsync([.. some.Select(static f => f.Key)], ct);
    }

    private void Note(string problem)
    {
        _problems.Add(problem);
        if (_problems.Count >= MostProblems)
            throw new StorageException($"{MostProblems} objects could not be copied; the first: {_problems[0]}.");
    }

    private async Task<AdminResult> TellAsync(CancellationToken ct)
    {
        var (left, (here, _)) = (await placements.CountMissingAsync(from.Name, to.Name, ct), await placements.CountAsync(from.Name, ct));
        var text = string.Create(CultureInfo.InvariantCulture, $"{_copied.Objects} objects with {new ByteSize(_copied.Bytes)} and {_files} files were copied from {from.Name} to {to.Name}");
        if (order.Remove)
            text += string.Create(CultureInfo.InvariantCulture, $"; {_removed} went from {from.Name}, whose bytes are deleted when no restore can want them any more. {here} stay there");
        text += left.Count == 0 ? ". Nothing is left to copy." : string.Create(CultureInfo.InvariantCulture, $". {left.Count} objects with {new ByteSize(left.Bytes)} are left; run it again to go on.");
        foreach (var problem in _problems.Take(MostShown))
            text += $"\n  {problem}";
        if (_problems.Count > MostShown)
            text += $"\n  ... and {_problems.Count - MostShown} more";
        return new AdminResult(_problems.Count == 0, text, new JsonObject
        {
            ["objects"] = _copied.Objects,
            ["bytes"] = _copied.Bytes,
            ["files"] = _files,
            ["removed"] = _removed,
            ["left"] = left.Count,
            ["problems"] = new JsonArray([.. _problems.Take(MostShown).Select(static p => (JsonNode)p)]),
        });
    }
}
