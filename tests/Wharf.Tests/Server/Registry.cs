using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server;

/// <summary>
/// The real program, started by <c>./wharf serve</c> on a free loopback port with a data directory of its own, and stopped by SIGTERM.
/// An assembly or class fixture; a subclass starts it with other settings, or a test starts its own with <see cref="StartAsync"/>.
/// The server's log from the first use by a test on is shown when that test fails.
/// </summary>
public class Registry : IAsyncLifetime
{
    /// <summary>Name of the superuser that the server makes on its empty database.</summary>
    public const string Admin = "admin";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);
    private static readonly ConcurrentDictionary<Registry, byte> Running = [];

    private readonly List<string> _log = [];
    private readonly ConcurrentDictionary<string, int> _firstLogLineOfTest = [];
    private readonly List<HttpClient> _clients = [];
    private readonly string _root = Directory.CreateTempSubdirectory("wharf-test-").FullName;
    private string? _database;
    private IReadOnlyDictionary<string, string>? _store;
    private Process? _process;
    private Uri? _url;
    private HttpClient? _admin;
    private HttpClient? _anonymous;

    /// <summary>Further arguments of <c>serve</c>, such as <c>--listen https://127.0.0.1:0</c>; without a <c>--listen</c> a free port of 127.0.0.1 is taken.</summary>
    protected virtual IReadOnlyList<string> Arguments => [];

    /// <summary>Settings as <c>Section:Key</c> and value, given to the server in its environment as <c>WHARF__Section__Key</c>.</summary>
    protected virtual IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>();

    /// <summary>Whether the data directory holds the database even when the run is on PostgreSQL; for what can only happen to that directory.</summary>
    protected virtual bool AlwaysOnSqlite => false;

    /// <summary>The connection string of the PostgreSQL database that the run gave it; null on SQLite.</summary>
    public string? Database => _database;

    /// <summary>Whether blobs are in the data directory even when the run is on an object store.</summary>
    protected virtual bool AlwaysOnDisk => false;

    /// <summary>What the section <c>Storage</c> says of the store that the run gave it, in YAML, indented; empty where that is a directory.</summary>
    public string Store => StoreUnderTest.Yaml(_store ?? new Dictionary<string, string>());

    /// <summary>Whether the HTTP clients trust a server certificate; matters to a subclass that listens on https.</summary>
    protected virtual bool Trusts(X509Certificate2 certificate) => false;

    public string AdminPassword { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    /// <summary>What the ready line said, for example http://127.0.0.1:40123/; with 127.0.0.1 in place of a wildcard address.</summary>
    public Uri Url
    {
        get
        {
            NoteUse();
            return _url ?? throw new InvalidOperationException("The registry has not been started.");
        }
    }

    /// <summary>Host and port, as the first part of an image reference.</summary>
    public string Host => Url.Authority;

    public string DataDirectory => Path.Combine(_root, "data");

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The registry has not been started.");

    /// <summary>Signed in as the superuser with Basic.</summary>
    public HttpClient Client
    {
        get
        {
            NoteUse();
            return _admin ?? throw new InvalidOperationException("The registry has not been started.");
        }
    }

    public HttpClient Anonymous
    {
        get
        {
            NoteUse();
            return _anonymous ?? throw new InvalidOperationException("The registry has not been started.");
        }
    }

    /// <summary>The folder of the published program that runs.</summary>
    public string ProgramDirectory => Path.GetDirectoryName(File.ResolveLinkTarget($"/proc/{ProcessId}/exe", returnFinalTarget: false)!.FullName)!;

    /// <summary>Starts a registry for one test, which disposes it.</summary>
    public static async Task<T> StartAsync<T>()
        where T : Registry, new()
    {
        var registry = new T();
        try
        {
            await registry.InitializeAsync();
            return registry;
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    public static Task<Registry> StartAsync() => StartAsync<Registry>();

    public virtual async ValueTask InitializeAsync()
    {
        Running.TryAdd(this, 0);
        await StartProcessAsync();
    }

    /// <summary>Stops the program by SIGTERM and starts it on the same data, on the same port unless <see cref="Arguments"/> ask for free ones.</summary>
    /// <param name="whileDown">What to do to the data in between.</param>
    public async Task RestartAsync(Func<Task>? whileDown = null)
    {
        await StopProcessAsync();
        await (whileDown?.Invoke() ?? Task.CompletedTask);
        await StartProcessAsync();
    }

    /// <summary>Stops the program by SIGTERM; <see cref="RestartAsync"/> starts it again.</summary>
    public Task StopAsync() => StopProcessAsync();

    /// <summary>Ends the program at once by SIGKILL; <see cref="RestartAsync"/> starts it again.</summary>
    public async Task KillAsync()
    {
        using var process = _process ?? throw new InvalidOperationException("The registry has not been started.");
        _process = null;
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public HttpClient ClientFor(string user, string password)
    {
        NoteUse();
        var client = NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        return client;
    }

    /// <summary>A new user with a namespace of the same name, made by the superuser; the server chooses the password. Without a name, one that no other test has.</summary>
    public async Task<Account> CreateUserAsync(string? name = null)
    {
        name ??= "user" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
        using var response = await Client.PostAsJsonAsync("/api/v1/superuser/users/", new { username = name, email = $"{name}@example.test" }, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"Creating user {name}: {(int)response.StatusCode} {body}");
        var password = JsonDocument.Parse(body).RootElement.GetProperty("password").GetString()!;
        return new Account(name, password, ClientFor(name, password));
    }

    /// <summary>Lets the owner make an existing repository public or private.</summary>
    public static async Task SetPublicAsync(Account owner, string repository, bool isPublic)
    {
        using var response = await owner.Client.PostAsJsonAsync(
            $"/api/v1/repository/{owner.Name}/{repository}/changevisibility", new { visibility = isPublic ? "public" : "private" }, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"Changing the visibility of {owner.Name}/{repository}: {(int)response.StatusCode}");
    }

    /// <summary>The program's own database, whichever engine it is on, opened beside it.</summary>
    internal async Task<DbConnection> OpenDatabaseAsync()
    {
        DbConnection connection = _database is not null
            ? new NpgsqlConnection(_database)
            : new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(DataDirectory, "wharf.db"), Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>Everything that the program has written so far.</summary>
    public string Log()
    {
        lock (_log)
        {
            return string.Join('\n', _log);
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Running.TryRemove(this, out _);
        try
        {
            await StopProcessAsync();
        }
        finally
        {
            _clients.ForEach(c => c.Dispose());
            Directory.Delete(_root, recursive: true);
        }
    }

    /// <summary>The logs of the registries that a test has used, each from that test's first use of it on, at most the last 200 lines.</summary>
    internal static string LogsOf(string testId)
    {
        var text = new StringBuilder();
        foreach (var registry in Running.Keys)
        {
            if (!registry._firstLogLineOfTest.TryGetValue(testId, out var first))
            {
                continue;
            }
            text.Append("--- log of the server at ").Append(registry._url).AppendLine();
            lock (registry._log)
            {
                foreach (var line in registry._log.Skip(first).TakeLast(200))
                {
                    text.AppendLine(line);
                }
            }
        }
        return text.ToString();
    }

    private void NoteUse()
    {
        if (TestContext.Current.Test is { } test)
        {
            lock (_log)
            {
                _firstLogLineOfTest.TryAdd(test.UniqueID, _log.Count);
            }
        }
    }

    private HttpClient NewClient()
    {
        // Whoever sends credentials decides so itself; cookies and redirects would hide what the server answers.
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            errors == SslPolicyErrors.None || (certificate is X509Certificate2 presented && Trusts(presented));
        var client = new HttpClient(StoreUnderTest.IsLocal ? handler : new StoreFollower(handler)) { BaseAddress = _url ?? throw new InvalidOperationException("The registry has not been started."), Timeout = TimeSpan.FromMinutes(5) };
        lock (_clients)
        {
            _clients.Add(client);
        }
        return client;
    }

    private async Task StartProcessAsync()
    {
        var start = new ProcessStartInfo(Path.Combine(SourceTree.Root, "wharf"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = _root,
        };
        string[] listen = Arguments.Contains("--listen") ? [] : ["--listen", $"http://127.0.0.1:{_url?.Port ?? 0}"];
        foreach (var argument in (string[])["serve", "--data", DataDirectory, .. listen, .. Arguments])
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["WHARF_ADMIN_PASSWORD"] = AdminPassword;
        if (PostgresServer.ForEveryRegistry && !AlwaysOnSqlite)
        {
            start.Environment["WHARF__Database"] = _database ??= await PostgresServer.CreateDatabaseAsync();
        }
        if (!AlwaysOnDisk && !Settings.Keys.Any(static k => k.StartsWith("Storage:", StringComparison.Ordinal)))
        {
            foreach (var (key, value) in _store ??= await StoreUnderTest.NewAsync())
            {
                start.Environment[$"WHARF__Storage__Locations__{StoreUnderTest.Name}__{key}"] = value;
            }
        }
        // What is pushed in tests is no image; only tests of the scanner pay for it.
        start.Environment["WHARF__Security__Enabled"] = "false";
        foreach (var (key, value) in Settings)
        {
            start.Environment["WHARF__" + key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var process = new Process { StartInfo = start };
        var ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Keep(string? line)
        {
            if (line is null)
            {
                return;
            }
            lock (_log)
            {
                _log.Add(line);
            }
            const string Ready = "Wharf is ready at ";
            if (line.StartsWith(Ready, StringComparison.Ordinal) && Uri.TryCreate(line[Ready.Length..].Trim(), UriKind.Absolute, out var url))
            {
                ready.TrySetResult(url);
            }
        }
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;

        var exited = process.WaitForExitAsync(CancellationToken.None);
        if (await Task.WhenAny(ready.Task, exited, Task.Delay(StartLimit, CancellationToken.None)) != ready.Task)
        {
            throw new InvalidOperationException($"The server was not ready within {StartLimit.TotalSeconds} s{(process.HasExited ? $" and left with exit code {process.ExitCode}" : "")}.\n{Log()}");
        }
        var announced = await ready.Task;
        _url = IPAddress.TryParse(announced.DnsSafeHost, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            ? new UriBuilder(announced) { Host = "127.0.0.1" }.Uri
            : announced;
        _anonymous = NewClient();
        _admin = ClientFor(Admin, AdminPassword);
    }

    private async Task StopProcessAsync()
    {
        if (_process is not { } process)
        {
            return;
        }
        _process = null;
        using (process)
        {
            process.Terminate();
            using var limit = new CancellationTokenSource(StopLimit);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw new InvalidOperationException($"The server was still there {StopLimit.TotalSeconds} s after SIGTERM.\n{Log()}");
            }
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"After SIGTERM the server left with exit code {process.ExitCode}.\n{Log()}");
            }
        }
    }
}
