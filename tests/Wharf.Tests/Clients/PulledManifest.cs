using System.Text.Json;

namespace Wharf.Tests.Clients;

/// <summary>A manifest as the registry served it.</summary>
internal sealed record PulledManifest(string MediaType, string Digest, byte[] Bytes, JsonElement Json)
{
    public string[] LayerDigests => [.. Json.GetProperty("layers").EnumerateArray().Select(l => l.GetProperty("digest").GetString()!)];

    public string[] BlobDigests => [Json.GetProperty("config").GetProperty("digest").GetString()!, .. LayerDigests];

    /// <summary>The digests of an index's manifests.</summary>
    public string[] Children => [.. Json.GetProperty("manifests").EnumerateArray().Select(m => m.GetProperty("digest").GetString()!)];
}
