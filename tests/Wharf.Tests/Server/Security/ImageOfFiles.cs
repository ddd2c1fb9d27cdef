using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server.Security;

/// <summary>An image of layers with given files.</summary>
internal sealed record ImageOfFiles(byte[] Config, IReadOnlyList<byte[]> Layers, byte[] Manifest)
{
    public Digest Digest => Digest.Of(Manifest);

    public static ImageOfFiles Of(params IReadOnlyList<byte[]> layers)
    {
        var config = Encoding.UTF8.GetBytes($$"""{"architecture":"amd64","os":"linux","nonce":"{{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}}"}""");
        return new ImageOfFiles(config, layers, JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = Image.Descriptor(MediaTypes.OciConfig, config),
            ["layers"] = new JsonArray([.. layers.Select(static l => (JsonNode)Image.Descriptor(MediaTypes.OciLayerGzip, l))]),
        }));
    }

    /// <summary>A layer with these files.</summary>
    public static byte[] Layer(params (string Path, string Content)[] files)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (var (path, content) in files)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
        }
        return bytes.ToArray();
    }

    /// <summary>Debian with packages: name, version, source.</summary>
    public static byte[] Debian(string release, params (string Name, string Version, string Source)[] packages) => Layer(
        ("etc/os-release", $"ID=debian\nVERSION_ID=\"{release}\"\nPRETTY_NAME=\"Debian GNU/Linux {release}\"\n"),
        ("var/lib/dpkg/status", string.Concat(packages.Select(static p => $"Package: {p.Name}\nStatus: install ok installed\nSource: {p.Source}\nVersion: {p.Version}\nArchitecture: amd64\n\n"))));

    /// <summary>A Python package, with something that no other layer has.</summary>
    public static byte[] Python(string name, string version) => Layer(
        ($"usr/lib/python3/site-packages/{name}-{version}.dist-info/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n"),
        ("nonce", Convert.ToHexString(RandomNumberGenerator.GetBytes(8))));

    public async Task PushAsync(HttpClient client, string repository, string tag)
    {
        await PushBlobsAsync(client, repository);
        (await client.PutManifestAsync(repository, tag, Manifest)).Is(201);
    }

    public async Task PushBlobsAsync(HttpClient client, string repository)
    {
        await client.PushBlobAsync(repository, Config);
        foreach (var layer in Layers)
            await client.PushBlobAsync(repository, layer);
    }
}
