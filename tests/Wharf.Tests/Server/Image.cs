using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server;

/// <summary>A small image: a config, one layer, and the manifest that names them.</summary>
internal sealed record Image(byte[] Config, byte[] Layer, byte[] Manifest)
{
    public Digest Digest => Digest.Of(Manifest);

    public Digest LayerDigest => Digest.Of(Layer);

    public Digest ConfigDigest => Digest.Of(Config);

    /// <summary>An image that no other test has.</summary>
    public static Image Random(string? artifactType = null, Digest? subject = null, string manifestType = MediaTypes.OciManifest, string configType = MediaTypes.OciConfig)
    {
        var config = Encoding.UTF8.GetBytes($$"""{"architecture":"amd64","os":"linux","nonce":"{{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}}"}""");
        var layer = RandomNumberGenerator.GetBytes(1000);
        var manifest = new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = manifestType };
        if (artifactType is not null)
        {
            manifest["artifactType"] = artifactType;
        }
        manifest["config"] = Descriptor(configType, config);
        manifest["layers"] = new JsonArray(Descriptor(manifestType == MediaTypes.DockerManifest ? MediaTypes.DockerLayerGzip : MediaTypes.OciLayerGzip, layer));
        if (subject is { } of)
        {
            manifest["subject"] = new JsonObject { ["mediaType"] = MediaTypes.OciManifest, ["digest"] = of.ToString(), ["size"] = 100 };
        }
        manifest["annotations"] = new JsonObject { ["org.example.made-by"] = "tests" };
        return new Image(config, layer, JsonSerializer.SerializeToUtf8Bytes(manifest));
    }

    public static JsonObject Descriptor(string mediaType, byte[] content) =>
        new() { ["mediaType"] = mediaType, ["digest"] = Digest.Of(content).ToString(), ["size"] = content.Length };

    /// <summary>An index of manifests, with something that no other index has.</summary>
    public static byte[] Index(string mediaType, params (string MediaType, byte[] Manifest)[] children) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = mediaType,
        ["manifests"] = new JsonArray([.. children.Select(c => Descriptor(c.MediaType, c.Manifest))]),
        ["annotations"] = new JsonObject { ["nonce"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(8)) },
    });
}
