using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Wharf.Tests.Server;

namespace Wharf.Tests.Hosting;

public sealed class TlsListenerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly PrivateAuthority _authority;

    public TlsListenerTests() => _authority = new PrivateAuthority(_directory.Path);

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Tls_1_2_and_1_3_are_spoken_with_http_2_and_1_1(SslProtocols protocol)
    {
        await using var wharf = await StartAsync();
        using var tls = await ConnectAsync(wharf.Url, options => (options.EnabledSslProtocols, options.ApplicationProtocols) = (protocol, [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11]));
        using var old = await ConnectAsync(wharf.Url, options => options.ApplicationProtocols = [SslApplicationProtocol.Http11]);

        Assert.Equal((protocol, SslApplicationProtocol.Http2), (tls.SslProtocol, tls.NegotiatedApplicationProtocol));
        Assert.Equal(SslApplicationProtocol.Http11, old.NegotiatedApplicationProtocol);
        Assert.StartsWith("HTTP/1.1 200", await GetAsync(old), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-tls1", false)]
    [InlineData("-tls1_1", false)]
    [InlineData("-tls1_2", true)]
    public async Task Older_versions_are_refused(string version, bool accepted)
    {
        await using var wharf = await StartAsync();

        // Security level 0: else this openssl would not even offer the old versions.
        var start = new ProcessStartInfo("openssl", ["s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect", wharf.Url.Authority]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var openssl = Process.Start(start)!;
        openssl.StandardInput.Close();
        var output = openssl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        _ = openssl.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await openssl.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(accepted, (await output).Contains("BEGIN CERTIFICATE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_renewal_reaches_new_connections_and_drops_none()
    {
        await using var wharf = await StartAsync();
        using var old = await ConnectAsync(wharf.Url);
        await GetAsync(old);

        var serial = _authority.Renew();

        await Eventually.IsTrueAsync(async () => await SerialAsync(wharf.Url) == serial, "the new certificate is shown");
        Assert.NotEqual(serial, ((X509Certificate2)old.RemoteCertificate!).SerialNumber);
        Assert.StartsWith("HTTP/1.1 200", await GetAsync(old), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renewal_by_swapping_a_symbolic_link_is_seen_as_kubernetes_does_it()
    {
        // tls.crt -> ..data/tls.crt, ..data -> ..one: only the link ..data ever changes.
        Secret("..one");
        File.CreateSymbolicLink(_directory.File("..data"), "..one");
        File.CreateSymbolicLink(_directory.File("tls.crt"), "..data/tls.crt");
        File.CreateSymbolicLink(_directory.File("tls.key"), "..data/tls.key");
        await using var wharf = await RunningWharf.StartAsync(["--listen", "https://127.0.0.1:0"], [("WHARF__Tls__Certificate", _directory.File("tls.crt")), ("WHARF__Tls__Key", _directory.File("tls.key"))]);

        var serial = _authority.Renew();
        Secret("..two");
        File.CreateSymbolicLink(_directory.File("..data_tmp"), "..two");
        using (var rename = Process.Start("mv", ["-T", _directory.File("..data_tmp"), _directory.File("..data")])) await rename.WaitForExitAsync(TestContext.Current.CancellationToken);

        await Eventually.IsTrueAsync(async () => await SerialAsync(wharf.Url) == serial, "the new certificate is shown");
    }

    [Fact]
    public async Task A_broken_renewal_keeps_the_certificate_and_is_said_once()
    {
        await using var wharf = await StartAsync();
        var serial = await SerialAsync(wharf.Url);

        await File.WriteAllTextAsync(_authority.ServerKeyFile, "not a key", TestContext.Current.CancellationToken);

        await Eventually.IsTrueAsync(() => Task.FromResult(wharf.Errors.Contains("cannot be used; the one before stays", StringComparison.Ordinal)), "it is said");
        Assert.Equal(serial, await SerialAsync(wharf.Url));
        var renewed = _authority.Renew();
        await Eventually.IsTrueAsync(async () => await SerialAsync(wharf.Url) == renewed, "the next good certificate is shown");
        Assert.Single(wharf.Errors.Split('\n'), l => l.Contains("the one before stays", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Client_certificates_can_be_required_of_an_authority_of_our_own()
    {
        var (own, stranger) = (await ClientAsync("own"), await ClientAsync("stranger"));
        await using var wharf = await StartAsync(("WHARF__Tls__ClientCertificates", "require"), ("WHARF__Tls__ClientCa", _directory.File("own-ca.crt")));

        Assert.StartsWith("HTTP/1.1 200", await TryGetAsync(wharf.Url, own), StringComparison.Ordinal);
        Assert.Equal("", await TryGetAsync(wharf.Url, stranger));
        Assert.Equal("", await TryGetAsync(wharf.Url, null));
    }

    [Fact]
    public async Task Client_certificates_can_be_allowed_and_then_only_valid_ones()
    {
        var (own, stranger) = (await ClientAsync("own"), await ClientAsync("stranger"));
        await using var wharf = await StartAsync(("WHARF__Tls__ClientCertificates", "allow"), ("WHARF__Tls__ClientCa", _directory.File("own-ca.crt")));

        Assert.StartsWith("HTTP/1.1 200", await TryGetAsync(wharf.Url, own), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await TryGetAsync(wharf.Url, null), StringComparison.Ordinal);
        Assert.Equal("", await TryGetAsync(wharf.Url, stranger));
    }

    [Fact]
    public async Task Https_without_a_certificate_says_what_to_set()
    {
        var finished = await RunningWharf.RunAsync(["serve", "--listen", "https://127.0.0.1:0"], _directory.Path);

        Assert.Equal(2, finished.Code);
        Assert.Contains("needs Tls.Certificate and Tls.Key", finished.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_of_another_certificate_stops_the_start()
    {
        var old = await File.ReadAllTextAsync(_authority.ServerKeyFile, TestContext.Current.CancellationToken);
        _authority.Renew();
        await File.WriteAllTextAsync(_authority.ServerKeyFile, old, TestContext.Current.CancellationToken);

        var finished = await RunningWharf.RunAsync(["serve", "--listen", "https://127.0.0.1:0"], _directory.Path, [("WHARF__Tls__Certificate", _authority.ServerCertificateFile), ("WHARF__Tls__Key", _authority.ServerKeyFile)]);

        Assert.Equal(2, finished.Code);
        Assert.Contains(_authority.ServerCertificateFile, finished.Errors, StringComparison.Ordinal);
    }

    private Task<RunningWharf> StartAsync(params (string, string)[] environment) => RunningWharf.StartAsync(
        ["--listen", "https://127.0.0.1:0"],
        [("WHARF__Tls__Certificate", _authority.ServerCertificateFile), ("WHARF__Tls__Key", _authority.ServerKeyFile), .. environment]);

    private void Secret(string name)
    {
        Directory.CreateDirectory(_directory.File(name));
        File.Copy(_authority.ServerCertificateFile, _directory.File($"{name}/tls.crt"));
        File.Copy(_authority.ServerKeyFile, _directory.File($"{name}/tls.key"));
    }

    // A client certificate, and the authority NAME-ca.crt that signed it.
    private async Task<X509Certificate2> ClientAsync(string name)
    {
        foreach (var arguments in new[]
        {
            $"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name}-ca -keyout {name}-ca.key -out {name}-ca.crt",
            $"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name} -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=clientAuth -CA {name}-ca.crt -CAkey {name}-ca.key -keyout {name}.key -out {name}.crt",
        })
        {
            using var openssl = Process.Start(new ProcessStartInfo("openssl", arguments) { WorkingDirectory = _directory.Path, RedirectStandardError = true })!;
            var errors = await openssl.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await openssl.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(openssl.ExitCode == 0, errors);
        }

        return X509Certificate2.CreateFromPemFile(_directory.File($"{name}.crt"), _directory.File($"{name}.key"));
    }

    private async Task<SslStream> ConnectAsync(Uri url, Action<SslClientAuthenticationOptions>? configure = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, url.Port), TestContext.Current.CancellationToken);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http11],
            RemoteCertificateValidationCallback = (_, shown, _, _) => _authority.VouchesFor((X509Certificate2)shown!),
            AllowTlsResume = false,
        };
        configure?.Invoke(options);
        await tls.AuthenticateAsClientAsync(options, TestContext.Current.CancellationToken);
        return tls;
    }

    private async Task<string> TryGetAsync(Uri url, X509Certificate2? certificate)
    {
        try
        {
            using var tls = await ConnectAsync(url, options => options.ClientCertificates = certificate is null ? [] : [certificate]);
            return await GetAsync(tls);
        }
        catch (Exception fault) when (fault is IOException or AuthenticationException)
        {
            return "";
        }
    }

    private static async Task<string> GetAsync(SslStream tls)
    {
        await tls.WriteAsync("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        return Encoding.ASCII.GetString(buffer, 0, await tls.ReadAsync(buffer, TestContext.Current.CancellationToken));
    }

    private async Task<string> SerialAsync(Uri url)
    {
        using var tls = await ConnectAsync(url);
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }
}
