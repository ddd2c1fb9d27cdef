using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Hosting.Network;

namespace Wharf.Tests.Hosting;

/// <summary>What the server takes itself and its clients to be: Host, forwarded headers, PROXY headers.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData("", "registry.example.com", "http://registry.example.com registry.example.com")]
    [InlineData("", "registry.example.com:8080", "http://registry.example.com:8080 registry.example.com:8080")]
    [InlineData("PublicUrl: https://registry.example.com", "registry.example.com", "https://registry.example.com registry.example.com")]
    [InlineData("PublicUrl: https://registry.example.com:8443/", "registry.example.com:8443", "https://registry.example.com:8443 registry.example.com:8443")]
    [InlineData("PublicUrl: https://registry.example.com", "localhost:1234", "https://registry.example.com registry.example.com")]
    [InlineData("PublicUrl: https://registry.example.com", "127.0.0.1", "https://registry.example.com registry.example.com")]
    [InlineData("{ PublicUrl: https://registry.example.com, HostNames: [internal] }", "Internal:5000", "http://Internal:5000 Internal:5000")]
    [InlineData("HostNames: [\"internal:5000\", other]", "internal:5000", "http://internal:5000 internal:5000")]
    [InlineData("HostNames: [internal]", "[::1]:99", "http://[::1]:99 [::1]:99")]
    public async Task The_base_url_is_the_public_one_or_a_configured_host_or_what_was_asked(string server, string host, string expected)
    {
        await using var wharf = await StartAsync(server);

        Assert.Equal((HttpStatusCode.OK, expected), await GetAsync(wharf, "/v2/address", host));
    }

    [Theory]
    [InlineData("PublicUrl: https://registry.example.com", "evil.example.com")]
    [InlineData("PublicUrl: https://registry.example.com:8443", "registry.example.com:9999")]
    [InlineData("PublicUrl: https://registry.example.com", "registry.example.com.evil.example.com")]
    [InlineData("HostNames: [internal]", "10.9.8.7")]
    [InlineData("HostNames: [\"internal:5000\"]", "internal:5001")]
    public async Task With_hosts_configured_any_other_is_misdirected_below_v2_and_api(string server, string host)
    {
        await using var wharf = await StartAsync(server);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await GetAsync(wharf, "/v2/address", host)).Status);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await GetAsync(wharf, "/api/address", host)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(wharf, "/health/live", host)).Status);
    }

    [Theory]
    [InlineData("203.0.113.7", "https", "registry.example.com", "https://registry.example.com registry.example.com 203.0.113.7")]
    [InlineData("9.9.9.9, 203.0.113.7, 10.0.0.2", "https", "registry.example.com", "https://registry.example.com registry.example.com 203.0.113.7")] // what the client made up, it, a proxy of ours
    [InlineData("203.0.113.7", "gopher", "registry.example.com", "http://registry.example.com registry.example.com 203.0.113.7")]
    public async Task Forwarded_headers_of_trusted_proxies_are_believed(string from, string scheme, string host, string expected)
    {
        await using var wharf = await StartAsync("TrustedProxies: [127.0.0.1, 10.0.0.0/8]");

        var answer = await GetAsync(wharf, "/v2/client", "inner", ("X-Forwarded-For", from), ("X-Forwarded-Proto", scheme), ("X-Forwarded-Host", host), ("Forwarded", "for=1.2.3.4"));

        Assert.Equal((HttpStatusCode.OK, expected), answer);
    }

    [Theory]
    [InlineData("")]
    [InlineData("TrustedProxies: [10.0.0.0/8]")]
    public async Task Forwarded_headers_of_others_are_not(string server)
    {
        await using var wharf = await StartAsync(server);

        var answer = await GetAsync(wharf, "/v2/client", "inner", ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example.com"));

        Assert.Equal((HttpStatusCode.OK, "http://inner inner 127.0.0.1"), answer);
    }

    [Fact]
    public async Task A_proxy_header_names_the_client()
    {
        await using var wharf = await StartAsync("{ ProxyProtocol: true, TrustedProxies: [127.0.0.1] }");

        Assert.Contains(" 203.0.113.7", await SendAsync(wharf.Url, "PROXY TCP4 203.0.113.7 10.0.0.1 4000 443\r\nGET /v2/client HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.Contains(" 127.0.0.1", await SendAsync(wharf.Url, "PROXY UNKNOWN\r\nGET /v2/client HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_without_a_proxy_header_is_closed()
    {
        await using var wharf = await StartAsync("{ ProxyProtocol: true, TrustedProxies: [127.0.0.1] }");

        Assert.Equal("", await SendAsync(wharf.Url, "GET /v2/client HTTP/1.1\r\nHost: inner\r\n\r\n"));
    }

    [Fact]
    public async Task A_connection_of_somebody_who_is_no_proxy_is_closed()
    {
        await using var wharf = await StartAsync("{ ProxyProtocol: true, TrustedProxies: [10.0.0.0/8] }");

        Assert.Equal("", await SendAsync(wharf.Url, "PROXY TCP4 203.0.113.7 10.0.0.1 4000 443\r\nGET /v2/client HTTP/1.1\r\nHost: inner\r\n\r\n"));
    }

    [Fact]
    public async Task More_connections_than_there_are_descriptors_for_are_closed_and_the_others_go_on()
    {
        await using var wharf = await RunningWharf.StartAsync(descriptors: 400);
        var request = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray();
        var crowd = new List<TcpClient>();
        var answered = 0;
        for (var i = 0; i < 300; i++)
        {
            var client = new TcpClient();
            crowd.Add(client);
            try
            {
                await client.ConnectAsync(wharf.Url.Host, wharf.Url.Port, TestContext.Current.CancellationToken);
                await client.GetStream().WriteAsync(request, TestContext.Current.CancellationToken);
                if (await client.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken) == 1) answered++;
            }
            catch (Exception e) when (e is IOException or SocketException { SocketErrorCode: SocketError.ConnectionReset })
            {
                // Closed before it was asked.
            }
        }
        crowd.ForEach(static c => c.Dispose());

        Assert.InRange(answered, 100, 136); // (400 - 128) / 2
        await Eventually.IsTrueAsync(async () => await IsLiveAsync(wharf), "an answer after the crowd has left");

        static async Task<bool> IsLiveAsync(RunningWharf wharf)
        {
            try
            {
                using var answer = await wharf.Client.GetAsync("/health/live", TestContext.Current.CancellationToken);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_proxy_that_is_slow_with_its_header_is_closed()
    {
        await using var wharf = await StartAsync("{ ProxyProtocol: true, TrustedProxies: [127.0.0.1] }");

        Assert.Equal("", await SendAsync(wharf.Url, "PROXY TCP4 203"));
    }

    [Theory]
    [InlineData("http://[::1]:0", "http://[::1]:")]
    [InlineData("http://[::]:0", "http://localhost:")]
    [InlineData("http://*:0", "http://localhost:")]
    [InlineData("http://0.0.0.0:0", "http://localhost:")]
    [InlineData("http://localhost:0", "http://localhost:")]
    public async Task It_listens_on_ipv6_dual_stack_and_everything(string listen, string ready)
    {
        await using var wharf = await HostedWharf.StartAsync(Map, listen: listen);

        Assert.StartsWith(ready, wharf.Url.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(wharf, "/v2/client", "inner")).Status);
    }

    [Theory]
    [InlineData("http://[::]:0", "127.0.0.1", " 127.0.0.1")] // not ::ffff:127.0.0.1, for throttling and the audit
    [InlineData("http://[::]:0", "::1", " ::1")]
    [InlineData("http://*:0", "127.0.0.1", " 127.0.0.1")]
    public async Task Dual_stack_takes_both_families_and_names_clients_plainly(string listen, string through, string client)
    {
        await using var wharf = await HostedWharf.StartAsync(Map, listen: listen);

        Assert.Contains(client, await SendAsync(wharf.Url, "GET /v2/client HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n", through), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1")]
    [InlineData("HTTPS://*")]
    [InlineData("http://[2001:db8::1]:8080")]
    public void Addresses_to_listen_on(string text) => Assert.NotNull(ListenAddress.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("http://")]
    [InlineData("http://:80")]
    [InlineData("http://127.1:80")]
    [InlineData("http://127.0.0.1:65536")]
    [InlineData("http://127.0.0.1:")]
    [InlineData("http://127.0.0.1:-1")]
    [InlineData("http://::1:80")]
    [InlineData("http://[127.0.0.1]:80")]
    [InlineData("http://127.0.0.1:80/path")]
    [InlineData("http://registry.example.com:80")]
    [InlineData("unix:/tmp/x")]
    public void No_addresses_to_listen_on(string text) => Assert.Null(ListenAddress.Parse(text));

    private static Task<HostedWharf> StartAsync(string server) =>
        HostedWharf.StartAsync(Map, server.Length == 0 ? "" : server.StartsWith('{') ? $"Server: {server}\n" : $"Server:\n  {server}\n");

    private static void Map(WebApplication app)
    {
        app.MapMethods("/v2/address", ["GET"], (RequestDelegate)(http => http.Response.WriteAsync($"{Address(http).BaseUrl(http)} {Address(http).Service(http)}")));
        app.MapMethods("/api/address", ["GET"], (RequestDelegate)(http => http.Response.WriteAsync("here")));
        app.MapMethods("/v2/client", ["GET"], (RequestDelegate)(http => http.Response.WriteAsync($"{Address(http).BaseUrl(http)} {Address(http).Service(http)} {http.Connection.RemoteIpAddress}")));
    }

    private static PublicAddress Address(HttpContext http) => http.RequestServices.GetRequiredService<PublicAddress>();

    private static async Task<(HttpStatusCode Status, string Text)> GetAsync(HostedWharf wharf, string path, string host, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        foreach (var (name, value) in headers) request.Headers.Add(name, value);
        using var answer = await wharf.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<string> SendAsync(Uri url, string text, string to = "127.0.0.1")
    {
        var address = IPAddress.Parse(to);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var answer = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            // Whoever is refused at the door may be reset before a byte is sent, even before the connection is looked at.
            await socket.ConnectAsync(new IPEndPoint(address, url.Port), TestContext.Current.CancellationToken);
            await socket.SendAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);
            int read;
            while ((read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken)) > 0) answer.Write(buffer, 0, read);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown)
        {
            // Refused without a word.
        }

        return Encoding.ASCII.GetString(answer.ToArray());
    }
}
