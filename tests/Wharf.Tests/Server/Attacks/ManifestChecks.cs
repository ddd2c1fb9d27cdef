using System.IO.Compression;
using System.Text;
using Wharf.Oci;

namespace Wharf.Tests.Server.Attacks;

internal sealed class ManifestChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("M01")]
    public async Task What_is_no_manifest()
    {
        foreach (var body in new[] { "", "{", "null", "1", "\"x\"", "[]", "{}", "true", "\0", "{\"schemaVersion\":2}", "\uFEFF{}", "<xml/>" })
        {
            (await PutAsync(Registry.NewRepository(), Encoding.UTF8.GetBytes(body))).Is(400, "MANIFEST_INVALID");
        }
    }

    [Attack("M02")]
    public async Task Eight_MiB()
    {
        var repository = Registry.NewRepository();
        var head = $"PUT /v2/{repository}/manifests/v1 HTTP/1.1\r\nHost: {Registry.Host}\r\n{Authorization}\r\nContent-Type: {MediaTypes.OciManifest}\r\n";
        IsOneOf(await RawHttp.SendAsync(Registry.Url, [.. Encoding.ASCII.GetBytes($"{head}Content-Length: {8 << 20}\r\n\r\n"), .. new byte[8 << 20]]), 413);
        IsOneOf(await RawHttp.SendAsync(Registry.Url, [.. Encoding.ASCII.GetBytes($"{head}Transfer-Encoding: chunked\r\n\r\n800000\r\n"), .. new byte[8 << 20], .. "\r\n0\r\n\r\n"u8]), 413);
        await AnswersOthersAsync();
    }

    [Attack("M03")]
    public async Task A_hundred_thousand_levels()
    {
        foreach (var deep in new[] { new string('[', 100_000) + new string(']', 100_000), string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + "1" + new string('}', 100_000) })
        {
            (await PutAsync(Registry.NewRepository(), Encoding.ASCII.GetBytes(deep))).Is(400, "MANIFEST_INVALID");
            (await PutAsync(Registry.NewRepository(), Encoding.ASCII.GetBytes($"{{\"schemaVersion\":2,\"mediaType\":\"{MediaTypes.OciIndex}\",\"manifests\":[],\"x\":{deep}}}"), MediaTypes.OciIndex)).Is(400, "MANIFEST_INVALID");
        }
    }

    [Attack("M04")]
    public async Task Two_media_types()
    {
        var (repository, image) = await WithBlobsAsync();
        (await PutAsync(repository, image.Manifest, MediaTypes.OciIndex)).Is(400, "MANIFEST_INVALID");
        (await PutAsync(repository, image.Manifest, MediaTypes.DockerManifest)).Is(400, "MANIFEST_INVALID");
    }

    [Attack("M09")]
    public async Task Hostile_layer_digests()
    {
        var (repository, image) = await WithBlobsAsync();
        foreach (var digest in new[] { "../../etc/passwd", "sha256:../../x", "sha256:" + new string('A', 64), "sha256:" + new string('0', 63), "", "sha256:", "sha256-" + new string('0', 64), "\\u0000" })
        {
            (await PutAsync(repository, Replace(image, image.LayerDigest.ToString(), digest))).Is(400, "MANIFEST_INVALID");
        }
    }

    [Attack("M10")]
    public async Task Hostile_sizes()
    {
        var (repository, image) = await WithBlobsAsync();
        foreach (var size in new[] { "-1", "1000.5", "\"1000\"", "1e400", "18446744073709551616", "9223372036854775808", "null", "[]", "-0.0" })
        {
            (await PutAsync(repository, Replace(image, "\"size\":1000", $"\"size\":{size}"))).Is(400, "MANIFEST_INVALID");
        }
    }

    [Attack("M11")]
    public async Task A_size_that_is_not_the_blobs()
    {
        var (repository, image) = await WithBlobsAsync();
        foreach (var size in new[] { "0", "999", "1001", "9223372036854775807" })
        {
            (await PutAsync(repository, Replace(image, "\"size\":1000", $"\"size\":{size}"))).Is(400, "SIZE_INVALID");
        }
    }

    [Attack("M12")]
    public async Task Keys_that_are_there_twice()
    {
        var (repository, image) = await WithBlobsAsync();
        var text = Encoding.UTF8.GetString(image.Manifest);
        foreach (var twice in new[] { "\"layers\":[],", "\"Layers\":[],", "\"config\":{},", $"\"mediaType\":\"{MediaTypes.OciIndex}\",", "\"l\\u0061yers\":[],", "\"manifests\":[]," })
        {
            (await PutAsync(repository, Encoding.UTF8.GetBytes("{" + twice + text[1..]))).Is(400, "MANIFEST_INVALID");
        }
    }

    [Attack("M17")]
    public async Task An_index_of_what_is_not_there()
    {
        var repository = Registry.NewRepository();
        var inner = Image.Index(MediaTypes.OciIndex);
        var index = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciIndex, inner), (MediaTypes.OciManifest, Image.Random().Manifest));
        (await PutAsync(repository, index, MediaTypes.OciIndex)).Is(201);
        Assert.Equal(index, (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
        (await Client.ReadAsync($"/v2/{repository}/manifests/{Digest.Of(inner)}")).Is(404);
    }

    [Attack("M18")]
    public async Task A_malformed_subject()
    {
        var subject = Digest.Of("x"u8);
        var image = Image.Random(subject: subject);
        var repository = Registry.NewRepository();
        await Client.PushBlobAsync(repository, image.Config);
        await Client.PushBlobAsync(repository, image.Layer);
        foreach (var digest in new[] { "sha256:12", "../../x", "", "latest" })
        {
            (await PutAsync(repository, Replace(image, subject.ToString(), digest))).Is(400, "MANIFEST_INVALID");
        }
    }

    [Attack("M19")]
    public async Task Hostile_referrers()
    {
        var repository = Registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        foreach (var digest in new[] { "sha256:12", "x", "sha256:" + new string('G', 64) })
        {
            (await Client.ReadAsync($"/v2/{repository}/referrers/{digest}")).Is(400, "DIGEST_INVALID");
        }
        foreach (var filter in new[] { "'%20OR%201=1", "%00", "%0d%0aX-Injected:%201", new string('a', 5000), "%ff%fe", "*" })
        {
            var answer = await RawAsync("GET", $"/v2/{repository}/referrers/{Digest.Of("x"u8)}?artifactType={filter}");
            IsOneOf(answer, 200, 400);
            Assert.DoesNotContain("\nX-Injected", answer.Head, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Attack("M20")]
    public async Task Three_hundred_referrers()
    {
        var (repository, subject, expected) = (Registry.NewRepository(), Digest.Of("subject"u8), new List<string>());
        for (var i = 0; i < 300; i++)
        {
            var referrer = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","artifactType":"a/{{i}}","manifests":[],"subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{subject}}","size":1} }""");
            expected.Add(Digest.Of(referrer).ToString());
            (await Client.PutManifestAsync(repository, expected[^1], referrer, MediaTypes.OciIndex)).Is(201);
        }
        Assert.Equal(expected.Order(), (await Timed.WithinAsync(TimeSpan.FromSeconds(3), ListAsync)).Order());

        async Task<List<string>> ListAsync()
        {
            var (found, next) = (new List<string>(), (string?)$"/v2/{repository}/referrers/{subject}");
            while (next is not null)
            {
                var page = (await Client.ReadAsync(next)).Is(200);
                Assert.InRange(page.Body.Length, 0, 4 << 20);
                found.AddRange(page.Json.GetProperty("manifests").EnumerateArray().Select(m => m.GetProperty("digest").GetString()!));
                next = Distribution.TagListTests.Next(page);
            }
            return found;
        }
    }

    [Attack("M21")]
    public async Task Every_accept()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        foreach (var accept in new[] { "", "*/*", MediaTypes.OciManifest, MediaTypes.OciIndex, MediaTypes.DockerManifest, MediaTypes.DockerManifestList, MediaTypes.DockerSchema1, MediaTypes.DockerSchema1Signed, "text/html", "garbage;;q=9" })
        {
            var answer = (await Client.SendAsync("GET", $"/v2/{repository}/manifests/v1", null, accept.Length > 0 ? [("Accept", accept)] : [])).Is(200);
            Assert.Equal(image.Manifest, answer.Body);
            Assert.Equal(Digest.Of(answer.Body).ToString(), answer.Header("Docker-Content-Digest"));
        }
    }

    [Attack("M24")]
    public async Task Twenty_pushes_to_one_tag()
    {
        var repository = Registry.NewRepository();
        var manifests = Enumerable.Range(0, 20).Select(_ => Image.Index(MediaTypes.OciIndex)).ToArray();
        (await PutAsync(repository, manifests[0], MediaTypes.OciIndex)).Is(201);
        var known = manifests.Select(m => Digest.Of(m).ToString()).ToHashSet();
        var writers = Task.WhenAll(manifests.Select(m => PutAsync(repository, m, MediaTypes.OciIndex)));
        do
        {
            var read = (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
            Assert.Equal(Digest.Of(read.Body).ToString(), read.Header("Docker-Content-Digest"));
            Assert.Contains(read.Header("Docker-Content-Digest")!, known);
        }
        while (!writers.IsCompleted);
        Assert.All(await writers, a => a.Is(201));
        Assert.Equal((await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Header("Docker-Content-Digest"), (await Client.SendAsync("HEAD", $"/v2/{repository}/manifests/v1")).Header("Docker-Content-Digest"));
    }

    [Attack("M25")]
    public async Task Pushing_what_another_deletes()
    {
        var repository = Registry.NewRepository();
        var manifest = Image.Index(MediaTypes.OciIndex);
        var digest = Digest.Of(manifest);
        for (var round = 0; round < 30; round++)
        {
            var (put, deleted) = (PutAsync(repository, manifest, MediaTypes.OciIndex), Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{digest}"));
            (await put).Is(201);
            IsOneOf(await deleted, 202, 404);
            var (tag, byDigest) = (await Client.ReadAsync($"/v2/{repository}/manifests/v1"), await Client.ReadAsync($"/v2/{repository}/manifests/{digest}"));
            IsOneOf(tag, 200, 404);
            Assert.Equal(byDigest.Status, tag.Status);
            (await PutAsync(repository, manifest, MediaTypes.OciIndex)).Is(201);
            Assert.Equal(manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
        }
    }

    [Attack("M27")]
    public async Task Deleting_one_tag_of_two()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        (await PutAsync(repository, image.Manifest, tag: "v2")).Is(201);
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);
        (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404);
        (await Client.ReadAsync($"/v2/{repository}/manifests/v2")).Is(200);
        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
    }

    [Attack("M28")]
    public async Task Deleting_what_is_not_there()
    {
        var repository = Registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{Digest.Of("x"u8)}")).Is(404);
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v2")).Is(404);
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/-")).Is(400);
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/sha256:1")).Is(400);
        (await Client.SendAsync("DELETE", $"/v2/{repository}/blobs/{Digest.Of("x"u8)}")).Is(404);
    }

    [Attack("M29")]
    public async Task A_manifest_cut_off_half_way()
    {
        var (repository, image) = await WithBlobsAsync();
        var cut = await RawHttp.SendAsync(Registry.Url, Encoding.UTF8.GetBytes($"PUT /v2/{repository}/manifests/cut HTTP/1.1\r\nHost: {Registry.Host}\r\n{Authorization}\r\nContent-Type: {MediaTypes.OciManifest}\r\nContent-Length: {image.Manifest.Length}\r\n\r\n"
            + Encoding.UTF8.GetString(image.Manifest)[..^1]), TimeSpan.FromSeconds(10), endAfterwards: true);
        // Until it has closed, it may not be through with the request.
        Assert.True(cut.Closed);
        Assert.DoesNotContain(201, cut.Statuses);
        (await Client.ReadAsync($"/v2/{repository}/manifests/cut")).Is(404);
        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404);
    }

    [Attack("M30")]
    public async Task A_compressed_manifest()
    {
        var (repository, image) = await WithBlobsAsync();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(image.Manifest);
        }
        (await Client.SendAsync("PUT", $"/v2/{repository}/manifests/v1", packed.ToArray(), ("Content-Type", MediaTypes.OciManifest), ("Content-Encoding", "gzip"))).Is(415);
        (await PutAsync(repository, packed.ToArray())).Is(400);
        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404);
    }

    [Attack("M32")]
    public async Task A_manifest_as_a_blob()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        (await Client.ReadAsync($"/v2/{repository}/blobs/{image.Digest}")).Is(404);
        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.ConfigDigest}")).Is(404);
    }

    [Attack("M33")]
    public async Task A_hundred_tags()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "t0");
        for (var i = 1; i < 100; i++)
        {
            (await PutAsync(repository, image.Manifest, tag: $"t{i}")).Is(201);
        }
        (await PutAsync(repository, image.Manifest, tag: image.Digest.ToString())).Is(201);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(image.Digest.ToString(), (await Client.SendAsync("HEAD", $"/v2/{repository}/manifests/t{i}")).Is(200).Header("Docker-Content-Digest"));
        }
    }

    private async Task<(string Repository, Image Image)> WithBlobsAsync()
    {
        var (repository, image) = (Registry.NewRepository(), Image.Random());
        await Client.PushBlobAsync(repository, image.Config);
        await Client.PushBlobAsync(repository, image.Layer);
        return (repository, image);
    }

    private static byte[] Replace(Image image, string what, string with)
    {
        var text = Encoding.UTF8.GetString(image.Manifest);
        Assert.Contains(what, text, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text.Replace(what, with, StringComparison.Ordinal));
    }

    private Task<Answer> PutAsync(string repository, byte[] manifest, string mediaType = MediaTypes.OciManifest, string tag = "v1") => Client.PutManifestAsync(repository, tag, manifest, mediaType);
}
