using System.Net;
using System.Text;
using Wharf.Storage;
using Wharf.Storage.Azure;
using Wharf.Tests.Parts;
using Wharf.Tests.Server;

namespace Wharf.Tests.Storage;

public sealed class AzureClientTests : IAsyncLifetime
{
    private FaultProxy _proxy = null!;
    private string _container = "";
    private AzureClient _client = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _container = await Azurite.CreateContainerAsync();
        _proxy = FaultProxy.InFrontOf(Azurite.Endpoint);
        _client = new AzureClient(With());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Blocks_become_a_blob_in_the_order_of_the_list()
    {
        var (first, second) = (Content(300_000), Content(5));
        await _client.PutBlockAsync("some/blob", Id(1), new MemoryStream(second), Ct);
        await _client.PutBlockAsync("some/blob", Id(0), new MemoryStream(first), Ct);
        await _client.PutBlockAsync("some/blob", Id(2), new MemoryStream(Content(9)), Ct);

        Assert.Null(await _client.StatAsync("some/blob", Ct));
        Assert.Equal([(Id(0), 300_000), (Id(1), 5), (Id(2), 9)], (await _client.UncommittedBlocksAsync("some/blob", Ct))!.Select(static b => (b.Id, b.Size)).Order());
        Assert.True(await _client.PutBlockListAsync("some/blob", [Id(0), Id(1)], Ct));

        Assert.Equal(300_005, (await _client.StatAsync("some/blob", Ct))?.Size);
        byte[] both = [.. first, .. second];
        Assert.Equal(both, await ReadAsync("some/blob"));
        Assert.Empty((await _client.UncommittedBlocksAsync("some/blob", Ct))!);
        Assert.Null(await _client.UncommittedBlocksAsync("none", Ct));
    }

    [Fact]
    public async Task A_list_with_a_block_that_is_not_there_loses_the_upload()
    {
        await _client.PutBlockAsync("blob", Id(0), new MemoryStream(Content(5)), Ct);

        await Assert.ThrowsAsync<UploadLostException>(() => _client.PutBlockListAsync("blob", [Id(0), Id(1)], Ct));

        Assert.Null(await _client.StatAsync("blob", Ct));
    }

    [Fact]
    public async Task Nothing_is_ever_overwritten()
    {
        Assert.True(await _client.PutBlobAsync("blob", new MemoryStream([1]), Ct));
        Assert.False(await _client.PutBlobAsync("blob", new MemoryStream([2]), Ct));
        await _client.PutBlobAsync("other", new MemoryStream([3]), Ct);
        Assert.False(await _client.CopyAsync(_client, "other", "blob", Ct));
        await _client.PutBlockAsync("blob", Id(0), new MemoryStream(Content(5)), Ct);
        Assert.False(await _client.PutBlockListAsync("blob", [Id(0)], Ct));

        Assert.Equal([1], await ReadAsync("blob"));
    }

