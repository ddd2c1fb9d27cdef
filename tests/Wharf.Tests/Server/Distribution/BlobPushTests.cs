using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>distribution-spec 1.1.1, "Pushing blobs".</summary>
public sealed class BlobPushTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Client => registry.UserClient;

    [Fact, Trait("Spec", "post-then-put end-4a end-6")]
    public async Task A_blob_is_pushed_by_POST_then_PUT()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(5000));
        var digest = Digest.Of(content);

        var started = (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", [])).Is(202);
        var put = (await Client.SendAsync("PUT", $"{started.Location}?digest={digest}", content)).Is(201);

        Assert.StartsWith($"/v2/{repository}/blobs/uploads/", started.Location, StringComparison.Ordinal);
        Assert.Equal(digest.ToString(), put.Header("Docker-Content-Digest"));
        Assert.Equal(content, (await Client.ReadAsync(put.Location)).Is(200).Body);
    }

    [Fact, Trait("Spec", "single-post end-4b")]
    public async Task A_blob_is_pushed_by_one_POST_with_its_digest()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(5000));

        var post = (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of(content)}", content)).Is(201);

        Assert.Equal(Digest.Of(content).ToString(), post.Header("Docker-Content-Digest"));
        Assert.Equal(content, (await Client.ReadAsync(post.Location)).Is(200).Body);
    }

    [Fact, Trait("Spec", "pushing-a-blob-in-chunks end-5")]
    public async Task A_blob_is_pushed_in_chunks_and_each_answer_tells_where_it_ends()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(3000));
        var location = await Client.StartUploadAsync(repository);

        for (var start = 0; start < 3000; start += 1000)
        {
            var patch = (await Client.SendAsync("PATCH", location, content[start..(start + 1000)], ("Content-Range", $"{start}-{start + 999}"))).Is(202);
            Assert.Equal($"0-{start + 999}", patch.Header("Range"));
            location = patch.Location;
        }
        var put = (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", [])).Is(201);

        Assert.Equal(content, (await Client.ReadAsync(put.Location)).Is(200).Body);
    }

    [Fact, Trait("Spec", "pushing-a-blob-in-chunks end-6")]
    public async Task The_closing_PUT_may_carry_the_last_chunk()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(3000));
        var location = await Client.StartUploadAsync(repository);
        location = (await Client.SendAsync("PATCH", location, content[..2000], ("Content-Range", "0-1999"))).Is(202).Location;

        var put = (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", content[2000..], ("Content-Range", "2000-2999"))).Is(201);

        Assert.Equal(content, (await Client.ReadAsync(put.Location)).Is(200).Body);
    }

    [Fact, Trait("Spec", "pushing-a-blob-in-chunks")]
    public async Task A_streamed_PATCH_without_length_or_range_is_taken_as_docker_and_podman_send_it()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(3_000_000));
        var location = await Client.StartUploadAsync(repository);

        using var request = new HttpRequestMessage(HttpMethod.Patch, location) { Content = new StreamContent(new MemoryStream(content)) };
        request.Headers.TransferEncodingChunked = true;
        using var patch = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var put = (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", [])).Is(201);

        Assert.Equal("0-2999999", string.Join("", patch.Headers.GetValues("Range")));
        Assert.Equal(content, (await Client.ReadAsync(put.Location)).Is(200).Body);
    }

    [Fact, Trait("Spec", "pushing-a-blob-in-chunks end-13")]
    public async Task An_upload_is_resumed_where_GET_says_it_stands()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(3000));
        var location = await Client.StartUploadAsync(repository);
        (await Client.SendAsync("PATCH", location, content[..1000], ("Content-Range", "0-999"))).Is(202);

        var status = (await Client.ReadAsync(location)).Is(204);
        (await Client.SendAsync("PATCH", status.Location, content[1000..], ("Content-Range", "1000-2999"))).Is(202);

        Assert.Equal("0-999", status.Header("Range"));
        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", [])).Is(201);
    }

    [Fact, Trait("Spec", "pushing-a-blob-in-chunks end-13")]
    public async Task What_arrived_before_a_stream_broke_off_is_kept_and_the_upload_goes_on_from_there()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(3_000_000));
        var location = await Client.StartUploadAsync(repository);
        using (var connection = await RawHttp.ConnectAsync(registry.Url))
        {
            var stream = connection.GetStream();
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(
                $"PATCH {location} HTTP/1.1\r\nHost: {registry.Host}\r\nAuthorization: {Requests.Basic(registry.User.Name, registry.User.Password).Value}\r\nContent-Length: {content.Length}\r\n\r\n"),
                TestContext.Current.CancellationToken);
            await stream.WriteAsync(content.AsMemory(0, 2_000_000), TestContext.Current.CancellationToken);
            connection.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        }

        var have = await Poll.UntilAsync(async () =>
            int.Parse((await Client.ReadAsync(location)).Is(204).Header("Range")!.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture) is > 0 and var last ? last + 1 : 0);
        (await Client.SendAsync("PATCH", location, content[have..], ("Content-Range", $"{have}-{content.Length - 1}"))).Is(202);

        Assert.InRange(have, 1, 2_000_000);
        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", [])).Is(201);
    }

    [Theory, Trait("Spec", "pushing-a-blob-in-chunks")]
    [InlineData("0-999")]
    [InlineData("999-1998")]
    [InlineData("1001-2000")]
    public async Task A_chunk_out_of_order_is_416_with_the_true_range_and_changes_nothing(string range)
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(2000));
        var location = await Client.StartUploadAsync(repository);
        (await Client.SendAsync("PATCH", location, content[..1000], ("Content-Range", "0-999"))).Is(202);

        var refused = (await Client.SendAsync("PATCH", location, new byte[1000], ("Content-Range", range))).Is(416, "BLOB_UPLOAD_INVALID");

        Assert.Equal("0-999", refused.Header("Range"));
        Assert.Equal(location, refused.Location);
        (await Client.SendAsync("PATCH", location, content[1000..], ("Content-Range", "1000-1999"))).Is(202);
        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", [])).Is(201);
    }

    [Fact, Trait("Spec", "pushing-a-blob-in-chunks")]
    public async Task A_closing_chunk_out_of_order_is_416()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(2000));
        var location = await Client.StartUploadAsync(repository);
        (await Client.SendAsync("PATCH", location, content[..1000], ("Content-Range", "0-999"))).Is(202);

        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", content[1000..], ("Content-Range", "500-1499"))).Is(416, "BLOB_UPLOAD_INVALID");

        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", content[1000..], ("Content-Range", "1000-1999"))).Is(201);
    }

    [Theory, Trait("Spec", "pushing-a-blob-in-chunks")]
    [InlineData("bytes 0-999")]
    [InlineData("0-")]
    [InlineData("999-0")]
    [InlineData("-1-5")]
    [InlineData("zero-one")]
    public async Task A_malformed_Content_Range_is_400(string range)
    {
        var location = await Client.StartUploadAsync(registry.NewRepository());

        (await Client.SendAsync("PATCH", location, new byte[1000], ("Content-Range", range))).Is(400, "BLOB_UPLOAD_INVALID");
    }

    [Fact, Trait("Spec", "pushing-a-blob-in-chunks")]
    public async Task A_Content_Range_of_another_length_than_the_chunk_is_400_SIZE_INVALID()
    {
        var location = await Client.StartUploadAsync(registry.NewRepository());

        (await Client.SendAsync("PATCH", location, new byte[1000], ("Content-Range", "0-998"))).Is(400, "SIZE_INVALID");

        Assert.Equal("0-0", (await Client.ReadAsync(location)).Is(204).Header("Range"));
    }

    [Fact, Trait("Spec", "post-then-put end-6")]
    public async Task The_wrong_digest_is_400_DIGEST_INVALID_says_both_and_stores_neither()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(1000));
        var (actual, claimed) = (Digest.Of(content), Digest.Of("something else"u8));

        var put = (await Client.SendAsync("PUT", $"{await Client.StartUploadAsync(repository)}?digest={claimed}", content)).Is(400, "DIGEST_INVALID");
        var post = (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={claimed}", content)).Is(400, "DIGEST_INVALID");

        Assert.Contains(actual.ToString(), put.Message, StringComparison.Ordinal);
        Assert.Contains(claimed.ToString(), post.Message, StringComparison.Ordinal);
        (await Client.ReadAsync($"/v2/{repository}/blobs/{claimed}")).Is(404);
        (await Client.ReadAsync($"/v2/{repository}/blobs/{actual}")).Is(404);
    }

    [Theory, Trait("Spec", "post-then-put end-6")]
    [InlineData("")]
    [InlineData("?digest=")]
    [InlineData("?digest=sha256:12")]
    [InlineData("?digest=sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    public async Task A_closing_PUT_without_a_digest_is_400_and_the_upload_goes_on(string query)
    {
        var content = Requests.RandomBytes(1000);
        var location = await Client.StartUploadAsync(registry.NewRepository());

        (await Client.SendAsync("PUT", location + query, content)).Is(400, "DIGEST_INVALID");

        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", content)).Is(201);
    }

    [Theory, Trait("Spec", "digests")]
    [InlineData("?digest-algorithm=sha512")]
    [InlineData("")]
    public async Task A_blob_is_pushed_under_its_sha512_whether_announced_or_not(string query)
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(3000));
        var digest = Digest.Of(content, DigestAlgorithm.Sha512);
        var location = (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/{query}", [])).Is(202).Location;
        (await Client.SendAsync("PATCH", location, content)).Is(202);

        var put = (await Client.SendAsync("PUT", $"{location}?digest={digest}", [])).Is(201);

        var pulled = (await Client.ReadAsync(put.Location)).Is(200);
        Assert.Equal(content, pulled.Body);
        Assert.Equal(digest.ToString(), pulled.Header("Docker-Content-Digest"));
    }

    [Fact, Trait("Spec", "digests")]
    public async Task An_unknown_digest_algorithm_is_refused_at_the_start() =>
        (await Client.SendAsync("POST", $"/v2/{registry.NewRepository()}/blobs/uploads/?digest-algorithm=md5", [])).Is(400, "DIGEST_INVALID");

    [Fact, Trait("Spec", "cancelling-an-upload end-14")]
    public async Task A_cancelled_upload_is_gone_on_every_verb()
    {
        var location = await Client.StartUploadAsync(registry.NewRepository());
        (await Client.SendAsync("PATCH", location, new byte[10])).Is(202);

        (await Client.SendAsync("DELETE", location)).Is(204);

        await AssertGoneAsync(Client, location);
    }

    [Fact, Trait("Spec", "post-then-put")]
    public async Task A_finished_upload_is_gone_on_every_verb()
    {
        var content = Requests.RandomBytes(10);
        var location = await Client.StartUploadAsync(registry.NewRepository());
        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", content)).Is(201);

        await AssertGoneAsync(Client, location);
    }

    [Fact, Trait("Issue", "2")]
    public async Task An_upload_belongs_to_one_repository_on_every_verb()
    {
        var (repository, other) = (registry.NewRepository(), registry.NewRepository());
        await Client.PushImageAsync(other, "v1");
        var location = await Client.StartUploadAsync(repository);

        await AssertGoneAsync(Client, location.Replace(repository, other, StringComparison.Ordinal));

        (await Client.ReadAsync(location)).Is(204);
    }

    [Fact, Trait("Spec", "post-then-put")]
    public async Task Every_upload_has_a_location_of_its_own()
    {
        var repository = registry.NewRepository();

        Assert.NotEqual(await Client.StartUploadAsync(repository), await Client.StartUploadAsync(repository));
    }

    [Fact, Trait("Spec", "post-then-put")]
    public async Task An_upload_start_without_the_last_slash_is_one_too() =>
        (await Client.SendAsync("POST", $"/v2/{registry.NewRepository()}/blobs/uploads", [])).Is(202);

    [Fact, Trait("Spec", "pushing-blobs")]
    public async Task The_repository_is_made_by_the_first_blob_and_not_by_the_start_of_an_upload()
    {
        var repository = registry.NewRepository();
        var location = await Client.StartUploadAsync(repository);
        (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(404, "NAME_UNKNOWN");

        (await Client.SendAsync("PUT", $"{location}?digest={Digest.Of([])}", [])).Is(201);

        Assert.Empty((await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact, Trait("Spec", "pushing-blobs")]
    public async Task The_same_blob_pushed_again_is_201_again()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(1000));
        await Client.PushBlobAsync(repository, content);

        await Client.PushBlobAsync(repository, content);

        Assert.Equal(content, (await Client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(200).Body);
    }

    private static async Task AssertGoneAsync(HttpClient client, string location)
    {
        (await client.ReadAsync(location)).Is(404, "BLOB_UPLOAD_UNKNOWN");
        (await client.SendAsync("PATCH", location, new byte[10])).Is(404, "BLOB_UPLOAD_UNKNOWN");
        (await client.SendAsync("PUT", $"{location}?digest={Digest.Of(new byte[10])}", new byte[10])).Is(404, "BLOB_UPLOAD_UNKNOWN");
        (await client.SendAsync("DELETE", location)).Is(404, "BLOB_UPLOAD_UNKNOWN");
    }
}
