using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Wharf.Tests.Hosting;

public sealed class FaultTests
{
    [Theory]
    [InlineData("/v2/boom")]
    [InlineData("/api/v1/boom")]
    [InlineData("/boom")]
    public async Task A_fault_is_a_500_that_tells_nothing_but_the_request_id(string path)
    {
        await using var wharf = await StartAsync();

        using var answer = await wharf.Client.GetAsync(path, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        var id = answer.Headers.GetValues("X-Request-Id").Single();
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains(id, text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        lock (wharf.Log) Assert.Single(wharf.Log, l => l.StartsWith("Error", StringComparison.Ordinal) && l.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Below_v2_errors_are_oci_json()
    {
        await using var wharf = await StartAsync();

        using var answer = await wharf.Client.GetAsync("/v2/nothing", TestContext.Current.CancellationToken);
        var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["errors"]![0]!;

        Assert.Equal((HttpStatusCode.NotFound, "application/json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal("NAME_UNKNOWN", (string?)error["code"]);
        Assert.NotEmpty((string)error["message"]!);
    }

    [Fact]
    public async Task Elsewhere_errors_have_the_shape_of_quay()
    {
        await using var wharf = await StartAsync();

        using var answer = await wharf.Client.GetAsync("/api/v1/nothing", TestContext.Current.CancellationToken);
        var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        foreach (var name in new[] { "detail", "error_message", "error_type", "title", "type", "status" }) Assert.NotNull(error[name]);
        Assert.Equal((404, "not_found"), ((int)error["status"]!, (string?)error["error_type"]));
    }

    [Theory]
    [InlineData("Content-Length: 5000000\r\n\r\n", "413")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nZZ\r\n", "400")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n", "400")]
    public async Task A_body_that_cannot_be_read_is_the_fault_of_the_client(string rest, string status)
    {
        await using var wharf = await StartAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, wharf.Url.Port), TestContext.Current.CancellationToken);

        await socket.SendAsync(Encoding.ASCII.GetBytes("POST /v2/read HTTP/1.1\r\nHost: localhost\r\n" + rest), TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        var read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);

        Assert.StartsWith($"HTTP/1.1 {status} ", Encoding.ASCII.GetString(buffer, 0, read), StringComparison.Ordinal);
        lock (wharf.Log) Assert.DoesNotContain(wharf.Log, l => l.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_disk_is_507()
    {
        await using var wharf = await StartAsync();

        using var answer = await wharf.Client.GetAsync("/full", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.InsufficientStorage, answer.StatusCode);
    }

    [Fact]
    public async Task A_transfer_that_fails_midway_is_cut_so_that_the_client_sees_it()
    {
        await using var wharf = await StartAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => wharf.Client.GetStringAsync("/midway", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_client_that_goes_away_is_no_fault()
    {
        var (came, left) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var wharf = await StartAsync(came, left);
        using (var cut = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            var request = wharf.Client.GetAsync("/waits", cut.Token);
            await came.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
            await cut.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        }

        await left.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        lock (wharf.Log) Assert.DoesNotContain(wharf.Log, l => l.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_clients_own_request_id_is_not_taken_and_the_server_does_not_name_itself()
    {
        await using var wharf = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nothing");
        request.Headers.Add("X-Request-Id", "mine");

        using var answer = await wharf.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Matches("^[0-9a-f]{16}$", Assert.Single(answer.Headers.GetValues("X-Request-Id")));
        Assert.False(answer.Headers.Contains("Server"));
    }

    private static Task<HostedWharf> StartAsync(TaskCompletionSource? came = null, TaskCompletionSource? left = null) => HostedWharf.StartAsync(app =>
    {
        foreach (var path in new[] { "/v2/boom", "/api/v1/boom", "/boom" }) app.MapMethods(path, ["GET"], (RequestDelegate)(_ => throw new InvalidOperationException("secret")));
        app.MapMethods("/v2/read", ["POST"], (RequestDelegate)(http => http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted)));
        app.MapMethods("/full", ["GET"], (RequestDelegate)(_ => throw new IOException("No space left on device", 28)));
        app.MapMethods("/midway", ["GET"], (RequestDelegate)(async http =>
        {
            await http.Response.WriteAsync("half");
            await http.Response.Body.FlushAsync();
            throw new InvalidOperationException("secret");
        }));
        app.MapMethods("/waits", ["GET"], (RequestDelegate)(async http =>
        {
            came!.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }
            finally
            {
                left!.SetResult();
            }
        }));
    });
}
