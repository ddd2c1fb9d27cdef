using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Wharf.Tests.Server;

namespace Wharf.Tests.Parts;

public sealed class FaultProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Briefly = TimeSpan.FromMilliseconds(300);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private WebApplication _app = null!;
    private FaultProxy _proxy = null!;
    private int _arrived;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(EchoAsync);
        await _app.StartAsync(Ct);
        _proxy = FaultProxy.InFrontOf(new Uri(_app.Urls.First() + "/some/path"));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _proxy.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(3_000_000, false)]
    [InlineData(3_000_000, true)]
    public async Task Without_a_fault_all_bytes_pass(int size, bool chunked)
    {
        var content = Content(size);

        for (var i = 0; i < 3; i++) Assert.Equal(content, await PostAsync(content, chunked));
        using var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, _proxy.Endpoint), Ct);

        Assert.Equal(content, await PostAsync(content, chunked));
        Assert.Equal("/some/path", _proxy.Endpoint.AbsolutePath);
        Assert.Equal(1, _proxy.Connections);
        Assert.InRange(_proxy.RequestBytes, 4L * size, long.MaxValue);
        Assert.InRange(_proxy.ResponseBytes, 4L * size, long.MaxValue);
    }

    [Fact]
    public async Task Late_and_slow_bytes_do_not_come_in_time()
    {
        _proxy.Latency = TimeSpan.FromHours(1);
        await NoAnswerAsync();
        _proxy.Heal();
        _proxy.BytesPerSecond = 1;
        await NoAnswerAsync();
        _proxy.Heal();

        Assert.Equal([7], await PostAsync([7]));
    }

    [Fact]
    public async Task A_slow_proxy_loses_nothing()
    {
        _proxy.Latency = TimeSpan.FromMilliseconds(5);
        _proxy.BytesPerSecond = 2_000_000;

        Assert.Equal(Content(100_000), await PostAsync(Content(100_000)));
    }

    [Fact]
    public async Task Refused_connections_are_as_if_nobody_listened_and_then_they_are_taken_again()
    {
        for (var i = 0; i < 3; i++)
        {
            _proxy.Refuses = true;
            using var fresh = new HttpClient();
            var refused = await Assert.ThrowsAsync<HttpRequestException>(() => fresh.GetAsync(_proxy.Endpoint, Ct));
            Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(refused.InnerException).SocketErrorCode);

            _proxy.Refuses = false;
            using var answer = await fresh.GetAsync(_proxy.Endpoint, Ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task What_hangs_goes_on_later()
    {
        _proxy.Hangs = true;
        var waiting = PostAsync([7]);
        await NoAnswerAsync();
        Assert.False(waiting.IsCompleted);

        _proxy.Hangs = false;

        Assert.Equal([7], await waiting);
    }

    [Fact]
    public async Task Connections_in_use_are_reset()
    {
        _proxy.Hangs = true;
        var waiting = PostAsync([7]);
        await Poll.UntilAsync(() => Task.FromResult(_proxy.HeldBack == 1));

        _proxy.ResetAll();

        await Assert.ThrowsAsync<HttpRequestException>(() => waiting);
        _proxy.Hangs = false;
        Assert.Equal([7], await PostAsync([7]));
    }

    [Fact]
    public async Task A_response_ends_after_so_many_bytes_once()
    {
        var content = Content(1_000_000);
        await PostAsync([7]);
        _proxy.CutResponsesAfter(500_000);

        using var answer = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Post, _proxy.Endpoint) { Content = new ByteArrayContent(content) }, HttpCompletionOption.ResponseHeadersRead, Ct);
        await using var body = await answer.Content.ReadAsStreamAsync(Ct);
        var read = new MemoryStream();
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(read, Ct));

        // The head is among them.
        Assert.InRange(read.Length, 490_000, 500_000);
        Assert.Equal(content, await PostAsync(content));
    }

    [Fact]
    public async Task A_request_that_arrived_has_no_answer()
    {
        _proxy.CutResponsesAfter(0);

        await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync([7]));

        Assert.Equal(1, _arrived);
    }

    [Fact]
    public async Task A_request_ends_after_so_many_bytes_once()
    {
        var content = Content(1_000_000);
        _proxy.CutRequestsAfter(500_000);

        await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(content));

        Assert.Equal(500_000, _proxy.RequestBytes);
        Assert.Equal(0, _arrived);
        Assert.Equal(content, await PostAsync(content));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task One_bit_of_a_body_is_wrong_once(bool inResponse, bool chunked)
    {
        var content = Content(200_000);
        await PostAsync(content, chunked);
        if (inResponse) _proxy.FlipInResponses(123_456);
        else _proxy.FlipInRequests(123_456);

        var damaged = await PostAsync(content, chunked);

        content[123_456] ^= 1;
        Assert.Equal(content, damaged);
        Assert.Equal(content, await PostAsync(content, chunked));
    }

    [Fact]
    public async Task The_next_requests_are_answered_with_a_status_on_connections_that_are_open_too()
    {
        await PostAsync([7]);
        _proxy.AnswerWith(503, times: 2, "Retry-After: 3\r\n", static line => line.StartsWith("POST ", StringComparison.Ordinal));

        foreach (var size in new[] { 1, 5_000_000 })
        {
            using var get = await _http.GetAsync(_proxy.Endpoint, Ct);
            Assert.Equal(HttpStatusCode.OK, get.StatusCode);
            using var refused = await _http.PostAsync(_proxy.Endpoint, new ByteArrayContent(Content(size)), Ct);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(3), refused.Headers.RetryAfter?.Delta);
        }

        Assert.Equal([7], await PostAsync([7]));
        Assert.Equal(2, _proxy.Answered);
    }

    private async Task<byte[]> PostAsync(byte[] content, bool chunked = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _proxy.Endpoint) { Content = new ByteArrayContent(content) };
        if (chunked) request.Headers.TransferEncodingChunked = true;
        using var answer = await _http.SendAsync(request, Ct);
        return await answer.Content.ReadAsByteArrayAsync(Ct);
    }

    private async Task NoAnswerAsync()
    {
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        soon.CancelAfter(Briefly);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _http.GetAsync(_proxy.Endpoint, soon.Token));
    }

    private static byte[] Content(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        return content;
    }

    // Whole first, so that a request which does not arrive whole has no answer; with the framing of the request.
    private async Task EchoAsync(HttpContext http)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        if (http.Request.Method == "POST") Interlocked.Increment(ref _arrived);
        if (http.Request.ContentLength is { } length) http.Response.ContentLength = length;
        body.Position = 0;
        await body.CopyToAsync(http.Response.Body, http.RequestAborted);
    }
}
