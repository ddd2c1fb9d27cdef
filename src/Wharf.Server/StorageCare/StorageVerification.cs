using System.Globalization;
using System.Text.Json.Nodes;
using Wharf.Server.Content;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;
using Wharf.Storage;

namespace Wharf.Server.StorageCare;

/// <summary>Compares what the database says of locations with what is there. It changes nothing; what takes damaged blobs out of service is the scrub.</summary>
internal sealed class StorageVerification(Placements placements, StoredFiles files, Locations locations, TimeProvider clock)
{
    private const int AtOnce = 4;
    private const int Page = 64;
    private const int MostShown = 200;

    // A location that does not answer is not asked for all that it has.
    private const int MostFailuresInARow = 20;

    /// <param name="name">The one location to verify; null for all.</param>
    /// <param name="full">Whether each object is read and hashed.</param>
    /// <param name="bytesPerSecond">How fast; 0: as fast as it goes.</param>
    public async Task<AdminResult> RunAsync(string? name, bool full, long bytesPerSecond, CancellationToken ct)
    {
        if (name is not null && locations.Find(name) is null)
            return locations.Unknown(name);
        var (findings, lines, counts) = (new Findings(), new List<string>(), new JsonArray());
        foreach (var location in name is null ? locations.All : [locations.Of(name)])
        {
            var before = findings.Count;
            var (objects, bytes) = await VerifyAsync(location, full, new Pace(bytesPerSecond, clock), findings, ct);
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{location.Name}: {objects} objects with {new ByteSize(bytes)}, {findings.Count - before} findings"));
            counts.Add(new JsonObject { ["location"] = location.Name, ["objects"] = objects, ["bytes"] = bytes, ["findings"] = findings.Count - before });
        }
        foreach (var stranger in (await placements.LocationsAsync(ct)).Where(l => locations.Find(l) is null && (name is null || name == l)))
        {
            var (objects, bytes) = await placements.CountAsync(stranger, ct);
            findings.Add(string.Create(CultureInfo.InvariantCulture, $"{objects} objects with {new ByteSize(bytes)} are in '{stranger}', which the settings do not name: they cannot be read there"));
        }
        var text = string.Join('\n', lines) + (full ? "" : "\nContent was not read (--full does).") + (findings.Count == 0 ? "\nAll is well." : string.Create(CultureInfo.InvariantCulture, $"\n{findings.Count} findings:"));
        foreach (var finding in findings.First)
            text += $"\n  {finding}";
        if (findings.Count > findings.First.Count)
            text += string.Create(CultureInfo.InvariantCulture, $"\n  ... and {findings.Count - findings.First.Count} more");
        return new AdminResult(findings.Count == 0, text, new JsonObject { ["full"] = full, ["locations"] = counts, ["findings"] = findings.Count, ["problems"] = new JsonArray([.. findings.First.Select(static f => (JsonNode)f)]) });
    }

    private async Task<(long Objects, long Bytes)> VerifyAsync(Location location, bool full, Pace pace, Findings findings, CancellationToken ct)
    {
        var (total, totalBytes) = await placements.CountAsync(location.Name, ct);
        var (objects, bytes, failures) = (0L, 0L, 0);
        for (var after = ""; await placements.ListAsync(location.Name, after, Page, ct) is { Count: > 0 } page; after = page[^1].Key)
        {
            await Parallel.ForEachAsync(page, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (placement, t) =>
            {
                string? problem;
                try
                {
                    problem = placement.State == "lost" ? "it was found missing or damaged, and is not served from there"
                        : await StoredContent.CheckAsync(location.Driver, placement.Key, placement.Digest, placement.Size, full, pace, t);
                    Interlocked.Exchange(ref failures, 0);
                }
                catch (StorageException e)
                {
                    problem = e.Message;
                    Interlocked.Increment(ref failures);
                }
                Interlocked.Increment(ref objects);
                Interlocked.Add(ref bytes, placement.Size);
                // Gone meanwhile, row and bytes, as it should be.
                if (problem is not null && await placements.IsStillAsync(location.Name, placement, t))
                    findings.Add($"{placement.Digest} in {location.Name} ({placement.Key}): {problem}");
            });
            CommandProgress.Tell(string.Create(CultureInfo.InvariantCulture, $"{location.Name}: {objects} of {total} objects, {new ByteSize(bytes)} of {new ByteSize(totalBytes)}; {findings.Count} findings"));
            if (failures >= MostFailuresInARow)
            {
                findings.Add($"{location.Name} does not answer; the rest of it was not verified");
                return (objects, bytes);
            }
        }
        try
        {
            for (var after = ""; await files.ListAsync(location.Name, after, Page, ct) is { Count: > 0 } page; after = page[^1])
                foreach (var key in page)
                    if (await location.Driver.StatAsync(key, ct) is null)
                        findings.Add($"a stored file in {location.Name} ({key}): there is no object");
        }
        catch (StorageException e)
        {
            findings.Add($"the stored files of {location.Name}: {e.Message}");
        }
        return (objects, bytes);
    }

    private sealed class Findings
    {
        private readonly Lock _gate = new();

        public List<string> First { get; } = [];

        public long Count { get; private set; }

        public void Add(string finding)
        {
            lock (_gate)
            {
                Count++;
                if (First.Count < MostShown)
                    First.Add(finding);
            }
        }
    }
}
