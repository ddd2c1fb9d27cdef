using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Wharf.Tests.Parts;

[assembly: AssemblyFixture(typeof(CephGateway))]

namespace Wharf.Tests.Parts;

/// <summary>
/// A Ceph cluster with its S3 gateway, one for the whole run, on free loopback ports: one monitor, one store that keeps all in memory (WHARF_TEST_CEPH_GB,
/// 4 when not set), one gateway, one user. Started by the first test that asks for a bucket, which takes about ten seconds.
/// </summary>
public sealed class CephGateway : IAsyncDisposable
{
    private static readonly SemaphoreSlim s_starting = new(1);
    private static readonly string s_root = Directory.CreateTempSubdirectory("wharf-ceph-").FullName;
    private static readonly List<LeashedProcess> s_daemons = [];
    private static AmazonS3Client? s_client;
    private static int s_port;

    /// <summary>Where the gateway answers; after a bucket was made.</summary>
    public static Uri Endpoint => s_client is null ? throw new InvalidOperationException("Nobody has asked for a bucket yet.") : Address(s_port);

    public static string AccessKey { get; } = RandomNumberGenerator.GetHexString(20);

    public static string SecretKey { get; } = RandomNumberGenerator.GetHexString(40, lowercase: true);

    private static string Configuration => Path.Join(s_root, "ceph.conf");

    /// <summary>A new, empty bucket: its name.</summary>
    public static async Task<string> CreateBucketAsync()
    {
        await StartAsync();
        var name = "t" + Guid.NewGuid().ToString("N");
        await s_client!.PutBucketAsync(name, CancellationToken.None);
        return name;
    }

    /// <summary>Writes an object under a name of the test's own, as another program does.</summary>
    public static Task PutAsync(string bucket, string name, byte[] content) => s_client!.PutObjectAsync(new PutObjectRequest
    {
        BucketName = bucket,
        Key = name,
        InputStream = new MemoryStream(content),
        UseChunkEncoding = false,
    }, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        s_client?.Dispose();
        foreach (var daemon in s_daemons.AsEnumerable().Reverse()) await daemon.DisposeAsync();
        Directory.Delete(s_root, recursive: true);
    }

    private static Uri Address(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    private static async Task StartAsync()
    {
        await s_starting.WaitAsync();
        try
        {
            if (s_client is not null) return;
            Assert.Empty(s_daemons); // A start that failed is not tried again by each test.
            var (monitor, gateway) = (FreePort.Take(), FreePort.Take());
            await ConfigureAsync(monitor, gateway);
            await StartMonitorAsync(monitor);
            await StartStoreAsync();
            // Both make the pools they need; side by side they take half the time.
            var user = RunAsync("radosgw-admin", "user", "create", "--uid=wharf", "--display-name=Wharf", $"--access-key={AccessKey}", $"--secret-key={SecretKey}");
            await StartGatewayAsync(gateway);
            await user;
            s_port = gateway;
            s_client = new AmazonS3Client(new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config
            {
                ServiceURL = Address(gateway).ToString(),
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1", // the gateway takes any
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            });
        }
        finally
        {
            s_starting.Release();
        }
    }

    private static async Task ConfigureAsync(int monitor, int gateway)
    {
        foreach (var folder in new[] { "mon", "osd", "run" }) Directory.CreateDirectory(Path.Join(s_root, folder));
        var gigabytes = int.Parse(Environment.GetEnvironmentVariable("WHARF_TEST_CEPH_GB") ?? "4", CultureInfo.InvariantCulture);
        var cluster = Guid.NewGuid();
        // No authentication at all would be simpler, but the gateway refuses to start without keys.
        await File.WriteAllTextAsync(Configuration, string.Create(CultureInfo.InvariantCulture, $"""
            [global]
            fsid = {cluster}
            mon initial members = a
            mon host = v2:127.0.0.1:{monitor}
            public addr = 127.0.0.1
            cluster addr = 127.0.0.1
            ms bind ipv6 = false
            keyring = {s_root}/keyring
            run dir = {s_root}/run
            admin socket = {s_root}/run/$name.asok
            log file = {s_root}/$name.log
            osd pool default size = 1
            osd pool default min size = 1
            osd pool default pg num = 8
            osd pool default pgp num = 8
            osd crush chooseleaf type = 0
            mon allow pool size one = true
            mon max pg per osd = 2000
            mon data avail crit = 1
            mon data avail warn = 1
            [mon]
            mon data = {s_root}/mon
            mon cluster log file = {s_root}/cluster.log
            auth allow insecure global id reclaim = false
            [osd]
            osd data = {s_root}/osd
            osd objectstore = memstore
            memstore device bytes = {gigabytes}G
            osd op num shards = 2
            osd op num threads per shard = 1
            [client.rgw]
            rgw frontends = beast endpoint=127.0.0.1:{gateway}
            rgw thread pool size = 64
            rgw enable usage log = false
            rgw enable ops log = false
            rgw run sync thread = false

            """), CancellationToken.None);
        var keyring = Path.Join(s_root, "keyring");
        await RunAsync("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *");
        await RunAsync("ceph-authtool", keyring, "--gen-key", "-n", "client.admin", "--cap", "mon", "allow *", "--cap", "osd", "allow *");
        await RunAsync("ceph-authtool", keyring, "--gen-key", "-n", "client.rgw", "--cap", "mon", "allow rwx", "--cap", "osd", "allow rwx");
        await RunAsync("ceph-authtool", keyring, "--gen-key", "-n", "osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *");
        await RunAsync("monmaptool", "--create", "--fsid", cluster.ToString(), "--addv", "a", string.Create(CultureInfo.InvariantCulture, $"[v2:127.0.0.1:{monitor}]"), Path.Join(s_root, "monmap"));
    }

    private static async Task StartMonitorAsync(int port)
    {
        await RunAsync("ceph-mon", "--mkfs", "-i", "a", "--monmap", Path.Join(s_root, "monmap"), "--keyring", Path.Join(s_root, "keyring"));
        var daemon = StartDaemon("ceph-mon", "-i", "a");
        await daemon.WaitUntilAsync(() => ListensAsync(port), TimeSpan.FromSeconds(60));
    }

    private static async Task StartStoreAsync()
    {
        var id = Guid.NewGuid().ToString();
        await RunAsync("ceph", "osd", "new", id);
        await RunAsync("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", id);
        StartDaemon("ceph-osd", "-i", "0");
    }

    private static async Task StartGatewayAsync(int port)
    {
        var daemon = StartDaemon("radosgw", "-n", "client.rgw");
        await daemon.WaitUntilAsync(() => ListensAsync(port), TimeSpan.FromSeconds(120));
    }

    private static LeashedProcess StartDaemon(string program, params string[] arguments)
    {
        var daemon = LeashedProcess.Start(Path.Join(s_root, program + ".out"), program, ["-c", Configuration, "-f", .. arguments]);
        s_daemons.Add(daemon);
        return daemon;
    }

    private static async Task<bool> ListensAsync(int port)
    {
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync("127.0.0.1", port, CancellationToken.None);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = s_root };
        start.Environment["CEPH_CONF"] = Configuration;
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
            await process.WaitForExitAsync(deadline.Token);
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await error}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within two minutes.");
        }
    }
}
