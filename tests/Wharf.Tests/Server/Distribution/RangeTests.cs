using System.Globalization;
using System.Text;
using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>distribution-spec 1.1.1, "Pulling blobs": "A registry SHOULD support the Range request header in accordance with RFC 9110."</summary>
public sealed class RangeTests(UserRegistry registry) : IClassFixture<UserRegistry>, IAsyncLifetime
{
    private readonly byte[] _content = Requests.RandomBytes(1_000_000);
    private string _path = "";
    private Digest _digest;

    private HttpClient Client => registry.UserClient;

    public async ValueTask InitializeAsync()
    {
        var repository = registry.NewRepository();
        _digest = await Client.PushBlobAsync(repository, _content);
        _path = $"/v2/{repository}/blobs/{_digest}";
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory, Trait("Rfc", "9110 14.2")]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=10-99", 10, 90)]
    [InlineData("bytes=999999-", 999_999, 1)]
    [InlineData("bytes=500000-2000000", 500_000, 500_000)]
    [InlineData("bytes=-1000", 999_000, 1000)]
    [InlineData("bytes=-5000000", 0, 1_000_000)]
    [InlineData("bytes=0-9,10-19", 0, 20)]
    public async Task One_range_is_206_with_just_these_bytes(string range, int start, int length)
    {
        var answer = (await Client.ReadAsync(_path, ("Range", range))).Is(206);

        Assert.Equal(_content[start..(start + length)], answer.Body);
        Assert.Equal($"bytes {start}-{start + length - 1}/{_content.Length}", answer.Header("Content-Range"));
        Assert.Equal(_digest.ToString(), answer.Header("Docker-Content-Digest"));
        Assert.Equal("bytes", answer.Header("Accept-Ranges"));
    }

    [Fact, Trait("Rfc", "9110 14.6")]
    public async Task Several_ranges_come_as_multipart_byteranges_whose_parts_are_the_bytes()
    {
        var answer = (await Client.ReadAsync(_path, ("Range", "bytes=0-9, 100000-399999, -7"))).Is(206);

        var parts = Parts(answer);
        Assert.Equal([(0, 9), (100_000, 399_999), (999_993, 999_999)], parts.Select(p => (p.Start, p.End)));
        Assert.All(parts, p => Assert.Equal(_content[p.Start..(p.End + 1)], p.Bytes));
        Assert.Null(answer.Header("Content-Range"));
        Assert.Equal(answer.Body.Length, answer.ContentHeaders.ContentLength);
    }

    [Fact, Trait("Rfc", "9110 14.6")]
    public async Task A_thousand_ranges_as_lazy_pulls_ask_for_are_all_answered()
    {
        var asked = Enumerable.Range(0, 1000).Select(i => (Start: i * 1000, End: i * 1000 + 99)).ToArray();

        var answer = (await Client.ReadAsync(_path, ("Range", "bytes=" + string.Join(',', asked.Select(r => $"{r.Start}-{r.End}"))))).Is(206);

        var parts = Parts(answer);
        Assert.Equal(asked, parts.Select(p => (p.Start, p.End)));
        Assert.All(parts, p => Assert.Equal(_content[p.Start..(p.Start + 100)], p.Bytes));
    }

    [Theory, Trait("Rfc", "9110 15.5.17")]
    [InlineData("bytes=1000000-")]
    [InlineData("bytes=5000000-6000000")]
    [InlineData("bytes=-0")]
    public async Task Ranges_outside_the_blob_are_416_with_its_size(string range)
    {
        var answer = (await Client.ReadAsync(_path, ("Range", range))).Is(416, "RANGE_INVALID");

        Assert.Equal($"bytes */{_content.Length}", answer.Header("Content-Range"));
        // An error must not be kept in a cache in place of the blob.
        Assert.DoesNotContain("max-age", answer.Header("Cache-Control") ?? "", StringComparison.Ordinal);
        Assert.Null(answer.Headers.ETag);
    }

    [Theory, Trait("Rfc", "9110 14.2")]
    [InlineData("lines=1-2")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes")]
    public async Task A_range_of_another_unit_or_grammar_is_ignored(string range) => Assert.Equal(_content, (await Client.ReadAsync(_path, ("Range", range))).Is(200).Body);

    [Fact, Trait("Rfc", "9110 13.1.5")]
    public async Task If_Range_sends_the_range_while_the_etag_is_the_same_and_else_the_whole()
    {
        (await Client.ReadAsync(_path, ("Range", "bytes=0-9"), ("If-Range", $"\"{_digest}\""))).Is(206);

        Assert.Equal(_content, (await Client.ReadAsync(_path, ("Range", "bytes=0-9"), ("If-Range", "\"other\""))).Is(200).Body);
        Assert.Equal(_content, (await Client.ReadAsync(_path, ("Range", "bytes=0-9"), ("If-Range", $"W/\"{_digest}\""))).Is(200).Body);
        Assert.Equal(_content, (await Client.ReadAsync(_path, ("Range", "bytes=0-9"), ("If-Range", "Mon, 01 Jan 2024 00:00:00 GMT"))).Is(200).Body);
    }

    [Fact, Trait("Rfc", "9110 14.2")]
    public async Task HEAD_ignores_a_range_and_tells_the_whole_length()
    {
        var answer = (await Client.SendAsync("HEAD", _path, null, ("Range", "bytes=0-9"))).Is(200);

        Assert.Equal(_content.Length, answer.ContentHeaders.ContentLength);
    }

    [Fact, Trait("Rfc", "9110 14.2")]
    public async Task An_empty_blob_has_no_range()
    {
        var repository = registry.NewRepository();
        var empty = await Client.PushBlobAsync(repository, []);

        (await Client.ReadAsync($"/v2/{repository}/blobs/{empty}", ("Range", "bytes=0-"))).Is(416, "RANGE_INVALID");
        Assert.Empty((await Client.ReadAsync($"/v2/{repository}/blobs/{empty}")).Is(200).Body);
    }

    // RFC 2046 5.1.1, by hand, so that a fault of the server's own writer cannot hide in a reader like it.
    private List<(int Start, int End, byte[] Bytes)> Parts(Answer answer)
    {
        var type = answer.ContentHeaders.ContentType!;
        Assert.Equal("multipart/byteranges", type.MediaType);
        var boundary = type.Parameters.Single(p => p.Name == "boundary").Value!;
        var (delimiter, at) = (Encoding.ASCII.GetBytes($"\r\n--{boundary}"), 0);
        var parts = new List<(int, int, byte[])>();
        while (true)
        {
            Assert.True(answer.Body.AsSpan(at).StartsWith(delimiter));
            at += delimiter.Length;
            if (answer.Body.AsSpan(at).StartsWith("--"u8))
            {
                Assert.Equal("--\r\n"u8, answer.Body.AsSpan(at));
                return parts;
            }
            var headLength = answer.Body.AsSpan(at).IndexOf("\r\n\r\n"u8);
            var head = Encoding.ASCII.GetString(answer.Body, at, headLength).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Contains("Content-Type: application/octet-stream", head);
            var numbers = head.Single(h => h.StartsWith("Content-Range: bytes ", StringComparison.Ordinal))["Content-Range: bytes ".Length..].Split('-', '/')
                .Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
            Assert.Equal(_content.Length, numbers[2]);
            at += headLength + 4;
            var length = numbers[1] - numbers[0] + 1;
            parts.Add((numbers[0], numbers[1], answer.Body.AsSpan(at, length).ToArray()));
            at += length;
        }
    }
}
