using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Tests.Indexing;

public sealed class ImageTests
{
    private const string Status = "var/lib/dpkg/status";

    [Fact]
    public async Task A_database_that_becomes_empty_takes_its_packages_away()
    {
        var below = await new TarBuilder().File(Status, Stanza("a", "1")).IndexAsync();
        var above = await new TarBuilder().File(Status, "").IndexAsync();

        var inventory = Image.Coalesce([below, above]);

        Assert.Empty(inventory.Components);
    }

    [Fact]
    public async Task A_package_is_of_the_layer_that_first_had_exactly_it()
    {
        var first = await new TarBuilder().File(Status, Stanza("a", "1") + Stanza("b", "1")).IndexAsync();
        var second = await new TarBuilder().File(Status, Stanza("a", "1") + Stanza("b", "2")).IndexAsync();
        var third = await new TarBuilder().File(Status, Stanza("a", "1") + Stanza("b", "2") + Stanza("c", "1")).IndexAsync();

        var inventory = Image.Coalesce([first, second, third]);

        Assert.Equal([("a", 0), ("b", 1), ("c", 2)], inventory.Components.Select(static c => (c.Package.Name, c.Layer)));
    }

    [Theory]
    [InlineData("usr/lib/apk/db")]
    [InlineData("usr/lib/apk")]
    [InlineData("usr")]
    public async Task A_file_in_the_place_of_a_directory_takes_all_below_away(string path)
    {
        var below = await new TarBuilder().File("usr/lib/apk/db/installed", "P:a\nV:1\n").IndexAsync();
        var above = await new TarBuilder().Link(path, "/elsewhere").IndexAsync();

        Assert.Single(Image.Coalesce([below]).Components);
        Assert.Empty(Image.Coalesce([below, above]).Components);
    }

    [Theory]
    [InlineData("var/lib/dpkg/status/")]
    [InlineData("var/lib/dpkg/status/x")]
    public async Task A_directory_in_the_place_of_a_file_takes_it_away(string path)
    {
        var below = await new TarBuilder().File(Status, Stanza("a", "1")).IndexAsync();
        var above = await new TarBuilder().Header(path, path.EndsWith('/') ? '5' : '0', 0).IndexAsync();

        Assert.Empty(Image.Coalesce([below, above]).Components);
    }

    [Fact]
    public async Task A_whiteout_hides_nothing_of_its_own_layer()
    {
        var below = await new TarBuilder().File(Status, Stanza("a", "1")).IndexAsync();
        var above = await new TarBuilder().File("var/lib/dpkg/.wh.status", "").File(Status, Stanza("b", "1")).File("var/.wh..wh..opq", "").IndexAsync();

        Assert.Equal(["b"], Image.Coalesce([below, above]).Components.Select(static c => c.Package.Name));
    }

    [Fact]
    public async Task The_last_entry_of_a_name_counts()
    {
        var layer = await new TarBuilder().File(Status, Stanza("a", "1")).File("./var//lib/./dpkg/status", Stanza("b", "1")).IndexAsync();

        Assert.Equal(["b"], Image.Coalesce([layer]).Components.Select(static c => c.Package.Name));
    }

    [Fact]
    public async Task A_release_is_taken_from_os_release_before_older_files_and_through_its_link()
    {
        var below = await new TarBuilder().File("etc/debian_version", "bookworm/sid\n").File("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n").IndexAsync();
        var above = await new TarBuilder().Link("etc/os-release", "../usr/lib/os-release").File("usr/lib/os-release", "ID='ubuntu'\nVERSION_ID=22.04\n").IndexAsync();

        Assert.Equal(new Distro("debian", "12"), Image.Coalesce([below]).Distro);
        Assert.Equal(new Distro("ubuntu", "22.04"), Image.Coalesce([below, above]).Distro);
    }

    [Theory]
    [InlineData("etc/redhat-release", "CentOS Linux release 7.9.2009 (Core)", "centos", "7.9.2009")]
    [InlineData("etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)", "rhel", "6.10")]
    [InlineData("etc/system-release", "Amazon Linux release 2 (Karoo)", "amzn", "2")]
    [InlineData("etc/alpine-release", "3.18.4", "alpine", "3.18.4")]
    [InlineData("etc/debian_version", "12.5", "debian", "12")]
    [InlineData("etc/debian_version", "trixie/sid", "debian", "")]
    [InlineData("etc/os-release", "ID=\"rhcos\"\nVERSION_ID=\"4.16\"\nRHEL_VERSION=\"9.4\"\n", "rhel", "9.4")]
    [InlineData("etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\n", "ubuntu", "14.04")]
    public void Older_files_name_the_release_too(string path, string content, string id, string version)
    {
        var distro = DatabaseTests.Read(path, System.Text.Encoding.UTF8.GetBytes(content)).Distro;

        Assert.Equal((id, version), (distro!.Id, distro.Version));
    }

    [Fact]
    public async Task An_index_is_read_as_it_was_written()
    {
        var layer = await new TarBuilder().File(Status, File.ReadAllBytes(TestData.Path("pkgdb", "dpkg", "bookworm-minbase.status")))
            .File("etc/os-release", "ID=debian\n").File("usr/lib/apk/db/installed", "P:a\nV:1\nF:usr/bin\nR:a\n").File(".wh.x", "").File("y/.wh..wh..opq", "").File("../z", "").IndexAsync();

        var bytes = layer.Write();
        var read = LayerIndex.Read(bytes);

        Assert.Equivalent(layer, read, strict: true);
        Assert.Equal(bytes, read.Write());
    }

    [Fact]
    public async Task The_diff_id_is_the_digest_of_the_uncompressed_layer_with_all_that_follows_its_end()
    {
        var tar = new TarBuilder().File("a", "1").End().Content("more"u8).ToArray();

        var index = await TarBuilder.IndexAsync(TarBuilder.Gzip(tar));

        Assert.Equal(Wharf.Oci.Digest.Of(tar), index.DiffId);
        Assert.Equal(tar.Length, index.Size);
    }

    private static string Stanza(string name, string version) => $"Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n";
}
