using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Wharf.Storage.Azure;

namespace Wharf.Bench;

/// <summary>
/// Blobs of WHARF_BENCH_MIB (256) through an object store: what does a started server let through, beside what a plain client of the store gets in the same run, turn by turn? An S3 store by
/// WHARF_BENCH_S3 (<c>http://host:port key secret</c>), an Azure one by WHARF_BENCH_AZURE (<c>http://host:port/account account key</c>). The plain client of S3 is Amazon's SDK with one PUT;
/// that of Azure is one Put Blob. The answers are printed: MiB/s (medians), the server's CPU in ms per GiB, and how much its memory grew at most.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 0, iterationCount: 1, invocationCount: 1)]
public class StoreBench
{
    private const int Rounds = 5;
    private const int Piece = 256 << 10;
    private static readonly int s_length = int.Parse(Environment.GetEnvironmentVariable("WHARF_BENCH_MIB") ?? "256", null) << 20;

    private readonly byte[] _content = RandomNumberGenerator.GetBytes(s_length);
    private readonly string _directory = Directory.CreateTempSubdirectory("wharf-store-bench-").FullName;

    [GlobalCleanup]
    public void Remove() => Directory.Delete(_directory, recursive: true);

    [Benchmark]
    public void S3() => S3Async().GetAwaiter().GetResult();

