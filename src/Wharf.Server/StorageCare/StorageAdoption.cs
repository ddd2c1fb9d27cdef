using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;
using Wharf.Storage;

namespace Wharf.Server.StorageCare;

/// <summary>
/// Takes the blobs that Quay keeps in a place, under the names that Quay gave them: <c>[PREFIX/]sha256/ab/&lt;64 hex&gt;</c> (content_path of
/// Quay's digest/digest_tools.py below its storage_path). The name says the digest, the listing the size. What is taken already is passed by, so that a run that was interrupted goes on.
/// </summary>
internal sealed partial class StorageAdoption(Placements placements, Locations locations, TimeProvider clock)
{
    private const int AtOnce = 4;
    private const int Page = 200;
    private const int MostShown = 200;

    /// <param name="prefix">The folder, as Quay's storage_path has it.</param>
    /// <param name="verify">Whether each object is read and hashed before it is taken.</param>
    public async Task<AdminResult> RunAsync(string name, string prefix, bool verify, long bytesPerSecond, CancellationToken ct)
    {
        if (locations.Find(name) is not { } location)
            return locations.Unknown(name);
        var folder = prefix.Trim('/') is { Length: > 0 } path ? path + "/" : "";
        var (pace, problems) = (new Pace(bytesPerSecond, clock), new List<string>());
        var (seen, adopted, bytes, wrong) = (0L, 0L, 0L, 0L);
        try
        {
            await foreach (var page in location.Driver.ListForeignAsync(ct).Select(o => (Digest: DigestOf(o.Key, folder), o.Key, o.Size)).Where(static o => !o.Digest.IsDefault && StorageKey.IsForeign(o.Key)).Chunk(Page).WithCancellation(ct))
            {
                seen += page.Length;
                var present = await placements.PresentAsync(name, page.Select(static o => o.Digest), ct);
                var found = page.Where(o => !present.Contains(o.Digest)).ToList();
                var problem = new string?[found.Count];
                if (verify)
                    await Parallel.ForAsync(0, found.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (i, t) =>
                        problem[i] = await StoredContent.CheckAsync(location.Driver, found[i].Key, found[i].Digest, found[i].Size, hash: true, pace, t));
                var sound = found.Where((_, i) => problem[i] is null).ToList();
                var refused = (await placements.AdoptAsync(name, sound, ct)).ToHashSet();
                adopted += sound.Count - refused.Count;
                bytes += sound.Where(o => !refused.Contains(o.Digest)).Sum(static o => o.Size);
                for (var i = 0; i < found.Count; i++)
                    if ((problem[i] ?? (refused.Contains(found[i].Digest) ? string.Create(CultureInfo.InvariantCulture, $"it has {found[i].Size} bytes, and the registry knows the blob with another size") : null)) is { } why)
                    {
                        wrong++;
                        if (problems.Count < MostShown)
                            problems.Add($"{found[i].Key}: {why}");
                    }
                CommandProgress.Tell(string.Create(CultureInfo.InvariantCulture, $"{seen} objects seen, {adopted} taken with {new ByteSize(bytes)}, {wrong} wrong"));
            }
        }
        catch (StorageException e)
        {
            return new AdminResult(false, string.Create(CultureInfo.InvariantCulture, $"The adoption stopped after {seen} objects: {e.Message}\nWhat was taken stays; run it again to go on."));
        }
        var text = string.Create(CultureInfo.InvariantCulture, $"{seen} objects in {name} have a name of Quay's below '{folder}': {adopted} with {new ByteSize(bytes)} were taken, {seen - adopted - wrong} were known already.");
        if (wrong > 0)
            text += string.Create(CultureInfo.InvariantCulture, $" {wrong} were not taken:\n  {string.Join("\n  ", problems)}") + (wrong > problems.Count ? "\n  ..." : "");
        return new AdminResult(wrong == 0, text, new JsonObject { ["seen"] = seen, ["adopted"] = adopted, ["bytes"] = bytes, ["wrong"] = wrong, ["problems"] = new JsonArray([.. problems.Select(static p => (JsonNode)p)]) });
    }

    private static Digest DigestOf(string name, string folder) =>
        name.StartsWith(folder, StringComparison.Ordinal) && Layout().Match(name[folder.Length..]) is { Success: true } match && Digest.TryParse("sha256:" + match.Groups["hex"].Value, out var digest) ? digest : default;

    [GeneratedRegex("^sha256/(?<first>[0-9a-f]{2})/(?<hex>\\k<first>[0-9a-f]{62})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Layout();
}
