using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Wharf.Server.Hosting.Network;

/// <summary>A PROXY header.</summary>
/// <param name="Client">The client that the proxy speaks for; null when it speaks for itself (LOCAL, UNKNOWN, or not TCP).</param>
internal sealed record ProxyHeader(IPEndPoint? Client)
{
    // proxy-protocol.txt 2.1: the longest line is 107 bytes with its CRLF.
    private const int MaxLine = 107;

    // 2.2: 16 bytes, then what they say; addresses take 36 and extensions follow. Proxies send some hundred bytes.
    private const int HeadLength = 16;
    private const int MaxBody = 2048;

    private static ReadOnlySpan<byte> Signature => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <summary>Reads a header at the start of <paramref name="buffer"/>; Done with its length, NeedMoreData, or InvalidData.</summary>
    public static OperationStatus TryRead(in ReadOnlySequence<byte> buffer, out ProxyHeader? header, out long length)
    {
        (header, length) = (null, 0);
        Span<byte> start = stackalloc byte[HeadLength + 36];
        var known = (int)Math.Min(buffer.Length, start.Length);
        buffer.Slice(0, known).CopyTo(start);
        start = start[..known];

        var signature = Signature[..Math.Min(known, Signature.Length)];
        if (start.StartsWith(signature)) return known < HeadLength ? OperationStatus.NeedMoreData : Binary(buffer, start, out header, out length);
        return start.StartsWith("PROXY "u8[..Math.Min(known, 6)]) ? Line(buffer, out header, out length) : OperationStatus.InvalidData;
    }

    private static OperationStatus Line(in ReadOnlySequence<byte> buffer, out ProxyHeader? header, out long length)
    {
        (header, length) = (null, 0);
        Span<byte> bytes = stackalloc byte[MaxLine];
        var known = (int)Math.Min(buffer.Length, MaxLine);
        buffer.Slice(0, known).CopyTo(bytes);
        var end = bytes[..known].IndexOf("\r\n"u8);
        if (end < 0) return known < MaxLine ? OperationStatus.NeedMoreData : OperationStatus.InvalidData;

        length = end + 2;
        var fields = Encoding.ASCII.GetString(bytes[..end]).Split(' ');
        if (fields.Length >= 2 && fields[1] == "UNKNOWN")
        {
            header = new ProxyHeader((IPEndPoint?)null);
            return OperationStatus.Done;
        }

        var family = fields.Length == 6 ? fields[1] switch { "TCP4" => 4, "TCP6" => 16, _ => 0 } : 0;
        if (family == 0
            || !IPAddress.TryParse(fields[2], out var source) || source.GetAddressBytes().Length != family
            || !IPAddress.TryParse(fields[3], out var target) || target.GetAddressBytes().Length != family
            || !ushort.TryParse(fields[4], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || !ushort.TryParse(fields[5], NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            return OperationStatus.InvalidData;
        }

        header = new ProxyHeader(new IPEndPoint(source, port));
        return OperationStatus.Done;
    }

    private static OperationStatus Binary(in ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> start, out ProxyHeader? header, out long length)
    {
        (header, length) = (null, 0);
        var (version, command, family) = (start[12] >> 4, start[12] & 0xF, start[13]);
        var body = BinaryPrimitives.ReadUInt16BigEndian(start[14..]);
        if (version != 2 || command > 1 || body > MaxBody) return OperationStatus.InvalidData;
        length = HeadLength + body;
        if (buffer.Length < length) return OperationStatus.NeedMoreData;

        // 2.2: LOCAL is the proxy's own health check; 0x11 is TCP over IPv4, 0x21 over IPv6.
        IPEndPoint? client = null;
        if (command == 1 && family is (0x11 or 0x21))
        {
            var size = family == 0x11 ? 4 : 16;
            if (body < 2 * size + 4) return OperationStatus.InvalidData;
            client = new IPEndPoint(new IPAddress(start.Slice(HeadLength, size)), BinaryPrimitives.ReadUInt16BigEndian(start[(HeadLength + 2 * size)..]));
        }

        header = new ProxyHeader(client);
        return OperationStatus.Done;
    }
}
