using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Data.Sqlite;
using Wharf.Oci;

namespace Wharf.Tests.Server.Crashes;

/// <summary>Clients that begin and do not end, and more connections than there are descriptors.</summary>
public sealed class CrowdTests
{
    private const long MiB = 1 << 20;
    private const int Sessions = 1000;
    private const int Stalled = 200;
    private const int Warmup = 500;
    // Far below what those take that would hold it up, and far above what a busy machine needs.
    private static readonly TimeSpan Prompt = TimeSpan.FromSeconds(10);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait("Speed", "Slow")]
    public async Task A_thousand_half_open_uploads_hold_up_nobody_cost_little_memory_and_go_away()
    {
        await using var registry = await Registry.StartAsync<CrowdedRegistry>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        await PushAndPullAsync(client, repository);
        // What the same work costs a server once is no part of what half-open uploads hold.
        await InParallelAsync(Warmup, async () => (await client.SendAsync("DELETE", await HalfOpenAsync(client, repository))).Is(204));
        var before = Resident(registry);

        await InParallelAsync(Sessions, () => HalfOpenAsync(client, repository));
        var sessions = Resident(registry) - before;
        var stalled = new List<TcpClient>();
        var half = Requests.RandomBytes(300_000);
        for (var i = 0; i < Stalled; i++)
        {
            var location = await client.StartUploadAsync(repository);
            var connection = await RawHttp.ConnectAsync(registry.Url);
            stalled.Add(connection);
            await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"PATCH {location} HTTP/1.1\r\nHost: {registry.Host}\r\nAuthorization: {client.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/octet-stream\r\nContent-Length: 10000000\r\n\r\n"), Ct);
            await connection.GetStream().WriteAsync(half, Ct);
        }

        for (var i = 0; i < 5; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await PushAndPullAsync(client, repository);
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, Prompt);
        }
        var grown = Resident(registry) - before;
        Console.WriteLine($"   {Sessions} half-open uploads and {Stalled} stalled bodies: {sessions / MiB} and {(grown - sessions) / MiB} MiB more");
        Assert.InRange(grown, long.MinValue, 64 * MiB);

        stalled.ForEach(static c => c.Dispose());
        var uploads = Path.Join(registry.DataDirectory, "storage", "uploads");
        Assert.InRange(Directory.GetFiles(uploads).Length, Sessions, Sessions + Stalled + Warmup);
        await using (var database = new SqliteConnection($"Data Source={Path.Join(registry.DataDirectory, "wharf.db")};Pooling=False"))
        {
            await database.OpenAsync(Ct);
            await using var expire = database.CreateCommand();
            expire.CommandText = "UPDATE upload SET expires_ms = 1";
            // The stalled ones note what came when their connections end, and live on from there: until all have.
            await Poll.UntilAsync(async () =>
            {
                await expire.ExecuteNonQueryAsync(Ct);
                return Directory.GetFiles(uploads).Length == 0;
            }, TimeSpan.FromSeconds(75));
        }
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task Slow_readers_hold_up_nobody_and_get_everything()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        var content = Requests.RandomBytes(8 << 20);
        var digest = await client.PushBlobAsync(repository, content);
        var readers = new List<TcpClient>();
        for (var i = 0; i < 100; i++)
        {
            var reader = await RawHttp.ConnectAsync(registry.Url);
            reader.ReceiveBufferSize = 64 << 10;
            readers.Add(reader);
            await reader.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"GET /v2/{repository}/blobs/{digest} HTTP/1.1\r\nHost: {registry.Host}\r\nAuthorization: {client.DefaultRequestHeaders.Authorization}\r\nConnection: close\r\n\r\n"), Ct);
        }
        // A few KiB each second.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var received = readers.Select(static _ => new MemoryStream()).ToList();
        var dripping = Task.WhenAll(readers.Select(async (reader, i) =>
        {
            var buffer = new byte[2048];
            while (!end.IsCancellationRequested)
            {
                received[i].Write(buffer, 0, await reader.GetStream().ReadAsync(buffer, Ct));
                await Task.Delay(500, CancellationToken.None);
            }
        }));

        for (var i = 0; i < 20; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await PushAndPullAsync(client, repository);
            Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, Prompt);
            await Task.Delay(100, Ct);
        }

        await end.CancelAsync();
        await dripping;
        for (var i = 0; i < readers.Count; i += 10)
        {
            await readers[i].GetStream().CopyToAsync(received[i], Ct);
            Assert.Equal(digest, Digest.Of(received[i].ToArray().AsSpan()[^content.Length..]));
        }
        readers.ForEach(static r => r.Dispose());
    }

    // Long, because it is not reliable: a limit that is lowered while the server runs is met by the runtime too, which then sometimes ends the
    // process with "Out of memory." (docs/failures.md).
    [Fact, Trait("Speed", "Long")]
    public async Task Out_of_descriptors_the_server_answers_or_closes_and_recovers()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        var image = await client.PushImageAsync(repository, "tag");
        var url = $"/v2/{repository}/manifests/{image.Digest}";
        // Threads and code that the runtime would otherwise make and load for the first time when it has no descriptor left.
        await InParallelAsync(200, () => PushAndPullAsync(client, registry.NewRepository()));
        (await client.ReadAsync(url)).Is(200);
        var open = Directory.GetFileSystemEntries($"/proc/{registry.ProcessId}/fd").Length;
        using (var prlimit = Process.Start("prlimit", ["--pid", registry.ProcessId.ToString(CultureInfo.InvariantCulture), string.Create(CultureInfo.InvariantCulture, $"--nofile={open + 20}")]))
            await prlimit.WaitForExitAsync(Ct);

        var connections = new List<TcpClient>();
        for (var i = 0; i < 200; i++)
            connections.Add(await RawHttp.ConnectAsync(registry.Url));
        var request = Encoding.ASCII.GetBytes($"GET {url} HTTP/1.1\r\nHost: {registry.Host}\r\nAuthorization: {client.DefaultRequestHeaders.Authorization}\r\n\r\n");
        var answers = await Task.WhenAll(connections.Select(c => FirstLineAsync(c, request)));
        Assert.Contains(answers, static line => line == "HTTP/1.1 200 OK");
        Assert.Contains(answers, static line => line is null);
        Assert.All(answers, static line => Assert.True(line is null or "HTTP/1.1 200 OK" || line.StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal), line));
        // On the connection from before: a blob needs a descriptor of its own.
        for (var i = 0; i < 10; i++)
        {
            var blob = Requests.RandomBytes(100);
            var digest = Digest.Of(blob);
            var pushed = await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", blob);
            Assert.Contains((int)pushed.Status, new[] { 201, 503 });
            var pulled = await client.ReadAsync($"/v2/{repository}/blobs/{(pushed.Status == HttpStatusCode.Created ? digest : image.LayerDigest)}");
            Assert.Contains((int)pulled.Status, new[] { 200, 503 });
        }

        connections.ForEach(static c => c.Dispose());

        await Poll.UntilAsync(async () => (await FirstLineAsync(await RawHttp.ConnectAsync(registry.Url), request)) == "HTTP/1.1 200 OK");
        await PushAndPullAsync(client, repository);
    }

    private static Task InParallelAsync(int times, Func<Task> act) =>
        Parallel.ForEachAsync(Enumerable.Range(0, times), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Ct }, async (_, _) => await act());

    private static async Task<string> HalfOpenAsync(HttpClient client, string repository)
    {
        var location = await client.StartUploadAsync(repository);
        return (await client.SendAsync("PATCH", location, Requests.RandomBytes(2000), ("Content-Type", "application/octet-stream"))).Is(202).Location;
    }

    private static async Task PushAndPullAsync(HttpClient client, string repository)
    {
        var image = await client.PushImageAsync(repository, "other");
        Assert.Equal(image.Manifest, (await client.ReadAsync($"/v2/{repository}/manifests/other")).Is(200).Body);
        Assert.Equal(image.Layer, (await client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200).Body);
    }

    /// <summary>The first line of the answer; null when none came within two seconds or the server closed.</summary>
    private static async Task<string?> FirstLineAsync(TcpClient connection, byte[] request)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(Prompt);
        try
        {
            await connection.GetStream().WriteAsync(request, limit.Token);
            var buffer = new byte[4096];
            var n = await connection.GetStream().ReadAsync(buffer, limit.Token);
            return n == 0 ? null : Encoding.Latin1.GetString(buffer, 0, n).Split('\r')[0];
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && !Ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static long Resident(Registry registry)
    {
        var line = File.ReadLines($"/proc/{registry.ProcessId}/status").Single(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