    [Fact]
    public async Task A_listing_of_several_pages_has_every_blob_and_those_that_were_never_committed_when_asked()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 1_050), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct }, async (i, ct) =>
            await _client.PutBlobAsync($"a/{i:d4} %&+?", new MemoryStream(new byte[i % 3]), ct));
        await _client.PutBlobAsync("b/other", new MemoryStream(), Ct);
        await _client.PutBlockAsync("a/unfinished", Id(0), new MemoryStream(Content(5)), Ct);

        var listed = await _client.ListAsync("a/", uncommitted: false, Ct).ToListAsync(Ct);
        var all = await _client.ListAsync("a/", uncommitted: true, Ct).ToListAsync(Ct);

        Assert.Equal(Enumerable.Range(0, 1_050).Select(static i => ($"a/{i:d4} %&+?", (long)i % 3)), listed.Select(static b => (b.Name, b.Size)));
        Assert.All(all, static b => Assert.InRange(TimeProvider.System.GetUtcNow() - b.Modified, TimeSpan.FromMinutes(-5), TimeSpan.FromMinutes(5)));
        Assert.Equal([.. listed.Select(static b => b.Name), "a/unfinished"], all.Select(static b => b.Name));
    }

    [Fact]
    public async Task A_copy_has_all_bytes_when_it_is_done()
    {
        var content = Content(3_000_000);
        await _client.PutBlobAsync("from", new MemoryStream(content), Ct);

        Assert.True(await _client.CopyAsync(_client, "from", "to", Ct));

        await _client.DeleteAsync("from", Ct);
        Assert.Equal(content, await ReadAsync("to"));
        await Assert.ThrowsAsync<StorageException>(() => _client.CopyAsync(_client, "none", "to2", Ct));
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    [InlineData(429)]
    public async Task A_busy_account_is_asked_again_and_then_given_up(int status)
    {
        _proxy.AnswerWith(status, times: 2, "Retry-After: 0\r\n");
        Assert.True(await _client.PutBlobAsync("blob", new MemoryStream([1]), Ct));
        Assert.Equal(2, _proxy.Answered);
        _proxy.AnswerWith(status, times: 3);

        var fault = await Assert.ThrowsAsync<StorageException>(() => _client.StatAsync("blob", Ct));

        Assert.Equal(5, _proxy.Answered);
        Assert.Contains(status.ToString(System.Globalization.CultureInfo.InvariantCulture), fault.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task An_account_that_says_nothing_is_asked_again()
    {
        await _client.PutBlobAsync("blob", new MemoryStream([1]), Ct);
        _proxy.Latency = TimeSpan.FromHours(1);
        var asking = _client.StatAsync("blob", Ct);
        await Poll.UntilAsync(() => Task.FromResult(_proxy.HeldBack == 1));
        _proxy.Latency = TimeSpan.Zero;

        Assert.Equal(1, (await asking)?.Size);
    }

    [Fact]
    public async Task A_full_account_is_said_to_be_full_and_not_asked_again()
    {
        _proxy.AnswerWith(507);

        await Assert.ThrowsAsync<StorageFullException>(() => _client.PutBlockAsync("blob", Id(0), new MemoryStream(Content(5)), Ct));

        Assert.Equal(1, _proxy.Answered);
    }

    [Fact]
    public async Task Whoever_wrote_knows_it_though_the_answer_got_lost()
    {
        await _client.PutBlockAsync("blob", Id(0), new MemoryStream(Content(5)), Ct);
        await _client.PutBlobAsync("source", new MemoryStream([1]), Ct);
        await _client.StatAsync("source", Ct);

        _proxy.CutResponsesAfter(0);
        Assert.True(await _client.PutBlockListAsync("blob", [Id(0)], Ct));
        _proxy.CutResponsesAfter(0);
        Assert.True(await _client.PutBlobAsync("file", new MemoryStream([7]), Ct));
        _proxy.CutResponsesAfter(0);
        await _client.DeleteAsync("source", Ct);

        Assert.Equal(Content(5), await ReadAsync("blob"));
        Assert.Equal([7], await ReadAsync("file"));
        Assert.Null(await _client.StatAsync("source", Ct));
    }

    [Fact]
    public async Task Bytes_that_were_damaged_on_the_way_are_refused_and_sent_again()
    {
        var content = Content(200_000);
        _proxy.FlipInRequests(100_000);
        await _client.PutBlockAsync("blob", Id(0), new MemoryStream(content), Ct);
        await _client.PutBlockListAsync("blob", [Id(0)], Ct);
        _proxy.FlipInRequests(100_000);
        await _client.PutBlobAsync("file", new MemoryStream(content), Ct);

        Assert.Equal(content, await ReadAsync("blob"));
        Assert.Equal(content, await ReadAsync("file"));
        // Once more for each of the two.
        Assert.InRange(_proxy.RequestBytes, 4L * content.Length, 5L * content.Length);
    }

    [Fact]
    public async Task A_read_that_is_cut_goes_on_where_it_was()
    {
        var content = Content(1_000_000);
        await _client.PutBlobAsync("blob", new MemoryStream(content), Ct);
        await using var stream = await _client.OpenAsync("blob", 100_000, 800_000, Ct);
        var read = new MemoryStream();
        var buffer = new byte[50_000];
        for (var i = 0; i < 3; i++)
        {
            _proxy.CutResponsesAfter(100_000);
            for (var target = read.Length + 200_000; read.Length < target;) read.Write(buffer, 0, await stream!.ReadAsync(buffer, Ct));
        }
        await stream!.CopyToAsync(read, Ct);

        Assert.Equal(content[100_000..900_000], read.ToArray());
    }

    [Fact]
    public async Task A_read_without_any_progress_ends_with_a_fault()
    {
        await _client.PutBlobAsync("blob", new MemoryStream(Content(5_000_000)), Ct);
        await using var stream = await _client.OpenAsync("blob", 0, long.MaxValue, Ct);
        _proxy.Refuses = true;
        _proxy.ResetAll();

        await Assert.ThrowsAsync<StorageException>(() => stream!.CopyToAsync(Stream.Null, Ct));
    }

    [Fact]
    public async Task An_account_that_cannot_be_reached_is_a_fault_and_no_absence()
    {
        _proxy.Refuses = true;

        await Assert.ThrowsAsync<StorageException>(() => _client.StatAsync("blob", Ct));
        await Assert.ThrowsAsync<StorageException>(() => _client.OpenAsync("blob", 0, 1, Ct));
        await Assert.ThrowsAsync<StorageException>(async () => await _client.ListAsync("", uncommitted: false, Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task A_container_that_is_missing_is_a_fault_and_no_absence()
    {
        using var client = new AzureClient(With(container: "missing"));

        foreach (var attempt in new Func<Task>[] { () => client.StatAsync("blob", Ct), () => client.OpenAsync("blob", 0, 1, Ct), () => client.DeleteAsync("blob", Ct), () => client.PutBlockAsync("blob", Id(0), new MemoryStream(Content(1)), Ct) })
            Assert.Equal("Make the container, or correct Container or Account.", (await Assert.ThrowsAsync<StorageMisconfiguredException>(attempt)).Advice);
    }

    [Fact]
    public async Task A_wrong_key_is_named_in_the_fault_and_not_shown()
    {
        var key = Convert.ToBase64String(Content(64));
        using var client = new AzureClient(With(key: key));

        var fault = await Assert.ThrowsAsync<StorageMisconfiguredException>(() => client.PutBlobAsync("blob", new MemoryStream([1]), Ct));

        // Azurite has the second of Azure's codes for it.
        Assert.Matches("^Putting blob: Azure answered 403 (AuthenticationFailed|AuthorizationFailure) \\(request [0-9a-f-]+\\)\\.$", fault.Message);
        Assert.Contains("AccountKey", fault.Advice, StringComparison.Ordinal);
        Assert.DoesNotContain(key, fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_SAS_in_the_settings_reads_writes_copies_and_is_in_no_fault()
    {
        var sas = ContainerSas();
        using var client = new AzureClient(With(key: null, sas: "?" + sas));

        await client.PutBlockAsync("blob", Id(0), new MemoryStream(Content(5)), Ct);
        await client.PutBlockListAsync("blob", [Id(0)], Ct);
        await client.CopyAsync(client, "blob", "copy", Ct);
        Assert.Equal(["blob", "copy"], await client.ListAsync("", uncommitted: false, Ct).Select(static b => b.Name).ToListAsync(Ct));
        await client.DeleteAsync("blob", Ct);
        Assert.Equal(Content(5), await ReadAsync("copy"));
        Assert.Null(await client.PresignAsync("copy", TimeSpan.FromMinutes(1), Ct));

        using var broken = new AzureClient(With(key: null, sas: sas + "x"));
        StorageException fault = await Assert.ThrowsAsync<StorageMisconfiguredException>(() => broken.StatAsync("copy", Ct));
        Assert.DoesNotContain("sig=", fault.ToString(), StringComparison.Ordinal);
        _proxy.Refuses = true;
        _proxy.ResetAll();
        fault = await Assert.ThrowsAsync<StorageException>(() => client.CopyAsync(client, "copy", "again", Ct));
        Assert.DoesNotContain("sig=", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_presigned_address_reads_that_blob_and_does_nothing_else()
    {
        await _client.PutBlobAsync("one", new MemoryStream([1, 2, 3]), Ct);
        await _client.PutBlobAsync("two", new MemoryStream([4]), Ct);
        using var http = new HttpClient();

        var address = (await _client.PresignAsync("one", TimeSpan.FromMinutes(1), Ct))!;
        using var answer = await http.GetAsync(address, Ct);

        Assert.Equal([1, 2, 3], await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.MediaType);
        var text = address.AbsoluteUri;
        var ends = text.IndexOf("se=", StringComparison.Ordinal) + 3;
        string[] changed =
        [
            text.Replace("/one?", "/two?", StringComparison.Ordinal),
            text.Replace("sp=r", "sp=rw", StringComparison.Ordinal),
            text.Replace("sr=b", "sr=c", StringComparison.Ordinal),
            text.Replace("rsct=application%2Foctet-stream", "rsct=text%2Fhtml", StringComparison.Ordinal),
            text[..ends] + "2099" + text[(ends + 4)..],
            text[..text.IndexOf("&sig=", StringComparison.Ordinal)],
            text[..text.IndexOf('?', StringComparison.Ordinal)],
        ];
        Assert.Equal(changed.Length, changed.Where(c => c != text).Distinct().Count());
        foreach (var other in changed)
        {
            using var refused = await http.GetAsync(new Uri(other), Ct);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Delete })
        {
            using var request = new HttpRequestMessage(method, address) { Content = new ByteArrayContent([9]), Headers = { { "x-ms-blob-type", "BlockBlob" } } };
            using var refused = await http.SendAsync(request, Ct);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
        Assert.Equal([1, 2, 3], await ReadAsync("one"));
    }

    [Fact]
    public async Task A_presigned_address_ends_in_time_and_can_be_another_host_s()
    {
        await _client.PutBlobAsync("one", new MemoryStream([1]), Ct);
        using var client = new AzureClient(With(publicEndpoint: "https://blobs.example.test/"));
        using var http = new HttpClient();

        using var ended = await http.GetAsync(await _client.PresignAsync("one", TimeSpan.FromMinutes(-1), Ct), Ct);
        var elsewhere = await client.PresignAsync("one", TimeSpan.FromMinutes(1), Ct);

        Assert.Equal(HttpStatusCode.Forbidden, ended.StatusCode);
        Assert.StartsWith($"https://blobs.example.test/{_container}/one?", elsewhere!.AbsoluteUri, StringComparison.Ordinal);
        Assert.Contains("&spr=https&", elsewhere.Query, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_is_none_is_refused()
    {
        Assert.Throws<StorageMisconfiguredException>(() => new AzureClient(With(key: "not base64")));
        Assert.Throws<StorageMisconfiguredException>(() => new AzureClient(With(caFile: "/does/not/exist")));
    }

    private AzureOptions With(string? key = Azurite.AccountKey, string? sas = null, string? container = null, string? publicEndpoint = null, string? caFile = null) => new()
    {
        Account = Azurite.AccountName,
        Key = key,
        Sas = sas,
        Endpoint = _proxy.Endpoint,
        Container = container ?? _container,
        PublicEndpoint = publicEndpoint is null ? null : new Uri(publicEndpoint),
        CaFile = caFile,
    };

    // learn.microsoft.com, "Create a service SAS": one for all of the container, as an administrator would make it.
    private string ContainerSas()
    {
        var ends = SasGrant.Time(TimeProvider.System.GetUtcNow().AddHours(1));
        string[] signed = ["racwdl", "", ends, $"/blob/{Azurite.AccountName}/{_container}", "", "", "", AzureClient.Version, "c", "", "", "", "", "", "", ""];
        var signature = System.Security.Cryptography.HMACSHA256.HashData(Convert.FromBase64String(Azurite.AccountKey), Encoding.UTF8.GetBytes(string.Join('\n', signed)));
        return $"sv={AzureClient.Version}&se={Uri.EscapeDataString(ends)}&sr=c&sp=racwdl&sig={Uri.EscapeDataString(Convert.ToBase64String(signature))}";
    }

    private async Task<byte[]> ReadAsync(string name)
    {
        await using var stream = await _client.OpenAsync(name, 0, long.MaxValue, Ct);
        var all = new MemoryStream();
        await stream!.CopyToAsync(all, Ct);
        return all.ToArray();
    }

    private static string Id(int number) => Convert.ToBase64String([0, (byte)number]);

    private static byte[] Content(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }
}
