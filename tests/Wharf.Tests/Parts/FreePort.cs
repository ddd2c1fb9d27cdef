using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Wharf.Tests.Parts;

/// <summary>
/// Ports for programs that cannot choose one themselves. They lie below the range from which the kernel takes ports for outgoing connections, so that
/// in the seconds until the program listens no connection of another test can get one.
/// </summary>
internal static class FreePort
{
    private const int First = 12_000;
    private const int End = 32_000;

    /// <summary>A loopback port that nobody listens on.</summary>
    public static int Take()
    {
        for (var i = 0; i < 100; i++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, RandomNumberGenerator.GetInt32(First, End));
            try
            {
                probe.Start();
                return ((IPEndPoint)probe.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // In use; another one.
            }
        }
        throw new InvalidOperationException("A hundred ports were all in use.");
    }
}
