using System.Buffers;
using System.Net;
using System.Text;
using Wharf.Server.Hosting.Network;

namespace Wharf.Tests.Hosting;

public sealed class ProxyHeaderTests
{
    private static readonly byte[] s_v2 = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    public static TheoryData<byte[], string?> Good => new()
    {
        { Line("PROXY TCP4 203.0.113.7 10.0.0.1 4000 443"), "203.0.113.7:4000" },
        { Line("PROXY TCP6 2001:db8::7 2001:db8::1 4000 443"), "[2001:db8::7]:4000" },
        { Line("PROXY UNKNOWN"), null },
        { Line("PROXY UNKNOWN ffff:f...f ffff:f...f 65535 65535"), null },
        { [.. s_v2, 0x21, 0x11, 0, 12, 203, 0, 113, 7, 10, 0, 0, 1, 0x0F, 0xA0, 1, 0xBB], "203.0.113.7:4000" },
        { [.. s_v2, 0x21, 0x11, 0, 15, 203, 0, 113, 7, 10, 0, 0, 1, 0x0F, 0xA0, 1, 0xBB, 4, 0, 0], "203.0.113.7:4000" }, // with an extension
        { [.. s_v2, 0x21, 0x21, 0, 36, 0x20, 1, 0xD, 0xB8, .. new byte[11], 7, 0x20, 1, 0xD, 0xB8, .. new byte[11], 1, 0x0F, 0xA0, 1, 0xBB], "[2001:db8::7]:4000" },
        { [.. s_v2, 0x20, 0x11, 0, 12, .. new byte[12]], null }, // LOCAL
        { [.. s_v2, 0x21, 0x00, 0, 0], null }, // UNSPEC
    };

    public static TheoryData<byte[]> Bad => new()
    {
        Line("GET / HTTP/1.1"),
        Line("PROXY TCP4 203.0.113.7 10.0.0.1 4000"),
        Line("PROXY TCP4 203.0.113.7 10.0.0.1 4000 443 5"),
        Line("PROXY TCP4 203.0.113.7 10.0.0.1 70000 443"),
        Line("PROXY TCP4 203.0.113.7 10.0.0.1 -1 443"),
        Line("PROXY TCP4 2001:db8::7 10.0.0.1 4000 443"),
        Line("PROXY TCP6 203.0.113.7 10.0.0.1 4000 443"),
        Line("PROXY UDP4 203.0.113.7 10.0.0.1 4000 443"),
        Line("PROXY  TCP4 203.0.113.7 10.0.0.1 4000 443"),
        Line("PROXY UNKNOWN " + new string('x', 100)),
        (byte[])[.. s_v2, 0x11, 0x11, 0, 12, .. new byte[12]], // version 1 in the binary form
        (byte[])[.. s_v2, 0x22, 0x11, 0, 12, .. new byte[12]], // no such command
        (byte[])[.. s_v2, 0x21, 0x11, 0, 11, .. new byte[11]], // too short for its family
        (byte[])[.. s_v2, 0x21, 0x11, 0xFF, 0xFF, .. new byte[3000]], // too long
    };

    [Theory]
    [MemberData(nameof(Good))]
    public void A_header_is_read_to_its_end_however_it_arrives(byte[] header, string? client)
    {
        byte[] bytes = [.. header, .. "GET / HTTP/1.1\r\n"u8];
        for (var known = 0; known < header.Length; known++)
        {
            Assert.Equal(OperationStatus.NeedMoreData, ProxyHeader.TryRead(new ReadOnlySequence<byte>(bytes, 0, known), out _, out _));
        }

        Assert.Equal(OperationStatus.Done, ProxyHeader.TryRead(new ReadOnlySequence<byte>(bytes), out var read, out var length));
        Assert.Equal((header.Length, client is null ? null : IPEndPoint.Parse(client)), (length, read!.Client));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Everything_else_is_refused(byte[] bytes) =>
        Assert.Equal(OperationStatus.InvalidData, ProxyHeader.TryRead(new ReadOnlySequence<byte>(bytes), out _, out _));

    [Fact]
    public void Nothing_that_is_sent_makes_it_fail_or_wait_for_more_than_it_bounds()
    {
        var random = new Random(4711);
        foreach (var (header, _) in Good.Select(row => row.Data))
        {
            for (var round = 0; round < 2000; round++)
            {
                byte[] bytes = [.. header, .. new byte[2100]];
                for (var i = random.Next(1, 5); i > 0; i--) bytes[random.Next(Math.Min(bytes.Length, 60))] = (byte)random.Next(256);

                var status = ProxyHeader.TryRead(new ReadOnlySequence<byte>(bytes), out var read, out _);

                Assert.True(status is OperationStatus.InvalidData || (status is OperationStatus.Done && read is not null), Convert.ToHexString(bytes));
            }
        }
    }

    private static byte[] Line(string text) => Encoding.ASCII.GetBytes(text + "\r\n");
}
