using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class TlsTests(TlsRegistry registry) : IClassFixture<TlsRegistry>, IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Fact]
    public async Task Podman_pushes_and_pulls_when_told_of_the_authority_and_refuses_otherwise()
    {
        var user = await registry.CreateUserAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "encrypted on its way");
        string[] podman = ["podman", "--root", _home.At("storage"), "--runroot", _home.At("run/storage"), "--storage-driver", "vfs"];
        var image = $"{registry.Host}/{user.Name}/app:v1";
        var loaded = (await _home.RunAsync([.. podman, "pull", $"oci:{layout.Folder}:v1"])).Trim();
        await _home.RunAsync([.. podman, "tag", loaded, image]);

        var refusal = await _home.RefusedAsync([.. podman, "login", "-u", user.Name, "-p", user.Password, registry.Host]);
        await _home.RunAsync([.. podman, "login", "--cert-dir", Trusted(), "-u", user.Name, "-p", user.Password, registry.Host]);
        await _home.RunAsync([.. podman, "push", "--cert-dir", Trusted(), image]);
        await _home.RunAsync([.. podman, "rmi", "--force", loaded]);
        var pulled = await _home.RunAsync([.. podman, "pull", "--quiet", "--cert-dir", Trusted(), image]);

        Assert.Contains("certificate", refusal, StringComparison.Ordinal);
        Assert.Equal(loaded, pulled.Trim());
    }

    [Fact]
    public async Task Skopeo_pushes_and_pulls_when_told_of_the_authority_and_refuses_otherwise()
    {
        var (user, layout, digest) = await PushedAsync(size: 0);
        var image = $"docker://{registry.Host}/{user.Name}/app:v1";

        var refusal = await _home.RefusedAsync("skopeo", "inspect", "--creds", $"{user.Name}:{user.Password}", image);
        await _home.RunAsync("skopeo", "copy", "--src-cert-dir", Trusted(), "--src-creds", $"{user.Name}:{user.Password}", image, $"dir:{_home.At("back")}");

        Assert.Contains("certificate", refusal, StringComparison.Ordinal);
        Assert.Equal(layout.Blob(digest), await File.ReadAllBytesAsync(_home.At("back/manifest.json"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_certificate_is_renewed_during_a_pull_without_disturbing_it()
    {
        var (user, _, _) = await PushedAsync(size: 64 << 20);
        var layer = (await user.Client.ManifestAsync($"{user.Name}/app", "v1")).LayerDigests[0];
        var before = await ServedSerialNumberAsync();

        using var pull = await user.Client.GetAsync($"/v2/{user.Name}/app/blobs/{layer}", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var content = await pull.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        await content.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken);
        hash.AppendData(buffer);
        var renewed = registry.Authority.Renew();
        await EventuallyServedAsync(renewed);
        await _home.RunAsync(
            "skopeo", "copy", "--src-cert-dir", Trusted(), "--src-creds", $"{user.Name}:{user.Password}", $"docker://{registry.Host}/{user.Name}/app:v1", $"dir:{_home.At("back")}");
        for (int read; (read = await content.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
        }

        Assert.NotEqual(before, renewed);
        Assert.Equal(layer, "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    /// <summary>A folder as podman and skopeo want it: authorities are the files that end in .crt.</summary>
    private string Trusted()
    {
        Directory.CreateDirectory(_home.At("trusted"));
        File.Copy(registry.Authority.CertificateFile, _home.At("trusted/ca.crt"), overwrite: true);
        return _home.At("trusted");
    }

    private async Task<(Account User, ImageLayout Layout, string Digest)> PushedAsync(long size)
    {
        var user = await registry.CreateUserAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = size == 0 ? layout.AddImage("v1", "encrypted on its way") : layout.AddLargeImage("v1", size);
        await _home.RunAsync(
            "skopeo", "copy", "--preserve-digests", "--dest-cert-dir", Trusted(), "--dest-creds", $"{user.Name}:{user.Password}", $"oci:{layout.Folder}:v1", $"docker://{registry.Host}/{user.Name}/app:v1");
        return (user, layout, digest);
    }

    private async Task EventuallyServedAsync(string serialNumber)
    {
        var waiting = Stopwatch.StartNew();
        while (await ServedSerialNumberAsync() != serialNumber)
        {
            Assert.True(waiting.Elapsed < TimeSpan.FromSeconds(30), "The renewed certificate is not served within 30 s.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The certificate that a new connection gets.</summary>
    private async Task<string> ServedSerialNumberAsync()
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(registry.Url.Host, registry.Url.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = registry.Url.Host,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 presented && registry.Authority.VouchesFor(presented),
            },
            TestContext.Current.CancellationToken);
        return tls.RemoteCertificate!.GetSerialNumberString();
    }
}
