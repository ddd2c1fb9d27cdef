using System.IO.Compression;
using System.Net;
using Wharf.Oci;

namespace Wharf.Tests.Server.Attacks;

internal sealed class UploadChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("B02")]
    public async Task A_wrong_digest_at_the_end_of_chunks()
    {
        var (repository, content) = (Registry.NewRepository(), Requests.RandomBytes(2000));
        var (location, claimed) = (await Client.StartUploadAsync(repository), Digest.Of("other"u8));
        (await Client.SendAsync("PATCH", location, content)).Is(202);
        (await Client.SendAsync("PUT", $"{location}?digest={claimed}", [])).Is(400, "DIGEST_INVALID");
        (await Client.ReadAsync($"/v2/{repository}/blobs/{claimed}")).Is(404);
        (await Client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(404);
    }

    [Attack("B04")]
    public async Task Sha512()
    {
        var (repository, content) = (Registry.NewRepository(), Requests.RandomBytes(2000));
        (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of("other"u8, DigestAlgorithm.Sha512)}", content)).Is(400, "DIGEST_INVALID");
        var right = Digest.Of(content, DigestAlgorithm.Sha512);
        (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={right}", content)).Is(201);
        Assert.Equal(right, Digest.Of((await Client.ReadAsync($"/v2/{repository}/blobs/{right}")).Is(200).Body, DigestAlgorithm.Sha512));
    }

    [Attack("B05")]
    public async Task Swapped_algorithms()
    {
        var (repository, content) = (Registry.NewRepository(), Requests.RandomBytes(100));
        var (short32, long64) = (Digest.Of(content).ToString()[7..], Digest.Of(content, DigestAlgorithm.Sha512).ToString()[7..]);
        foreach (var digest in new[] { "sha512:" + short32, "sha256:" + long64, "SHA256:" + short32, "sha256:" + short32.ToUpperInvariant(), "sha384:" + long64[..96], short32 })
        {
            (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", content)).Is(400, "DIGEST_INVALID");
        }
    }

    [Attack("B08")]
    public async Task A_gap()
    {
        var location = await Client.StartUploadAsync(Registry.NewRepository());
        (await Client.SendAsync("PATCH", location, new byte[100], ("Content-Range", "100-199"))).Is(416);
    }

    [Attack("B09")]
    public async Task An_overlap()
    {
        var location = await Client.StartUploadAsync(Registry.NewRepository());
        (await Client.SendAsync("PATCH", location, new byte[100], ("Content-Range", "0-99"))).Is(202);
        (await Client.SendAsync("PATCH", location, new byte[100], ("Content-Range", "50-149"))).Is(416);
    }

    [Attack("B11")]
    public async Task A_range_longer_than_the_body()
    {
        var (repository, content) = (Registry.NewRepository(), new byte[100]);
        var location = await Client.StartUploadAsync(repository);
        (await Client.SendAsync("PATCH", location, content, ("Content-Range", "0-199"))).Is(400, "SIZE_INVALID");
        // Without a Content-Length the difference shows only at the end of the body.
        var chunked = await RawHttp.SendAsync(Registry.Url, $"PATCH {location} HTTP/1.1\r\nHost: {Registry.Host}\r\n{Authorization}\r\nContent-Range: 0-199\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        Assert.Equal([400], chunked.Statuses);
        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", content, ("Content-Range", "0-99"))).Is(201);
        Assert.Equal(content, (await Client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(200).Body);
    }

    [Attack("B12")]
    public async Task A_finished_session_again()
    {
        var (content, location) = (Requests.RandomBytes(100), await Client.StartUploadAsync(Registry.NewRepository()));
        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", content)).Is(201);
        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", content)).Is(404);
        (await Client.SendAsync("PATCH", location, content)).Is(404);
    }

    [Attack("B14")]
    public async Task A_cancelled_session_again()
    {
        var location = await Client.StartUploadAsync(Registry.NewRepository());
        (await Client.SendAsync("DELETE", location)).Is(204);
        (await Client.SendAsync("PATCH", location, new byte[10])).Is(404);
    }

    [Attack("B16")]
    public async Task Mounting_from_where_it_is_not()
    {
        var (holder, from) = (Registry.NewRepository(), Registry.NewRepository());
        var digest = await Client.PushBlobAsync(holder, Requests.RandomBytes(100));
        await Client.PushImageAsync(from, "v1");
        (await Client.SendAsync("POST", $"/v2/{Registry.NewRepository()}/blobs/uploads/?mount={digest}&from={from}", [])).Is(202);
    }

    [Attack("B17")]
    public async Task Malformed_mounts()
    {
        var digest = await Client.PushBlobAsync(Registry.NewRepository(), Requests.RandomBytes(100));
        foreach (var query in new[] { "mount=x&from=y", "mount=sha256:../../x", $"mount={digest}&from=../../etc", $"mount={digest}&from=%00", $"mount={digest}&from={new string('a', 4000)}", "mount=%00", $"mount={digest}&mount={digest}" })
        {
            IsOneOf(await Client.SendAsync("POST", $"/v2/{Registry.NewRepository()}/blobs/uploads/?{query}", []), 202, 400);
        }
    }

    [Attack("B18")]
    public async Task A_blob_through_another_repository()
    {
        var (a, b) = (Registry.NewRepository(), Registry.NewRepository());
        var image = await Client.PushImageAsync(a, "v1");
        await Client.PushImageAsync(b, "v1");
        (await Client.ReadAsync($"/v2/{b}/blobs/{image.LayerDigest}")).Is(404);
        (await Client.SendAsync("HEAD", $"/v2/{b}/blobs/{image.LayerDigest}")).Is(404);
    }

    [Attack("B19")]
    public async Task A_manifest_through_another_repository()
    {
        var (a, b) = (Registry.NewRepository(), Registry.NewRepository());
        var image = await Client.PushImageAsync(a, "v1");
        await Client.PushImageAsync(b, "v1");
        (await Client.ReadAsync($"/v2/{a}/manifests/{image.Digest}")).Is(200);
        (await Client.ReadAsync($"/v2/{b}/manifests/{image.Digest}")).Is(404);
    }

    [Attack("B21")]
    public async Task Deleting_a_shared_blob()
    {
        var (a, b, content) = (Registry.NewRepository(), Registry.NewRepository(), Requests.RandomBytes(100));
        var digest = await Client.PushBlobAsync(a, content);
        await Client.PushBlobAsync(b, content);
        (await Client.SendAsync("DELETE", $"/v2/{a}/blobs/{digest}")).Is(202);
        Assert.Equal(content, (await Client.ReadAsync($"/v2/{b}/blobs/{digest}")).Is(200).Body);
        (await Client.ReadAsync($"/v2/{a}/blobs/{digest}")).Is(404);
    }

    [Attack("B22")]
    public async Task Two_thousand_overlapping_ranges()
    {
        var (repository, content) = (Registry.NewRepository(), Requests.RandomBytes(100_000));
        var digest = await Client.PushBlobAsync(repository, content);
        foreach (var range in new[] { string.Join(',', Enumerable.Repeat("0-", 2000)), string.Join(',', Enumerable.Range(0, 2000).Select(i => $"{i}-{i + 50_000}")), string.Join(',', Enumerable.Range(0, 2000).Select(i => $"{i}-{i}")) })
        {
            Assert.InRange((await Client.ReadAsync($"/v2/{repository}/blobs/{digest}", ("Range", "bytes=" + range))).Body.Length, 0, 2 * content.Length + (64 << 10));
        }
    }

    [Attack("B25")]
    public async Task A_compressed_upload()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(new byte[10 << 20]);
        }
        var (repository, body) = (Registry.NewRepository(), packed.ToArray());
        (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of(body)}", body, ("Content-Encoding", "gzip"))).Is(415);
        var location = await Client.StartUploadAsync(repository);
        (await Client.SendAsync("PATCH", location, body, ("Content-Encoding", "gzip"))).Is(415);
        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(body)}", body, ("Content-Encoding", "gzip"))).Is(415);
        (await Client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(new byte[10 << 20])}")).Is(404);
    }

    [Attack("B26")]
    public async Task Eight_requests_finish_one_session()
    {
        for (var round = 0; round < 5; round++)
        {
            var repository = Registry.NewRepository();
            var location = await Client.StartUploadAsync(repository);
            var bodies = Enumerable.Range(0, 8).Select(_ => Requests.RandomBytes(200_000)).ToArray();
            var answers = await Task.WhenAll(bodies.Select(b => Client.SendAsync("PUT", $"{location}?digest={Digest.Of(b)}", b)));

            Assert.All(answers, a => IsOneOf(a, 201, 404, 416));
            Assert.True(answers.Count(a => a.Status == HttpStatusCode.Created) <= 1, "Two requests finished one session.");
            foreach (var (body, answer) in bodies.Zip(answers))
            {
                var read = await Client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(body)}");
                Assert.Equal(answer.Status == HttpStatusCode.Created, read.Status == HttpStatusCode.OK);
                if (read.Status == HttpStatusCode.OK)
                {
                    Assert.Equal(body, read.Body);
                }
            }
        }
    }

    [Attack("B27")]
    public async Task Twenty_pushes_of_one_blob()
    {
        var (repository, content) = (Registry.NewRepository(), Requests.RandomBytes(200_000));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Client.PushBlobAsync(repository, content)));
        Assert.Equal(content, (await Client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(200).Body);
    }

    [Attack("B28")]
    public async Task Two_hundred_abandoned_sessions()
    {
        var repository = Registry.NewRepository();
        for (var i = 0; i < 200; i++)
        {
            IsOneOf(await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", []), 202, 429);
        }
        await AnswersOthersAsync();
    }

    [Attack("B29")]
    public async Task Tampered_sessions()
    {
        var (repository, content) = (Registry.NewRepository(), Requests.RandomBytes(100));
        var location = await Client.StartUploadAsync(repository);
        foreach (var tampered in new[] { location[..^1], location + "0", location[..^32] + new string('0', 32), location[..^32] + "%00", location[..^32] + "..%2f..%2fx", location[..^32] + "'%20OR%201=1", location + "/x" })
        {
            IsOneOf(await RawAsync("GET", tampered), 400, 404);
            IsOneOf(await RawAsync("PATCH", tampered, "Content-Length: 0"), 400, 404);
        }
        (await Client.SendAsync("PUT", $"{location}?_state=AAAA&offset=99&digest={Digest.Of(content)}", content)).Is(201);
    }

    [Attack("B30")]
    public async Task Guessable_sessions()
    {
        var (repository, ids) = (Registry.NewRepository(), new List<string>());
        for (var i = 0; i < 100; i++)
        {
            ids.Add((await Client.StartUploadAsync(repository)).Split('/')[^1]);
        }
        var sorted = ids.Distinct().Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(100, sorted.Length);
        Assert.All(sorted, id => Assert.True(id.Length >= 20));
        Assert.All(sorted.Zip(sorted[1..]), pair => Assert.True(pair.First.Zip(pair.Second).TakeWhile(c => c.First == c.Second).Count() < 12, $"{pair} begin alike."));
        var reversed = sorted.Select(id => string.Concat(id.Reverse())).Order(StringComparer.Ordinal).ToArray();
        Assert.All(reversed.Zip(reversed[1..]), pair => Assert.True(pair.First.Zip(pair.Second).TakeWhile(c => c.First == c.Second).Count() < 12, $"{pair} end alike."));
    }

    [Attack("B31")]
    public async Task An_empty_blob()
    {
        var repository = Registry.NewRepository();
        var digest = await Client.PushBlobAsync(repository, []);
        var read = (await Client.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(200);
        Assert.Empty(read.Body);
        Assert.Equal(0, read.ContentHeaders.ContentLength);
    }

    [Attack("B32")]
    public async Task Untrue_headers()
    {
        var (repository, content) = (Registry.NewRepository(), Requests.RandomBytes(3_000_000));
        var read = (await Client.ReadAsync($"/v2/{repository}/blobs/{await Client.PushBlobAsync(repository, content)}")).Is(200);
        Assert.Equal(Digest.Of(read.Body).ToString(), read.Header("Docker-Content-Digest"));
        Assert.Equal(read.Body.Length, read.ContentHeaders.ContentLength);
        Assert.DoesNotContain("public", read.Header("Cache-Control") ?? "", StringComparison.Ordinal);
    }

    [Attack("B33")]
    public async Task Private_content_in_shared_caches()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        foreach (var path in new[] { "manifests/v1", $"manifests/{image.Digest}", $"blobs/{image.LayerDigest}", "tags/list" })
        {
            var control = (await Client.ReadAsync($"/v2/{repository}/{path}")).Is(200).Header("Cache-Control") ?? "";
            Assert.DoesNotContain("public", control, StringComparison.Ordinal);
            Assert.DoesNotContain("s-maxage", control, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("max-age", (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Header("Cache-Control")!, StringComparison.Ordinal);
    }
}
