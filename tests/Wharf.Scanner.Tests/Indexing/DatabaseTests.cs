using System.Text;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Tests.Indexing;

/// <summary>Package databases give what independent tools read from them.</summary>
public sealed class DatabaseTests
{
    [Fact]
    public async Task A_dpkg_status_lists_what_dpkg_query_lists()
    {
        var layer = await new TarBuilder().File("var/lib/dpkg/status", await Bytes("dpkg", "bookworm-minbase.status"))
            .File("etc/os-release", await Bytes("dpkg", "bookworm-os-release")).IndexAsync();

        var inventory = Image.Coalesce([layer]);

        var expected = File.ReadLines(TestData.Path("pkgdb", "dpkg", "bookworm-minbase.expected.tsv"))
            .Select(static line => line.Split('\t')).Select(static row => string.Join(' ', row[..5])).Order(StringComparer.Ordinal);
        var actual = inventory.Components.Select(static c => c.Package)
            .Select(static p => $"{p.Name} {p.Version} {p.Arch} {p.Source ?? p.Name} {p.SourceVersion ?? p.Version}").Order(StringComparer.Ordinal);
        Assert.Equal(expected, actual);
        Assert.Equal(new Distro("debian", "12", "Debian GNU/Linux 12 (bookworm)"), inventory.Distro);
    }

    [Fact]
    public void A_package_of_which_only_settings_are_left_is_not_installed()
    {
        const string Status = "Package: a\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: b\nStatus: hold ok installed\nVersion: 2\nSource: c (3)\n";

        var file = Read("var/lib/dpkg/status", Encoding.UTF8.GetBytes(Status));

        Assert.Equal([new Package { Type = PackageType.Deb, Name = "b", Version = "2", Source = "c", SourceVersion = "3" }], file.Packages.Select(static p => p.Package));
    }

    [Fact]
    public void A_long_dpkg_status_is_read_to_its_end()
    {
        var content = File.ReadAllBytes(TestData.Path("pkgdb", "dpkg", "texlive.status"));

        var file = Read("var/lib/dpkg/status", content);

        var installed = Encoding.UTF8.GetString(content).Split("\n\n").Count(static stanza => stanza.Contains("ok installed"));
        Assert.Equal(installed, file.Packages.Count);
    }

    [Fact]
    public void Apk_lists_packages_with_their_origins_and_their_files()
    {
        var content = File.ReadAllBytes(TestData.Path("pkgdb", "apk", "installed-alpine"));

        var file = Read("lib/apk/db/installed", content);

        var stanzas = Encoding.UTF8.GetString(content).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(stanzas.Length, file.Packages.Count);
        Assert.Contains(new Package { Type = PackageType.Apk, Name = "ssl_client", Version = "1.36.0-r9", Source = "busybox", Arch = "x86_64" }, file.Packages.Select(static p => p.Package));
        Assert.Contains(new OwnedPath(PathHash.Of("usr/bin/busybox"), "busybox"), file.Owned);
    }

    [Theory]
    [InlineData("var/lib/rpm/Packages", "Packages_epoch.bdb")]
    [InlineData("var/lib/rpm/Packages", "centos-libuuid-Packages.bdb")]
    [InlineData("var/lib/rpm/rpmdb.sqlite", "mariner2-rpmdb.sqlite")]
    public void An_rpm_database_lists_what_rpm_lists(string path, string database)
    {
        var file = Read(path, File.ReadAllBytes(TestData.Path("pkgdb", "rpm", database)));

        var expected = TestData.Rows("pkgdb", "rpm", database + ".expected.tsv").Where(static row => row[0] != "gpg-pubkey").Order(RowOrder)
            .Select(static row => $"{row[0]} {(row[1].Length == 0 ? "" : row[1] + ":")}{row[2]}-{row[3]} {row[4]} {row[5]} {row[6]}");
        var actual = file.Packages.Select(static p => p.Package).OrderBy(static p => p.Name, StringComparer.Ordinal)
            .Select(static p => $"{p.Name} {p.Version} {p.Arch} {p.Source ?? p.Name}-{p.SourceVersion ?? p.Version[(p.Version.IndexOf(':') + 1)..]}.src.rpm {p.Module}");
        Assert.Equal(expected, actual);
        Assert.Null(file.Problem);
    }

    [Fact]
    public void An_rpm_database_of_the_kind_ndb_is_read()
    {
        var file = Read("usr/lib/sysimage/rpm/Packages.db", File.ReadAllBytes(TestData.Path("pkgdb", "rpm", "sle15-bci-Packages.db")));

        Assert.Null(file.Problem);
        Assert.Equal(35, file.Packages.Count);
        Assert.Contains(file.Packages, static p => p.Package is { Name: "libpcre1", Version: "8.45-20.10.1", Source: "pcre", SourceVersion: null, Arch: "x86_64", Module: "" });
        Assert.Contains(new OwnedPath(PathHash.Of("usr/bin/bash"), "bash"), file.Owned);
    }

    private static readonly Comparer<string[]> RowOrder = Comparer<string[]>.Create(static (a, b) => string.CompareOrdinal(a[0], b[0]));

    internal static IndexedFile Read(string path, byte[] content) =>
        FileReader.Read(FileKinds.Of(path), content, new FileReport(path, new IndexBudget(IndexLimits.Default)))!;

    private static Task<byte[]> Bytes(params string[] parts) => File.ReadAllBytesAsync(TestData.Path(["pkgdb", .. parts]), TarBuilder.Ct);
}