    private async Task S3Async()
    {
        if (Environment.GetEnvironmentVariable("WHARF_BENCH_S3")?.Split(' ') is not [var endpoint, var key, var secret])
            throw new InvalidOperationException("Name a store: WHARF_BENCH_S3='http://127.0.0.1:7480 KEY SECRET'");
        using var s3 = new AmazonS3Client(new BasicAWSCredentials(key, secret), new AmazonS3Config
        {
            ServiceURL = endpoint,
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            BufferSize = Piece,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
        var bucket = "bench" + Guid.NewGuid().ToString("N");
        await s3.PutBucketAsync(bucket);
        await RunAsync("S3", new()
        {
            ["Kind"] = "S3",
            ["Endpoint"] = endpoint,
            ["Bucket"] = bucket,
            ["AccessKey"] = key,
            ["SecretKey"] = secret,
        }, async (name, content) =>
        {
            await s3.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = name, InputStream = new MemoryStream(content, writable: false), UseChunkEncoding = false });
            return new Uri(await s3.GetPreSignedURLAsync(new GetPreSignedUrlRequest { BucketName = bucket, Key = name, Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5), Protocol = Protocol.HTTP }));
        });
    }

    [Benchmark]
    public void Azure() => AzureAsync().GetAwaiter().GetResult();

    private async Task AzureAsync()
    {
        if (Environment.GetEnvironmentVariable("WHARF_BENCH_AZURE")?.Split(' ') is not [var endpoint, var account, var key])
            throw new InvalidOperationException("Name a store: WHARF_BENCH_AZURE='http://127.0.0.1:10000/devstoreaccount1 devstoreaccount1 KEY'");
        var container = "bench" + Guid.NewGuid().ToString("N");
        using var http = new HttpClient();
        await PutAsync(http, endpoint, account, key, $"/{container}", "restype=container", []);
        using var driver = new AzureDriver(new AzureOptions { Endpoint = new Uri(endpoint), Account = account, Key = key, Container = container });
        await RunAsync("Azure", new()
        {
            ["Kind"] = "Azure",
            ["Endpoint"] = endpoint,
            ["Account"] = account,
            ["AccountKey"] = key,
            ["Container"] = container,
        }, async (name, content) =>
        {
            await PutAsync(http, endpoint, account, key, $"/{container}/plain/of/{name}", "", content);
            return (await driver.PresignAsync($"plain/of/{name}", TimeSpan.FromMinutes(5), CancellationToken.None))!;
        });
    }

    // Put Blob in one request, as plain as it can be (learn.microsoft.com, "Authorize with Shared Key").
    private static async Task PutAsync(HttpClient http, string endpoint, string account, string key, string path, string query, byte[] content)
    {
        var date = TimeProvider.System.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["x-ms-date"] = date, ["x-ms-version"] = "2021-12-02" };
        if (query.Length == 0)
            headers["x-ms-blob-type"] = "BlockBlob";
        var canonical = string.Concat(headers.Select(static h => $"{h.Key}:{h.Value}\n")) + $"/{account}{new Uri(endpoint).AbsolutePath}{path}" + (query.Length > 0 ? "\nrestype:container" : "");
        var text = $"PUT\n\n\n{(content.Length > 0 ? content.Length.ToString(CultureInfo.InvariantCulture) : "")}\n\n\n\n\n\n\n\n\n{canonical}";
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{endpoint}{path}{(query.Length > 0 ? "?" + query : "")}") { Content = new ByteArrayContent(content) };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", $"SharedKey {account}:{Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(key), Encoding.UTF8.GetBytes(text)))}");
        using var answer = await http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    /// <param name="put">Stores an object as a plain client; answers where it can be read.</param>
    private async Task RunAsync(string kind, Dictionary<string, string> store, Func<string, byte[], Task<Uri>> put)
    {
        using var process = Start(store, out var ready);
        try
        {
            var url = await ready;
            using var near = Client(url, "127.0.0.1");
            using var far = Client(url, "127.0.0.2");
            using var plain = new HttpClient();
            var took = new Dictionary<string, List<(double Seconds, double CpuMs)>>();
            ResetPeak(process.Id);
            var before = Memory(process.Id, "VmRSS");
            for (var round = 0; round < Rounds + 1; round++)
            {
                // Other bytes at each turn, so that nothing is known already.
                RandomNumberGenerator.Fill(_content.AsSpan(0, 64));
                var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(_content));
                var path = $"/v2/admin/bench/blobs/{digest}";
                Uri? direct = null;
                await TimeAsync("plain upload", async () => direct = await put($"plain{round}", _content));
                await TimeAsync("upload, one request", () => SendAsync(near, HttpMethod.Post, $"/v2/admin/bench/blobs/uploads/?digest={digest}", _content));
                RandomNumberGenerator.Fill(_content.AsSpan(0, 64));
                var patched = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(_content));
                await TimeAsync("upload, PATCH and PUT", async () =>
                {
                    var location = await SendAsync(near, HttpMethod.Post, "/v2/admin/bench/blobs/uploads/", []);
                    location = await SendAsync(near, HttpMethod.Patch, location, _content);
                    await SendAsync(near, HttpMethod.Put, $"{location}?digest={patched}", []);
                });
                await TimeAsync("plain download", () => ReadAsync(plain, direct!));
                await TimeAsync("redirected download", async () =>
                {
                    using var answer = await near.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
                    if (answer.StatusCode != HttpStatusCode.TemporaryRedirect)
                        throw new InvalidOperationException($"{answer.StatusCode} instead of a redirect");
                    await ReadAsync(plain, answer.Headers.Location!);
                });
                await TimeAsync("streamed download", () => ReadAsync(far, new Uri(url, path)));

                async Task TimeAsync(string what, Func<Task> work)
                {
                    var (cpu, began) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
                    await work();
                    process.Refresh();
                    // The first round warms both up.
                    if (round > 0)
                        (took.TryGetValue(what, out var list) ? list : took[what] = []).Add((Stopwatch.GetElapsedTime(began).TotalSeconds, (process.TotalProcessorTime - cpu).TotalMilliseconds));
                }
            }
            var peak = Memory(process.Id, "VmHWM");
            foreach (var (what, times) in took)
            {
                var (seconds, cpu) = (Median(times.Select(static t => t.Seconds)), Median(times.Select(static t => t.CpuMs)));
                var against = Median(took[what.Contains("upload", StringComparison.Ordinal) ? "plain upload" : "plain download"].Select(static t => t.Seconds));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}: {what,-24} {s_length / seconds / (1 << 20),8:0} MiB/s  {against / seconds,5:0.00} of plain  {cpu * (1 << 30) / s_length,6:0} ms CPU of the server per GiB"));
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind}: memory of the server {before / 1024} MiB before, at most {peak / 1024} MiB"));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;

    private static long Memory(int pid, string line) =>
        long.Parse(File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith(line, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    // 5 sets VmHWM back (proc(5), clear_refs).
    private static void ResetPeak(int pid) => File.WriteAllText($"/proc/{pid}/clear_refs", "5");

    private static HttpClient Client(Uri url, string from)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (context, ct) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        var client = new HttpClient(handler) { BaseAddress = url, Timeout = TimeSpan.FromMinutes(10) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("admin:password1")));
        return client;
    }

    private static async Task<string> SendAsync(HttpClient client, HttpMethod method, string path, byte[] content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new ByteArrayContent(content) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = await client.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return answer.Headers.Location?.ToString() ?? "";
    }

    private static async Task ReadAsync(HttpClient client, Uri address)
    {
        using var answer = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var (buffer, length) = (new byte[Piece], 0L);
        for (int n; (n = await stream.ReadAsync(buffer)) > 0;)
            length += n;
        if (length != s_length)
            throw new InvalidOperationException($"{length} bytes instead of {s_length}");
    }

    private Process Start(Dictionary<string, string> store, out Task<Uri> ready)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Join(root.FullName, "Wharf.slnx")))
            root = root.Parent!;
        var data = Path.Join(_directory, Guid.NewGuid().ToString("N"));
        var start = new ProcessStartInfo(Path.Join(root.FullName, "wharf"), ["serve", "--data", data, "--listen", "http://0.0.0.0:0"]) { RedirectStandardOutput = true };
        start.Environment["WHARF_ADMIN_PASSWORD"] = "password1";
        start.Environment["WHARF__Storage__Locations__store__StreamTo__0"] = "127.0.0.2/32";
        foreach (var (name, value) in store)
            start.Environment[$"WHARF__Storage__Locations__store__{name}"] = value;
        var process = Process.Start(start)!;
        ready = ReadyAsync(process);
        return process;
    }

    private static async Task<Uri> ReadyAsync(Process process)
    {
        const string Ready = "Wharf is ready at ";
        string? line;
        while ((line = await process.StandardOutput.ReadLineAsync()) is not null && !line.StartsWith(Ready, StringComparison.Ordinal))
        {
        }
        var said = new Uri((line ?? throw new InvalidOperationException("The server did not start."))[Ready.Length..].Trim());
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return new UriBuilder(said) { Host = "127.0.0.1" }.Uri;
    }
}
