using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Wharf.Tests.Server.Data;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Wharf.Tests.Server.Data;

/// <summary>
/// A PostgreSQL of its own for the whole run, from Debian's package, on a free loopback port; started by the first test that asks for
/// a database. Durability is off: what these tests prove is not it.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "postgres";
    private readonly SemaphoreSlim _starting = new(1);
    private readonly string _root = Directory.CreateTempSubdirectory("wharf-pg-").FullName;
    private int _port;

    public string Data => Path.Join(_root, "pg");

    /// <summary>A new, empty database: an Npgsql connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        await StartAsync();
        var name = "t" + Guid.NewGuid().ToString("N");
        await using var connection = new NpgsqlConnection(ConnectionString(User));
        await connection.OpenAsync();
#pragma warning disable CA2100 // The name is of this method's making
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
#pragma warning restore CA2100
        await create.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    /// <summary>SIGKILL to every process of the server.</summary>
    public Task CrashAsync() => RunAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    /// <summary>Starts it again on the same port.</summary>
    public Task StartAgainAsync() => RunAsync("pg_ctl", "-D", Data, "-s", "-w", "-t", "60", "-l", Path.Join(_root, "log"), "start");

    public async ValueTask DisposeAsync()
    {
        if (_port != 0)
            await RunAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        _starting.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private string ConnectionString(string database) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username={User};Database={database};Timeout=10");

    private async Task StartAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_port != 0)
                return;
            File.SetUnixFileMode(_root, (UnixFileMode)0b111_101_101);
            var port = FreePort();
            Directory.CreateDirectory(Data);
            using (var chown = Process.Start("chown", ["-R", User, _root]))
                await chown.WaitForExitAsync();
            await RunAsync("initdb", "-D", Data, "-U", User, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
            await File.AppendAllTextAsync(Path.Join(Data, "postgresql.conf"), string.Create(CultureInfo.InvariantCulture, $"""

                port = {port}
                listen_addresses = '127.0.0.1'
                unix_socket_directories = '{_root}'
                fsync = off
                synchronous_commit = off
                full_page_writes = off
                max_connections = 300
                """));
            await StartAgainAsync();
            _port = port;
        }
        finally
        {
            _starting.Release();
        }
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
        var start = new ProcessStartInfo("runuser", ["-u", User, "--", path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _root };
        // The server keeps the pipes of pg_ctl open, so that their end is not waited for.
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}");
    }
}
