using Wharf.Scanner.Feeds;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

/// <summary>Ubuntu's records are OSV; what subscribers of Ubuntu Pro alone get is an ecosystem of its own.</summary>
public sealed class UbuntuOsvTests
{
    [Theory]
    [InlineData("osv-esm-cases/cve/2014/UBUNTU-CVE-2014-9913.json", "CVE-2014-9913", Severity.Negligible,
        "ubuntu-pro:14.04 unzip < 6.0-9ubuntu1.6; ubuntu:16.04 unzip < 6.0-20ubuntu1.1")]
    [InlineData("osv/cve/2021/UBUNTU-CVE-2021-3782.json", "CVE-2021-3782", Severity.Medium,
        "ubuntu-pro:16.04 wayland < 1.12.0-1~ubuntu16.04.3+esm1; ubuntu:18.04 wayland < 1.16.0-1ubuntu1.1~18.04.4; "
        + "ubuntu:20.04 wayland < 1.18.0-1ubuntu0.1; ubuntu:22.04 wayland < 1.20.0-1ubuntu0.1")]
    [InlineData("osv/cve/2026/UBUNTU-CVE-2026-1403.json", "CVE-2026-1403", Severity.Medium, "ubuntu:16.04 gitlab")]
    public void A_release_says_from_when_it_is_fixed_and_for_whom(string file, string cve, Severity severity, string rows)
    {
        var record = Assert.Single(Read(file));

        Assert.Equal((cve, severity), (Assert.Single(record.Aliases), record.Severity));
        Assert.Equal(rows, string.Join("; ", record.Affected.Select(Row)));
    }

    [Fact]
    public void What_is_fixed_only_for_subscribers_is_said_of_no_free_release()
    {
        var netty = Assert.Single(Read("osv-esm-cases/cve/2022/UBUNTU-CVE-2022-24823.json"));

        Assert.Equal("ubuntu-pro:22.04 netty < 1:4.1.48-4+deb11u2ubuntu0.1~esm1", Row(netty.Affected.Single(static row => row.Ecosystem.EndsWith("22.04", StringComparison.Ordinal))));
        Assert.Equal(["ubuntu:25.10 netty"], netty.Affected.Where(static row => row.Ecosystem.StartsWith("ubuntu:", StringComparison.Ordinal)).Select(Row));
    }

    [Theory]
    [InlineData("osv-esm-cases/cve/2014/UBUNTU-CVE-2014-2901.json")]
    [InlineData("osv/cve/2013/UBUNTU-CVE-2013-2208.json")]
    [InlineData("osv/cve/2020/UBUNTU-CVE-2020-36325.json")]
    public void What_was_withdrawn_is_left_out(string file) => Assert.Empty(Read(file));

    private static List<Advisory> Read(string file)
    {
        using var stream = TestData.Open(["ubuntu", .. file.Split('/')]);
        return [.. Osv.ReadFile(stream, "ubuntu/" + file)];
    }

    private static string Row(Affected row) => $"{row.Ecosystem} {row.Name}{(row.Ranges[0].Fixed is { } first ? " < " + first : "")}";
}
