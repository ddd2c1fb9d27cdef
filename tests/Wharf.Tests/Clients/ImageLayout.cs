using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Wharf.Tests.Clients;

/// <summary>
/// An OCI image layout (image-spec image-layout.md) that a test writes itself: small images with known bytes, for clients to push.
/// </summary>
public sealed class ImageLayout
{
    private const string IndexType = "application/vnd.oci.image.index.v1+json";
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private static readonly string[] Architectures = ["amd64", "arm64"];
    private static readonly string[] BusyboxCommands = ["sh", "cat", "echo"];
    private readonly JsonArray _entries = [];

    public ImageLayout(string directory)
    {
        Folder = directory;
        Directory.CreateDirectory(Path.Combine(directory, "blobs", "sha256"));
        File.WriteAllText(Path.Combine(directory, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        WriteIndex();
    }

    public string Folder { get; }

    /// <summary>The path of a blob or manifest of this layout.</summary>
    public string BlobFile(string digest) => Path.Combine(Folder, "blobs", "sha256", digest["sha256:".Length..]);

    public byte[] Blob(string digest) => File.ReadAllBytes(BlobFile(digest));

    /// <summary>Adds an image with one gzipped layer per text, each a file of that content, under <paramref name="tag"/>. Answers the manifest's digest.</summary>
    public string AddImage(string tag, params string[] texts) => Tag(tag, Image("amd64", [.. texts.Select(t => TextLayer(t))]));

    /// <summary>Adds an image with a busybox, which engines can run.</summary>
    public string AddBusybox(string tag) => Tag(tag, Image("amd64", [BusyboxLayer()]));

    /// <summary>Adds an image whose only layer is an uncompressed tar with a file of that many bytes that do not compress.</summary>
    public string AddLargeImage(string tag, long size) => Tag(tag, Image("amd64", [LargeLayer(size)]));

    /// <summary>Adds an index of an amd64 and an arm64 image. Answers the index's digest.</summary>
    public string AddMultiArchitectureImage(string tag, string text)
    {
        var index = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = IndexType,
            ["manifests"] = new JsonArray([.. Architectures.Select(a =>
            {
                var image = Image(a, [TextLayer($"{text} for {a}")]);
                image["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = a };
                return (JsonNode)image;
            })]),
        };
        return Tag(tag, Store(JsonSerializer.SerializeToUtf8Bytes(index), IndexType));
    }

    private static byte[] Tar(Action<TarWriter> write)
    {
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
        {
            write(writer);
        }
        return tar.ToArray();
    }

    private static UstarTarEntry Entry(string name, byte[] content, UnixFileMode mode) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), Mode = mode, ModificationTime = DateTimeOffset.UnixEpoch };

    private string Tag(string tag, JsonObject descriptor)
    {
        descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        _entries.Add((JsonNode)descriptor);
        WriteIndex();
        return (string)descriptor["digest"]!;
    }

    private void WriteIndex() => File.WriteAllText(
        Path.Combine(Folder, "index.json"),
        new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = IndexType, ["manifests"] = _entries.DeepClone() }.ToJsonString());

    private (JsonObject Descriptor, string DiffId) TextLayer(string text) =>
        Gzipped(Tar(tar => tar.WriteEntry(Entry($"text-{Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..8]}", System.Text.Encoding.UTF8.GetBytes(text), UnixFileMode.UserRead | UnixFileMode.GroupRead))));

    private (JsonObject Descriptor, string DiffId) BusyboxLayer() => Gzipped(Tar(tar =>
    {
        tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "bin") { Mode = (UnixFileMode)0b111_101_101 });
        tar.WriteEntry(Entry("bin/busybox", File.ReadAllBytes("/bin/busybox"), (UnixFileMode)0b111_101_101));
        foreach (var name in BusyboxCommands)
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, $"bin/{name}") { LinkName = "busybox" });
        }
    }));

    private (JsonObject Descriptor, string DiffId) Gzipped(byte[] tar)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(tar);
        }
        return (Store(packed.ToArray(), "application/vnd.oci.image.layer.v1.tar+gzip"), Digest(SHA256.HashData(tar)));
    }

    private (JsonObject Descriptor, string DiffId) LargeLayer(long size)
    {
        var file = Path.Combine(Folder, "large.tar");
        using (var tar = new TarWriter(File.Create(file), TarEntryFormat.Ustar))
        {
            var random = new byte[size];
            RandomNumberGenerator.Fill(random);
            tar.WriteEntry(Entry("large", random, UnixFileMode.UserRead));
        }
        string digest;
        using (var written = File.OpenRead(file))
        {
            digest = Digest(SHA256.HashData(written));
        }
        File.Move(file, BlobFile(digest));
        return (Descriptor("application/vnd.oci.image.layer.v1.tar", digest, new FileInfo(BlobFile(digest)).Length), digest);
    }

    private JsonObject Image(string architecture, (JsonObject Descriptor, string DiffId)[] layers)
    {
        var config = new JsonObject
        {
            ["architecture"] = architecture,
            ["os"] = "linux",
            ["config"] = new JsonObject { ["Cmd"] = new JsonArray("/bin/sh") },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. layers.Select(l => (JsonNode)l.DiffId)]) },
        };
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = ManifestType,
            ["config"] = Store(JsonSerializer.SerializeToUtf8Bytes(config), "application/vnd.oci.image.config.v1+json"),
            ["layers"] = new JsonArray([.. layers.Select(l => (JsonNode)l.Descriptor)]),
        };
        return Store(JsonSerializer.SerializeToUtf8Bytes(manifest), ManifestType);
    }

    private JsonObject Store(byte[] content, string mediaType)
    {
        var digest = Digest(SHA256.HashData(content));
        File.WriteAllBytes(BlobFile(digest), content);
        return Descriptor(mediaType, digest, content.Length);
    }

    private static JsonObject Descriptor(string mediaType, string digest, long size) => new() { ["mediaType"] = mediaType, ["digest"] = digest, ["size"] = size };

    private static string Digest(byte[] hash) => "sha256:" + Convert.ToHexStringLower(hash);
}
