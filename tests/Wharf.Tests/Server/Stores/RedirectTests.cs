using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Web;
using Wharf.Oci;

namespace Wharf.Tests.Server.Stores;

/// <summary>Clients that are sent to the store, by an address that is good for one blob, reading, and a short time (attacks.tsv T01 to T03).</summary>
public sealed class RedirectTests(RedirectedRegistry registry) : IClassFixture<RedirectedRegistry>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_blob_is_read_at_the_store_whole_or_in_a_range()
    {
        var (repository, content) = await PushAsync();
        using var store = new HttpClient();

        var answer = (await registry.UserClient.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}", ("Range", "bytes=100-199"))).Is(307);
        using var range = new HttpRequestMessage(HttpMethod.Get, answer.Headers.Location);
        range.Headers.Range = new RangeHeaderValue(100, 199);
        using var part = await store.SendAsync(range, Ct);

        Assert.Equal(content, await store.GetByteArrayAsync(answer.Headers.Location, Ct));
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(content[100..200], await part.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal("application/octet-stream", part.Content.Headers.ContentType!.MediaType);
        Assert.Equal(registry.Proxy.Endpoint.Authority, answer.Headers.Location!.Authority);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Equal(Digest.Of(content).ToString(), answer.Headers.GetValues("Docker-Content-Digest").Single());
        Assert.Null(answer.Headers.ETag);
        Assert.Empty(answer.Body);
    }

    [Fact]
    public async Task Only_a_GET_of_at_most_one_range_is_sent_there()
    {
        var (repository, content) = await PushAsync();
        var path = $"/v2/{repository}/blobs/{Digest.Of(content)}";

        (await registry.UserClient.SendAsync("HEAD", path)).Is(200);
        var several = (await registry.UserClient.ReadAsync(path, ("Range", "bytes=0-9,500-509"))).Is(206);
        Assert.Equal(content[..20], (await registry.UserClient.ReadAsync(path, ("Range", "bytes=0-9,10-19"))).Is(206).Body);
        Assert.Equal(content[..10], (await registry.UserClient.ReadAsync(path, ("Range", "bytes=0-9"), ("If-Range", $"\"{Digest.Of(content)}\""))).Is(206).Body);
        (await registry.UserClient.ReadAsync(path, ("If-None-Match", $"\"{Digest.Of(content)}\""))).Is(304);
        (await registry.UserClient.ReadAsync(path, ("Range", "bytes=999999999-"))).Is(416);
        Assert.Equal(content[^10..], (await registry.UserClient.ReadAsync(path, ("Range", "bytes=-10"))).Is(206).Body);

        Assert.StartsWith("multipart/byteranges", several.ContentHeaders.ContentType!.ToString(), StringComparison.Ordinal);
        Assert.True(several.Body.AsSpan().IndexOf(content.AsSpan(500, 10)) > 0);
    }

    [Fact]
    public async Task The_address_is_good_for_nothing_else_and_not_for_long()
    {
        var (repository, content) = await PushAsync();
        var (_, other) = await PushAsync();
        using var store = new HttpClient();

        var to = (await registry.UserClient.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(307).Headers.Location!;
        var elsewhere = (await registry.UserClient.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(307).Headers.Location!;
        var query = HttpUtility.ParseQueryString(to.Query);

        // The SDK corrects its clock by the store's, which has whole seconds.
        Assert.InRange(int.Parse(query["X-Amz-Expires"]!, CultureInfo.InvariantCulture), 1, 3);
        Assert.NotEqual(content, other);
        foreach (var wrong in new[]
        {
            new UriBuilder(to) { Path = to.AbsolutePath[..^1] + (to.AbsolutePath[^1] == '0' ? '1' : '0') }.Uri,
            new Uri(to.OriginalString.Replace($"X-Amz-Expires={query["X-Amz-Expires"]}", "X-Amz-Expires=3600", StringComparison.Ordinal)),
            new Uri(to.OriginalString.Replace("application%2Foctet-stream", "text%2Fhtml", StringComparison.Ordinal)),
            new Uri(to.OriginalString + "&response-content-disposition=inline"),
        })
        {
            Assert.NotEqual(to.OriginalString, wrong.OriginalString);
            using var refused = await store.GetAsync(wrong, Ct);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Delete, HttpMethod.Post })
        {
            using var refused = await store.SendAsync(new HttpRequestMessage(method, elsewhere) { Content = method == HttpMethod.Delete ? null : new ByteArrayContent([1]) }, Ct);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
        await Poll.UntilAsync(async () =>
        {
            using var late = await store.GetAsync(to, Ct);
            return late.StatusCode == HttpStatusCode.Forbidden;
        });
    }

    [Fact]
    public async Task A_client_of_a_network_that_cannot_reach_the_store_gets_the_bytes_here()
    {
        var (repository, content) = await PushAsync();
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = static async (context, ct) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var inside = new HttpClient(handler) { BaseAddress = registry.Url };
        inside.DefaultRequestHeaders.Authorization = registry.UserClient.DefaultRequestHeaders.Authorization;

        Assert.Equal(content, (await inside.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(200).Body);
    }

    private async Task<(string Repository, byte[] Content)> PushAsync()
    {
        var (repository, content) = (registry.NewRepository(), Requests.RandomBytes(100_000));
        await registry.UserClient.PushBlobAsync(repository, content);
        return (repository, content);
    }
}
