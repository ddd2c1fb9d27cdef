using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Wharf.Tests.Server.Crashes;

/// <summary>A PostgreSQL for one test, which may stop it, with durable commits; from Debian's package, on a free loopback port.</summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private const string User = "postgres";

    private readonly string _root = Directory.CreateTempSubdirectory("wharf-pg-").FullName;
    private readonly int _port = FreePort();

    private PostgresCluster()
    {
    }

    /// <summary>Of its one database.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username={User};Database={User};Timeout=10");

    private string Data => Path.Join(_root, "pg");

    public static async Task<PostgresCluster> StartNewAsync()
    {
        var cluster = new PostgresCluster();
        File.SetUnixFileMode(cluster._root, (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(cluster.Data);
        using (var chown = Process.Start("chown", ["-R", User, cluster._root]))
            await chown.WaitForExitAsync();
        await cluster.RunAsync("initdb", "-D", cluster.Data, "-U", User, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
        await File.AppendAllTextAsync(Path.Join(cluster.Data, "postgresql.conf"), string.Create(CultureInfo.InvariantCulture, $"""

            port = {cluster._port}
            listen_addresses = '127.0.0.1'
            unix_socket_directories = '{cluster._root}'
            """));
        await cluster.StartAsync();
        return cluster;
    }

    /// <summary>SIGQUIT to every process of it: nothing is written that was not.</summary>
    public Task CrashAsync() => RunAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    /// <summary>On the same port.</summary>
    public Task StartAsync() => RunAsync("pg_ctl", "-D", Data, "-s", "-w", "-t", "60", "-l", Path.Join(_root, "log"), "start");

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Join(Data, "postmaster.pid")))
            await CrashAsync();
        Directory.Delete(_root, recursive: true);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    // PostgreSQL refuses to run as root.
    private async Task RunAsync(string program, params string[] arguments)
    {
        var path = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Join(d, "bin", program)).Last(File.Exists);
        // The server keeps the pipes of pg_ctl open, so that their end is not waited for.
        using var process = Process.Start(new ProcessStartInfo("runuser", ["-u", User, "--", path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _root })!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}");
    }
}
