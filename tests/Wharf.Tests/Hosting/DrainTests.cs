using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Wharf.Tests.Hosting;

public sealed class DrainTests
{
    [Fact]
    public async Task After_sigterm_it_is_not_ready_at_once_and_a_running_request_finishes()
    {
        await using var wharf = await RunningWharf.StartAsync();
        using var slow = await SlowRequestAsync(wharf);

        wharf.Signal("TERM");
        await Eventually.IsTrueAsync(async () => await ReadyAsync(wharf) == HttpStatusCode.ServiceUnavailable, "not ready");
        await slow.SendAsync("{}"u8.ToArray());

        Assert.StartsWith("HTTP/1.1 200", await AnswerAsync(slow), StringComparison.Ordinal);
        Assert.Equal(0, await wharf.ExitAsync());
    }

    [Fact]
    public async Task Without_running_requests_it_ends_at_once()
    {
        await using var wharf = await RunningWharf.StartAsync();
        await wharf.Client.GetStringAsync("/health/live", TestContext.Current.CancellationToken); // a connection that stays open

        wharf.Signal("INT");

        Assert.Equal(0, await wharf.ExitAsync(seconds: 5));
    }

    [Fact]
    public async Task A_request_that_takes_longer_than_the_grace_is_cut()
    {
        await using var wharf = await RunningWharf.StartAsync(environment: [("WHARF__Server__ShutdownGrace", "300ms")]);
        using var slow = await SlowRequestAsync(wharf);

        wharf.Signal("TERM");

        Assert.Equal(0, await wharf.ExitAsync());
        Assert.Equal("", await AnswerAsync(slow));
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once()
    {
        await using var wharf = await RunningWharf.StartAsync();
        using var slow = await SlowRequestAsync(wharf);
        wharf.Signal("TERM");
        await Eventually.IsTrueAsync(async () => await ReadyAsync(wharf) == HttpStatusCode.ServiceUnavailable, "not ready");

        wharf.Signal("TERM");

        Assert.Equal(143, await wharf.ExitAsync(seconds: 5));
    }

    // The head of a request whose body is still to come; it has reached the endpoint when the server asks for the body.
    private static async Task<Socket> SlowRequestAsync(RunningWharf wharf)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(wharf.Data, "wharf.sock")));
        await socket.SendAsync(Encoding.ASCII.GetBytes("POST /commands/version HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
        var buffer = new byte[100];
        var read = await socket.ReceiveAsync(buffer);
        Assert.StartsWith("HTTP/1.1 100", Encoding.ASCII.GetString(buffer, 0, read), StringComparison.Ordinal);
        return socket;
    }

    private static async Task<string> AnswerAsync(Socket socket)
    {
        using var text = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            int read;
            while ((read = await socket.ReceiveAsync(buffer, SocketFlags.None, TestContext.Current.CancellationToken)) > 0) text.Write(buffer, 0, read);
        }
        catch (SocketException)
        {
            // Cut.
        }

        return Encoding.ASCII.GetString(text.ToArray());
    }

    private static async Task<HttpStatusCode> ReadyAsync(RunningWharf wharf)
    {
        using var answer = await wharf.Client.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
