using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server.Crashes;

/// <summary>A client that pushes one image after the other under one tag of its own, in every manner of the protocol, and notes each answer.</summary>
internal sealed class Pusher(HttpClient client, string repository, string tag, Ledger ledger, Random random)
{
    private const string Octets = "application/octet-stream";

    /// <summary>Pushes until the registry is gone, or answers something else than success; that answer.</summary>
    /// <param name="shared">A layer that others push at the same time.</param>
    public async Task<Answer?> PushUntilItFailsAsync(byte[] shared)
    {
        try
        {
            for (var n = 0; ; n++)
                if (await PushAsync(n == 0 ? shared : Requests.RandomBytes(random.Next(10) == 0 ? random.Next(1 << 20, StoreUnderTest.IsLocal ? 3 << 20 : 14 << 20) : random.Next(1, 50_000))) is { } refused)
                    return refused;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<Answer?> PushAsync(byte[] layer)
    {
        var config = Encoding.UTF8.GetBytes($$"""{"architecture":"amd64","os":"linux","nonce":"{{Guid.NewGuid()}}"}""");
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = Image.Descriptor(MediaTypes.OciConfig, config),
            ["layers"] = new JsonArray(Image.Descriptor(MediaTypes.OciLayerGzip, layer)),
        };
        var image = new Image(config, layer, JsonSerializer.SerializeToUtf8Bytes(manifest));
        foreach (var blob in new[] { config, layer })
        {
            ledger.Asked(repository, Digest.Of(blob));
            if (await PushBlobAsync(blob) is { Status: not System.Net.HttpStatusCode.Created } refused)
                return refused;
            ledger.Told(repository, Digest.Of(blob));
        }
        ledger.Asked(repository, tag, image);
        if (await client.PutManifestAsync(repository, tag, image.Manifest) is { Status: not System.Net.HttpStatusCode.Created } refusal)
            return refusal;
        ledger.Told(repository, tag, image);
        return null;
    }

    private async Task<Answer> PushBlobAsync(byte[] content)
    {
        var digest = Digest.Of(content);
        var manner = random.Next(3);
        if (manner == 0)
            return await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", content);
        var started = await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", []);
        if ((int)started.Status != 202)
            return started;
        if (manner == 1)
            return await client.SendAsync("PUT", $"{started.Location}?digest={digest}", content, ("Content-Type", Octets));
        var middle = random.Next(content.Length);
        var patched = middle == 0 ? started : await client.SendAsync("PATCH", started.Location, content[..middle],
            ("Content-Range", string.Create(CultureInfo.InvariantCulture, $"0-{middle - 1}")), ("Content-Type", Octets));
        return (int)patched.Status == 202
            ? await client.SendAsync("PUT", $"{patched.Location}?digest={digest}", content[middle..], ("Content-Type", Octets))
            : patched;
    }
}
