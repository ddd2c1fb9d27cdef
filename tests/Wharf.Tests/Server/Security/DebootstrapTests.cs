using System.Diagnostics;
using System.Text.Json.Nodes;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Security;

/// <summary>What Debian's own installer makes is read as dpkg reads it.</summary>
[Trait("Database", "Any")]
public sealed class DebootstrapTests(ScanningRegistry registry) : IClassFixture<ScanningRegistry>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait("Speed", "Slow")]
    public async Task A_minimal_Debian_has_the_packages_that_dpkg_lists()
    {
        var root = await InstallAsync();
        using var directory = new TemporaryDirectory();
        using var feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-1", "CVE-2031-1", "PyPI", "none", "1.0"));
        var layer = directory.File("layer.tar.gz");
        await RunAsync("tar", "--numeric-owner", "--one-file-system", "-C", root, "-czf", layer, ".");
        var image = ImageOfFiles.Of(await File.ReadAllBytesAsync(layer, Ct));
        var repository = registry.NewRepository();

        await image.PushAsync(registry.UserClient, repository, "minbase");
        var report = await ScanningRegistry.ScannedAsync(registry.UserClient, repository, image.Digest, "?packages=true");
        var scan = await RunningWharf.RunAsync(["scan", $"dir:{root}", "--format", "json", "--feeds", feeds.Directory], directory.Path);

        var listed = (await RunAsync("dpkg-query", $"--admindir={root}/var/lib/dpkg", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n"))
            .Split('\n').Where(static l => l.StartsWith("installed ", StringComparison.Ordinal)).Select(static l => l["installed ".Length..]).Order(StringComparer.Ordinal).ToList();
        Assert.True(listed.Count > 50, $"dpkg lists {listed.Count} packages.");
        Assert.Equal("scanned", (string)report["status"]!);
        Assert.Empty(report["problems"]!.AsArray());
        Assert.Equal(("debian", "12"), ((string)report["distro"]!["id"]!, (string)report["distro"]!["version"]!));
        Assert.Equal(listed, Debs(report));
        Assert.True(scan.Code == 0, scan.Errors);
        Assert.Equal(listed, Debs(JsonNode.Parse(scan.Output)!));
        Console.WriteLine($"   {listed.Count} packages of a debootstrap image are those of dpkg-query");
    }

    private static List<string> Debs(JsonNode report) =>
        [.. report["packages"]!.AsArray().Where(static p => ((string)p!["purl"]!).StartsWith("pkg:deb/", StringComparison.Ordinal)).Select(static p => $"{(string)p!["name"]!} {(string)p["version"]!}").Order(StringComparer.Ordinal)];

    /// <summary>A minimal Debian 12, from the mirror that apt knows; made once and kept.</summary>
    private static async Task<string> InstallAsync()
    {
        var cache = Environment.GetEnvironmentVariable("WHARF_TEST_CACHE") ?? Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "wharf-tests");
        var root = Path.Join(cache, "debian-minbase");
        if (Directory.Exists(root))
            return root;
        var mirror = (await RunAsync("apt-get", "indextargets", "--format", "$(SITE)")).Split('\n').First(static site => site.TrimEnd('/').EndsWith("/debian", StringComparison.Ordinal));
        var half = $"{root}.{Guid.NewGuid():n}";
        await RunAsync("debootstrap", "--variant=minbase", "bookworm", half, mirror);
        Directory.Move(half, root);
        return root;
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(TimeSpan.FromMinutes(10));
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
            await process.WaitForExitAsync(deadline.Token);
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await output}{await error}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
