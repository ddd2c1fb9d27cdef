using System.Text.Json.Nodes;
using Wharf.Tests.Clients;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Security;

/// <summary><c>wharf scan</c> says the same of one image, wherever it is.</summary>
public sealed class ScanCommandTests(UserRegistry registry) : IClassFixture<UserRegistry>, IAsyncDisposable
{
    private readonly DirectoryInfo _at = Directory.CreateTempSubdirectory("wharf-scan-");
    private readonly ClientHome _home = new();
    private readonly FeedsInTest _feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-2031-1", "CVE-2031-4711", "PyPI", "django", "3.2.25"));

    [Fact]
    public async Task One_image_is_the_same_in_a_registry_a_layout_an_archive_and_an_SBOM()
    {
        var repository = registry.NewRepository();
        await ImageOfFiles.Of(ImageOfFiles.Debian("12", ("bash", "5.2.15-2", "bash")), ImageOfFiles.Python("django", "3.2.1")).PushAsync(registry.UserClient, repository, "v1");
        await Registry.SetPublicAsync(registry.User, repository.Split('/')[1], isPublic: true);
        var (layout, archive, oci) = (Path.Join(_at.FullName, "layout"), Path.Join(_at.FullName, "docker.tar"), Path.Join(_at.FullName, "oci.tar"));
        foreach (var target in (string[])[$"oci:{layout}:v1", $"docker-archive:{archive}:app:v1", $"oci-archive:{oci}:v1"])
            await _home.RunAsync("skopeo", "copy", "--src-tls-verify=false", $"docker://{registry.Host}/{repository}:v1", target);
        var sbom = Path.Join(_at.FullName, "sbom.json");
        await File.WriteAllTextAsync(sbom, (await ScanAsync($"oci:{layout}", "--format", "cyclonedx")).Output, TestContext.Current.CancellationToken);

        foreach (var target in (string[])[$"registry:{registry.Host}/{repository}:v1", $"oci:{layout}", $"oci:{layout}:v1", $"archive:{archive}", $"archive:{oci}", $"sbom:{sbom}"])
        {
            var (code, output, errors) = await ScanAsync(target, "--format", "json", "--platform", "linux/amd64");
            Assert.True(code == 0, errors);
            var report = JsonNode.Parse(output)!;
            var finding = Assert.Single(report["findings"]!.AsArray())!;
            Assert.Equal(("CVE-2031-4711", "django", "3.2.1", "affected", "High", "3.2.25", "osv-PyPI"),
                ((string)finding["id"]!, (string)finding["package"]!, (string)finding["version"]!, (string)finding["status"]!, (string)finding["severity"]!, (string)finding["fixedIn"]!, (string)finding["feed"]!));
            Assert.Equal(["PYSEC-2031-1"], finding["aliases"]!.AsArray().Select(static a => (string)a!));
            Assert.Equal(["bash", "django"], report["packages"]!.AsArray().Select(static p => (string)p!["name"]!).Order(StringComparer.Ordinal));
            Assert.Equal(target, (string)report["target"]!);
        }
    }

    [Fact]
    public async Task The_exit_code_is_1_only_when_asked_and_2_says_what_would_be_right()
    {
        var directory = _at.CreateSubdirectory("app/lib/Django-3.2.1.dist-info");
        await File.WriteAllTextAsync(Path.Join(directory.FullName, "METADATA"), "Metadata-Version: 2.1\nName: Django\nVersion: 3.2.1\n\n", TestContext.Current.CancellationToken);
        var target = $"dir:{Path.Join(_at.FullName, "app")}";

        var table = await ScanAsync(target);

        Assert.Equal(0, table.Code);
        Assert.Contains("CVE-2031-4711", table.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await ScanAsync(target, "--fail-on", "High")).Code);
        Assert.Equal(0, (await ScanAsync(target, "--fail-on", "Critical")).Code);
        var unknown = await ScanAsync("nothing");
        Assert.Equal(2, unknown.Code);
        Assert.Contains("registry:HOST/NAME:TAG", unknown.Errors, StringComparison.Ordinal);
        var absent = await ScanAsync($"registry:{registry.Host}/nobody/nothing:v1");
        Assert.Equal(2, absent.Code);
        Assert.Equal(2, (await ScanAsync($"sbom:{_feeds.Directory}/osv/PyPI/all.zip")).Code);
    }

    public async ValueTask DisposeAsync()
    {
        _feeds.Dispose();
        await _home.DisposeAsync();
        _at.Delete(recursive: true);
    }

    private async Task<(int Code, string Output, string Errors)> ScanAsync(params string[] arguments)
    {
        var finished = await RunningWharf.RunAsync(["scan", .. arguments, "--feeds", _feeds.Directory], _at.FullName);
        return (finished.Code, finished.Output, finished.Errors);
    }
}
