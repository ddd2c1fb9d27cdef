using System.Collections.Concurrent;
using System.Net;
using Wharf.Oci;

namespace Wharf.Tests.Server.Crashes;

/// <summary>What clients asked for and what they were told, to compare a registry with after it crashed.</summary>
internal sealed class Ledger
{
    // Of this round, by repository; the value tells whether the client saw 201.
    private readonly ConcurrentDictionary<(string Repository, Digest Digest), bool> _blobs = new();
    private readonly ConcurrentDictionary<(string Repository, Digest Digest), Pushed> _manifests = new();
    private readonly ConcurrentDictionary<(string Repository, string Tag), List<(Digest Digest, bool Acknowledged)>> _tags = new();

    private readonly List<(string Path, Digest Digest)> _settled = [];

    /// <summary>How many blobs and manifests were acknowledged and settled.</summary>
    public int Acknowledged => _settled.Count;

    /// <summary>How many manifests were acknowledged so far.</summary>
    public int Pushes => _manifests.Count(static m => m.Value.Acknowledged);

    public void Asked(string repository, Digest blob) => _blobs.TryAdd((repository, blob), false);

    public void Told(string repository, Digest blob) => _blobs[(repository, blob)] = true;

    public void Asked(string repository, string tag, Image image)
    {
        _manifests.TryAdd((repository, image.Digest), new Pushed([image.ConfigDigest, image.LayerDigest], false));
        Tags(repository, tag).Add((image.Digest, false));
    }

    public void Told(string repository, string tag, Image image)
    {
        _manifests[(repository, image.Digest)] = new Pushed([image.ConfigDigest, image.LayerDigest], true);
        Tags(repository, tag)[^1] = (image.Digest, true);
    }

    /// <summary>
    /// What was acknowledged in this round is there byte for byte, what was not is there whole or not at all, and a tag names what was acknowledged
    /// last, or what its client sent after that.
    /// </summary>
    public async Task CheckAsync(HttpClient client)
    {
        await Parallel.ForEachAsync(_blobs, Ct, async (blob, _) => await CheckBlobAsync(client, blob.Key.Repository, blob.Key.Digest, required: blob.Value));
        await Parallel.ForEachAsync(_manifests, Ct, async (manifest, _) =>
        {
            var ((repository, digest), pushed) = manifest;
            if (await CheckAsync(client, $"/v2/{repository}/manifests/{digest}", digest, pushed.Acknowledged))
                foreach (var blob in pushed.Blobs)
                    await CheckBlobAsync(client, repository, blob, required: true);
        });
        await Parallel.ForEachAsync(_tags, Ct, async (tag, _) =>
        {
            var ((repository, name), pushes) = tag;
            var last = pushes.FindLastIndex(static push => push.Acknowledged);
            var answer = await client.ReadAsync($"/v2/{repository}/manifests/{name}");
            if (last < 0 && answer.Status == HttpStatusCode.NotFound)
                return;
            Assert.Contains(Digest.Of(answer.Is(200).Body), pushes.Skip(Math.Max(0, last)).Select(static push => push.Digest));
        });
    }

    /// <summary>Ends a round: what was acknowledged must stay for good, what was not is forgotten.</summary>
    public void Settle()
    {
        _settled.AddRange(_blobs.Where(static b => b.Value).Select(static b => ($"/v2/{b.Key.Repository}/blobs/{b.Key.Digest}", b.Key.Digest)));
        _settled.AddRange(_manifests.Where(static m => m.Value.Acknowledged).Select(static m => ($"/v2/{m.Key.Repository}/manifests/{m.Key.Digest}", m.Key.Digest)));
        _blobs.Clear();
        _manifests.Clear();
    }

    /// <summary>Everything of all rounds is still there.</summary>
    public Task CheckSettledAsync(HttpClient client) => Parallel.ForEachAsync(_settled, Ct, async (item, _) => await CheckAsync(client, item.Path, item.Digest, required: true));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // A tag belongs to one client, who waits for each answer.
    private List<(Digest Digest, bool Acknowledged)> Tags(string repository, string tag) => _tags.GetOrAdd((repository, tag), static _ => []);

    private static Task<bool> CheckBlobAsync(HttpClient client, string repository, Digest digest, bool required) =>
        CheckAsync(client, $"/v2/{repository}/blobs/{digest}", digest, required);

    private static async Task<bool> CheckAsync(HttpClient client, string path, Digest digest, bool required)
    {
        var answer = await client.ReadAsync(path);
        if (!required && answer.Status == HttpStatusCode.NotFound)
            return false;
        Assert.True(Digest.Of(answer.Is(200).Body) == digest, $"{path} has other bytes than its digest says.");
        return true;
    }

    private sealed record Pushed(Digest[] Blobs, bool Acknowledged);
}
