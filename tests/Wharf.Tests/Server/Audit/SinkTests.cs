using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Wharf.Tests.Hosting;
using Wharf.Tests.Peers;

namespace Wharf.Tests.Server.Audit;

/// <summary>The trail arrives where it is sent to, all of it, also when that was away: Debian's rsyslog, and strict peers of Splunk's and Elasticsearch's wire formats.</summary>
public sealed class SinkTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rsyslog_gets_every_entry_over_TLS_also_those_of_the_time_when_it_was_down()
    {
        using var directory = new TemporaryDirectory();
        using var authority = new PrivateAuthority(directory.File("ca"));
        var port = FreePort();
        await using var registry = new SendingRegistry { Sink = [("Kind", "syslog"), ("Address", $"localhost:{port}"), ("Authority", authority.CertificateFile)] };
        await registry.InitializeAsync();

        using (var rsyslog = await Rsyslog.StartAsync(directory, authority, port))
        {
            await registry.Client.PushImageAsync("admin/app", "v1");
            await rsyslog.UntilAsync("push_repo", 1);
        }
        await registry.Client.PushImageAsync("admin/app", "v2");
        using (var rsyslog = await Rsyslog.StartAsync(directory, authority, port))
        {
            await registry.Client.PushImageAsync("admin/app", "v3");
            await rsyslog.UntilAsync("\"tag\":\"v3\"", 1);
            var lines = rsyslog.Lines();
            Assert.All((string[])["v1", "v2", "v3"], tag => Assert.Contains(lines, l => l.Contains($"\"tag\":\"{tag}\"", StringComparison.Ordinal)));
            // As rsyslog has parsed it: facility 13 (log audit), severity 6, application, message id, then our JSON.
            var line = lines.First(static l => l.Contains("push_repo", StringComparison.Ordinal)).Split('|', 5);
            Assert.Equal(("13", "6", "wharf", "push_repo"), (line[0], line[1], line[2], line[3]));
            var json = JsonNode.Parse(line[4].TrimStart('\ufeff', ' '))!;
            Assert.Equal(("push_repo", "admin", "127.0.0.1"), ((string?)json["kind"], (string?)json["performer"], (string?)json["ip"]));
        }
    }

    [Fact]
    public async Task A_syslog_server_with_a_certificate_of_somebody_else_gets_nothing()
    {
        using var directory = new TemporaryDirectory();
        using var authority = new PrivateAuthority(directory.File("ca"));
        using var other = new PrivateAuthority(directory.File("other"));
        var port = FreePort();
        using var rsyslog = await Rsyslog.StartAsync(directory, other, port);
        await using var registry = new SendingRegistry { Sink = [("Kind", "syslog"), ("Address", $"localhost:{port}"), ("Authority", authority.CertificateFile)] };
        await registry.InitializeAsync();
        await registry.Client.PushImageAsync("admin/app", "v1");

        await Poll.UntilAsync(() => Task.FromResult(registry.Log().Contains("The audit sink main did not take a delivery", StringComparison.Ordinal)));

        Assert.Empty(rsyslog.Lines());
    }

    [Theory]
    [InlineData("splunk")]
    [InlineData("elasticsearch")]
    public async Task An_HTTP_receiver_gets_every_entry_whatever_it_answered_before(string kind)
    {
        await using var peer = await AuditReceiver.StartAsync(kind);
        await using var registry = new SendingRegistry
        {
            Sink = kind == "splunk" ? [("Kind", kind), ("Address", peer.Url), ("Token", AuditReceiver.Token), ("Index", "containers")] : [("Kind", kind), ("Address", peer.Url), ("User", "wharf"), ("Password", AuditReceiver.Token), ("Index", "reg")],
        };
        // Busy once and breaking the connection once, then it takes what it is given.
        peer.Misbehave(503, 0);
        await registry.InitializeAsync();

        for (var i = 1; i <= 3; i++)
            await registry.Client.PushImageAsync("admin/app", $"v{i}");

        await Poll.UntilAsync(() => Task.FromResult(Tags(peer).Distinct().Count() == 3), TimeSpan.FromSeconds(60));
        Assert.Equal(["v1", "v2", "v3"], Tags(peer).Distinct().Order());
        Assert.Equal([], peer.Faults);
        var metrics = (await registry.Anonymous.ReadAsync("/metrics")).Text;
        Assert.Contains("wharf_audit_sink_lag", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain(AuditReceiver.Token, registry.Log() + metrics, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Tags(AuditReceiver peer) => peer.Entries.Where(static e => (string?)e["kind"] == "push_repo").Select(static e => (string)e["metadata"]!["tag"]!);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private sealed class SendingRegistry : Registry
    {
        public (string Key, string Value)[] Sink { get; init; } = [];

        protected override IReadOnlyDictionary<string, string> Settings => Sink.ToDictionary(static s => $"Audit:Sinks:0:{s.Key}", static s => s.Value)
            .Append(new("Audit:Sinks:0:Name", "main")).Append(new("Audit:Sinks:0:Timeout", "10s")).ToDictionary();
    }

    /// <summary>Debian's rsyslogd with its TLS listener, which writes what it parsed to a file.</summary>
    private sealed class Rsyslog : IDisposable
    {
        private readonly Process _process;
        private readonly string _output;

        private Rsyslog(Process process, string output) => (_process, _output) = (process, output);

        public static async Task<Rsyslog> StartAsync(TemporaryDirectory directory, PrivateAuthority authority, int port)
        {
            var output = directory.File("messages");
            var configuration = directory.Write("rsyslog.conf", string.Create(CultureInfo.InvariantCulture, $"""
                global(defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{authority.CertificateFile}" defaultNetstreamDriverCertFile="{authority.ServerCertificateFile}" defaultNetstreamDriverKeyFile="{authority.ServerKeyFile}" workDirectory="{Path.GetDirectoryName(output)}" maxMessageSize="64k")
                module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
                template(name="parsed" type="string" string="%syslogfacility%|%syslogseverity%|%app-name%|%msgid%|%msg%\n")
                ruleset(name="audit") {"{"} action(type="omfile" file="{output}" template="parsed" asyncWriting="off" flushOnTXEnd="on") {"}"}
                input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="audit")

                """));
            var process = Process.Start(new ProcessStartInfo("/usr/sbin/rsyslogd", ["-n", "-f", configuration, "-i", directory.File("rsyslog.pid")]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            await Poll.UntilAsync(async () =>
            {
                using var client = new TcpClient();
                try
                {
                    await client.ConnectAsync(IPAddress.Loopback, port, Ct);
                    return true;
                }
                catch (SocketException)
                {
                    Assert.False(process.HasExited, "rsyslogd has ended.");
                    return false;
                }
            });
            return new Rsyslog(process, output);
        }

        public string[] Lines() => File.Exists(_output) ? File.ReadAllLines(_output) : [];

        public Task<bool> UntilAsync(string text, int count) => Poll.UntilAsync(() => Task.FromResult(Lines().Count(l => l.Contains(text, StringComparison.Ordinal)) >= count), TimeSpan.FromSeconds(60));

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
