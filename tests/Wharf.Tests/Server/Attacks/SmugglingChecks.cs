using System.Net.Sockets;
using System.Text;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Requests that two parsers read differently, and connections that cost without end.</summary>
[Trait("Database", "Any")]
internal sealed class SmugglingChecks(AttackedRegistry registry) : Checks(registry)
{
    private const string Smuggled = "GET /v2/smuggled/smuggled/tags/list HTTP/1.1\r\nHost: x\r\n\r\n";

    [Attack("H01")]
    public async Task Content_Length_with_Transfer_Encoding()
    {
        foreach (var headers in new[] { $"Content-Length: {5 + Smuggled.Length}\r\nTransfer-Encoding: chunked\r\n", $"Transfer-Encoding: chunked\r\nContent-Length: {5 + Smuggled.Length}\r\n", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n" })
        {
            var answer = await PostAsync(headers, "0\r\n\r\n" + Smuggled);
            Assert.True(answer.Statuses.Length <= 1, $"{headers}: two answers: {answer.Text}");
            Assert.True(answer.Status == 400 || answer.Closed, $"{headers}: the connection stayed open after {answer.Status}.");
        }
    }

    [Attack("H02")]
    public async Task Obfuscated_Transfer_Encoding()
    {
        foreach (var header in new[]
        {
            "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity", "Transfer-Encoding:\u000bchunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
            "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding : chunked", "Transfer-Encoding: \"chunked\"",
        })
        {
            var answer = await PostAsync(header + "\r\n", "0\r\n\r\n" + Smuggled);
            Assert.True(answer.Status is 0 or 400 or 415 or 501, $"{header}: {answer.Text}");
            Assert.True(answer.Statuses.Length <= 1, $"{header}: two answers: {answer.Text}");
        }
    }

    [Attack("H03")]
    public async Task Two_Content_Lengths()
    {
        var answer = await PostAsync("Content-Length: 5\r\nContent-Length: 6\r\n", "aaaaaa");
        Assert.Equal([400], answer.Statuses);
    }

    [Attack("H04")]
    public async Task Bare_line_feeds_in_chunks()
    {
        var location = await Client.StartUploadAsync(Registry.NewRepository());
        foreach (var body in new[] { "1;\nX\r\na\r\n0\r\n\r\n", "1\na\r\n0\r\n\r\n", "1;a\nb\r\na\r\n0\r\n\r\n", "1\r\na\n0\r\n\r\n" })
        {
            var answer = await SendAsync("PATCH", location, "Transfer-Encoding: chunked\r\n", body + Smuggled);
            Assert.True(answer.Status is 0 or 400, $"{body}: {answer.Text}");
            Assert.True(answer.Statuses.Length <= 1, $"{body}: two answers: {answer.Text}");
        }
    }

    [Attack("H05")]
    public async Task Hostile_chunk_sizes()
    {
        var location = await Client.StartUploadAsync(Registry.NewRepository());
        foreach (var size in new[] { "FFFFFFFFFFFFFFFFF", "-1", "0x5", "80000000", "7FFFFFFFFFFFFFFF", " 5", "+5", "" })
        {
            var answer = await SendAsync("PATCH", location, "Transfer-Encoding: chunked\r\n", $"{size}\r\naaaaa\r\n0\r\n\r\n");
            // A huge size that is well-formed only announces what never comes.
            Assert.True(answer.Status is 0 or 400, $"{size}: {answer.Text}");
        }
    }

    [Attack("H06")]
    public async Task Hostile_Content_Lengths()
    {
        foreach (var length in new[] { "-1", "5,5", "0x5", "18446744073709551616", "5 5", "", "abc", "1e1" })
        {
            var answer = await PostAsync($"Content-Length: {length}\r\n", "aaaaa");
            Assert.True(answer.Statuses is [400], $"{length}: {answer.Text}");
        }
        // Kestrel reads "+5" as 5 before anything of ours sees it; what follows the five bytes must be the next request, and they must not be one.
        var plus = await PostAsync("Content-Length: +5\r\n", "GET /HEAD /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.True(plus.Statuses is [400] or [202, 404], plus.Text);
    }

    [Attack("H07")]
    public async Task Malformed_headers()
    {
        foreach (var header in new[] { "X-Space : 1", "X-Fold: 1\r\n folded", "X-Nul: a\0b", ": noname", "X Y: 1", "NoColon" })
        {
            var answer = await SendAsync("GET", "/v2/", header + "\r\n", "");
            Assert.Equal([400], answer.Statuses);
        }
    }

    [Attack("H09")]
    public async Task Too_many_headers()
    {
        foreach (var headers in new[] { $"X-Large: {new string('a', 1 << 20)}\r\n", string.Concat(Enumerable.Range(0, 5000).Select(i => $"X-{i}: a\r\n")) })
        {
            var answer = await SendAsync("GET", "/v2/", headers, "");
            Assert.True(answer.Status is 0 or 400 or 431, answer.Text);
        }
        await AnswersOthersAsync();
    }

    [Attack("H10")]
    public async Task Sixty_half_open_headers()
    {
        var connections = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 60; i++)
            {
                connections.Add(await OpenAsync($"GET /v2/ HTTP/1.1\r\nHost: {Registry.Host}\r\nX-"));
            }
            await AnswersOthersAsync();
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
    }

    [Attack("H11")]
    public async Task Thirty_stalled_bodies()
    {
        var connections = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 30; i++)
            {
                var location = await Client.StartUploadAsync(Registry.NewRepository());
                connections.Add(await OpenAsync($"PATCH {location} HTTP/1.1\r\nHost: {Registry.Host}\r\n{Authorization}\r\nContent-Length: 1000000\r\n\r\nabc"));
            }
            await AnswersOthersAsync();
            await Client.PushImageAsync(Registry.NewRepository(), "v1");
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
    }

    [Attack("H12", Slow = true)]
    public async Task A_header_that_never_ends()
    {
        using var connection = await OpenAsync($"GET /v2/ HTTP/1.1\r\nHost: {Registry.Host}\r\nX-");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var rest = new MemoryStream();
        await connection.GetStream().CopyToAsync(rest, limit.Token);
        Assert.Matches("^(HTTP/1\\.1 408 |$)", Encoding.Latin1.GetString(rest.ToArray()));
    }

    [Attack("H17")]
    public async Task A_large_body_on_GET()
    {
        var answer = await RawHttp.SendAsync(Registry.Url, [.. Encoding.ASCII.GetBytes($"GET /v2/ HTTP/1.1\r\nHost: {Registry.Host}\r\n{Authorization}\r\nContent-Length: {5 << 20}\r\nConnection: close\r\n\r\n"), .. new byte[5 << 20]]);
        Assert.True(answer.Status is 0 or 200 or (>= 400 and < 500), answer.Text);
        await AnswersOthersAsync();
    }

    private async Task<TcpClient> OpenAsync(string start)
    {
        var connection = await RawHttp.ConnectAsync(Registry.Url);
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(start), TestContext.Current.CancellationToken);
        return connection;
    }

    private Task<RawAnswer> PostAsync(string headers, string body) => SendAsync("POST", $"/v2/{Registry.NewRepository()}/blobs/uploads/", headers, body);

    private Task<RawAnswer> SendAsync(string method, string target, string headers, string body) =>
        RawHttp.SendAsync(Registry.Url, $"{method} {target} HTTP/1.1\r\nHost: {Registry.Host}\r\n{Authorization}\r\n{headers}\r\n{body}", TimeSpan.FromMilliseconds(700));
}
