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

    // One for the run, whichever fixture or test asks first; the fixture's end stops it.
    private static readonly SemaphoreSlim s_starting = new(1);
    private static readonly string s_root = Directory.CreateTempSubdirectory("wharf-pg-").FullName;
    private static int s_port;

    /// <summary>Whether every registry of the run gets a PostgreSQL database instead of its own SQLite (WHARF_TEST_DATABASE=postgres).</summary>
    public static bool ForEveryRegistry { get; } = Environment.GetEnvironmentVariable("WHARF_TEST_DATABASE") == "postgres";

    public static string Data => Path.Join(s_root, "pg");

    /// <summary>A new, empty database: an Npgsql connection string.</summary>
    public static async Task<string> CreateDatabaseAsync()
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
    public static Task CrashAsync() => RunAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    /// <summary>Starts it again on the same port.</summary>
    public static Task StartAgainAsync() => RunAsync("pg_ctl", "-D", Data, "-s", "-w", "-t", "60", "-l", Path.Join(s_root, "log"), "start");

    public async ValueTask DisposeAsync()
    {
        if (s_port != 0)
            await RunAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        Directory.Delete(s_root, recursive: true);
    }

    private static string ConnectionString(string database) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={s_port};Username={User};Database={database};Timeout=10");

    private static async Task StartAsync()
    {
        await s_starting.WaitAsync();
        try
        {
            if (s_port != 0)
                return;
            File.SetUnixFileMode(s_root, (UnixFileMode)0b111_101_101);
            var port = FreePort();
            Directory.CreateDirectory(Data);
            using (var chown = Process.Start("chown", ["-R", User, s_root]))
                await chown.WaitForExitAsync();
            await RunAsync("initdb", "-D", Data, "-U", User, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8");
            await File.AppendAllTextAsync(Path.Join(Data, "postgresql.conf"), string.Create(CultureInfo.InvariantCulture, $"""

                port = {port}
                listen_addresses = '127.0.0.1'
                unix_socket_directories = '{s_root}'
                fsync = off
                synchronous_commit = off
                full_page_writes = off
                max_connections = 300
                """));
            await StartAgainAsync();
            s_port = port;
        }
        finally
        {
            s_starting.Release();
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    // PostgreSQL refuses to run as root.
    private static async Task RunAsync(string program, params string[] arguments)
    {
        var path = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(d => Path.Join(d, "bin", program)).Last(File.Exists);
        var start = new ProcessStartInfo("runuser", ["-u", User, "--", path, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = s_root };
        // The server keeps the pipes of pg_ctl open, so that their end is not waited for.
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}");
    }
}
