using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Tests.Indexing;

/// <summary>What languages leave of an installed package in a file.</summary>
public sealed class LanguageTests
{
    public static TheoryData<string, string, string> Files => new()
    {
        { "usr/lib/python3/dist-packages/foo-1.0.dist-info/METADATA", "Metadata-Version: 2.1\r\nName: Foo_Bar\r\nVersion: 1.0\r\n\r\nName: other\r\n", "PyPI Foo_Bar 1.0" },
        { "usr/lib/python3/dist-packages/foo.egg-info/PKG-INFO", "Name: foo\nVersion: 1.0.post1\n", "PyPI foo 1.0.post1" },
        { "usr/lib/python3/dist-packages/foo-1.egg-info", "name: foo\nversion: 1\n", "PyPI foo 1" },
        { "app/requirements.txt", "foo==1\n", "" },
        { "app/node_modules/lodash/package.json", """{"name":"lodash","version":"4.17.20"}""", "Npm lodash 4.17.20" },
        { "app/node_modules/a/node_modules/@babel/core/package.json", """{"name":"@babel/core","version":"7.0.0"}""", "Npm @babel/core 7.0.0" },
        { "usr/lib/node_modules/npm/package.json", """{"name":"npm","version":"9.2.0"}""", "Npm npm 9.2.0" },
        { "app/package.json", "\uFEFF{ /* ours */ \"name\":\"app\",\"version\":\"1.0.0\", }", "Npm app 1.0.0" },
        { "app/node_modules/lodash/test/package.json", """{"name":"fixture","version":"1.0.0"}""", "" },
        { "app/node_modules/a/package.json", """{"type":"module"}""", "" },
        { "app/package-lock.json", """{"name":"a","version":"1"}""", "" },
        { "usr/lib/ruby/gems/3.1.0/specifications/rake-13.0.6.gemspec", "# -*- encoding: utf-8 -*-\n# stub: rake 13.0.6 ruby lib\n", "Gem rake 13.0.6" },
        { "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec", "Gem::Specification.new do |s|\n  s.name = \"json\".freeze\n  s.version = Gem::Version.new(\"2.6.1\")\n", "Gem json 2.6.1" },
        { "gems/specifications/net-ssh-7.0.1-x86_64-linux.gemspec", "", "Gem net-ssh 7.0.1" },
        { "app/foo.gemspec", "s.name = \"foo\"\ns.version = \"1\"\n", "" },
        { "app/vendor/composer/installed.json", """[{"name":"symfony/http-kernel","version":"v4.4.0"}]""", "Composer symfony/http-kernel v4.4.0" },
        { "app/vendor/composer/installed.json", """{"packages":[{"name":"a/b","version":"1.0"},{"name":"c/d"}],"dev":true}""", "Composer a/b 1.0" },
        { "opt/bitnami/redis/.spdx-redis.spdx", """{"spdxVersion":"SPDX-2.3","packages":[{"name":"redis","externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:bitnami/redis@7.0.11-3?arch=amd64"}]}]}""", "Bitnami redis 7.0.11" },
        { "opt/bitnami/redis/.spdx-redis.spdx", "SPDXVersion: SPDX-2.3\nPackageName: redis\nSPDXID: SPDXRef-redis\nExternalRef: PACKAGE-MANAGER purl pkg:bitnami/redis@7.0.11?arch=amd64\n", "Bitnami redis 7.0.11" },
        { "usr/share/sbom/a.cdx.json", """{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"a","purl":"pkg:npm/a@1"},{"type":"library","name":"b","purl":"pkg:deb/debian/b@1"}]}""", "Npm a 1" },
        { "srv/a.cdx.json", """{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"a","purl":"pkg:npm/a@1"}]}""", "" },
        { "etc/redis/.spdx-redis.spdx", "ExternalRef: PACKAGE-MANAGER purl pkg:bitnami/redis@7.0.11\n", "" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_of_a_language_names_its_packages(string path, string content, string expected)
    {
        var layer = await new TarBuilder().File(path, content).IndexAsync();

        Assert.Equal(expected, Packages(layer));
        Assert.Empty(Image.Coalesce([layer]).Problems);
    }

    [Fact]
    public void All_packages_of_composer_2_are_listed()
    {
        var file = DatabaseTests.Read("app/vendor/composer/installed.json", File.ReadAllBytes(TestData.Path("pkgdb", "php", "installed-composer2.json")));

        Assert.Equal(["asm89/stack-cors 1.3.0", "behat/mink v1.8.1"], file.Packages.Select(static p => $"{p.Package.Name} {p.Package.Version}"));
    }

    [Theory]
    [InlineData("happy.deps.json", "Newtonsoft.Json 13.0.1")]
    [InlineData("multi-project.deps.json", "Newtonsoft.Json 13.0.3")]
    [InlineData("self-contained.deps.json", "Newtonsoft.Json 13.0.1, Microsoft.NETCore.App.Runtime.linux-x64 8.0.0, Microsoft.AspNetCore.App.Runtime.linux-x64 8.0.0")]
    [InlineData("without-runtime.deps.json", "JsonDiffPatch 2.0.61, Libuv 1.9.1, System.Collections.Immutable 1.3.0")]
    public void A_deps_json_lists_packages_that_bring_something_and_no_projects(string name, string expected)
    {
        var file = DatabaseTests.Read("app/" + name, File.ReadAllBytes(TestData.Path("pkgdb", "dotnet", name)));

        Assert.Equal(expected, string.Join(", ", file.Packages.Select(static p => $"{p.Package.Name} {p.Package.Version}")));
    }

    [Theory]
    [InlineData("layer-with-embedded-cs.tar", "content-set-1, content-set-2")]
    [InlineData("rhcos-layer-with-embedded-cs.tar", "content-set-1, content-set-2")]
    [InlineData("layer-with-cpe.tar", "")]
    public async Task Content_sets_of_Red_Hat_are_repositories(string name, string expected)
    {
        var layer = await TarBuilder.IndexAsync(await File.ReadAllBytesAsync(TestData.Path("pkgdb", "layers", name), TarBuilder.Ct));

        Assert.Equal(expected, string.Join(", ", Image.Coalesce([layer]).Repositories));
    }

    [Theory]
    [InlineData("root/buildinfo/Dockerfile-ubi8-8.6-1", "FROM scratch\nLABEL com.redhat.component=\"x\" \\\n  \"cpe\"=\"cpe:/a:redhat:rhel_eus:8.6::appstream\"\n")]
    [InlineData("usr/share/buildinfo/labels.json", """{"com.redhat.component":"x","cpe":"cpe:/a:redhat:rhel_eus:8.6::appstream"}""")]
    public async Task A_label_with_a_cpe_is_a_repository(string path, string content)
    {
        var layer = await new TarBuilder().File(path, content).IndexAsync();

        Assert.Equal(["cpe:/a:redhat:rhel_eus:8.6::appstream"], Image.Coalesce([layer]).Repositories);
    }

    [Fact]
    public async Task A_file_that_a_distribution_package_owns_says_so_in_any_layer_and_through_merged_directories()
    {
        const string Metadata = "Name: six\nVersion: 1.16.0\n";
        var below = await new TarBuilder().File("usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO", Metadata)
            .File("usr/local/lib/python3/six-1.16.0.dist-info/METADATA", Metadata).IndexAsync();
        var above = await new TarBuilder().File("var/lib/dpkg/info/python3-six:all.list", "/.\n/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO\n").IndexAsync();

        var components = Image.Coalesce([below, above]).Components;

        Assert.Equal(["python3-six", null], components.Select(static c => c.OwnedBy));
        Assert.All(components, static c => Assert.Equal(0, c.Layer));
    }

    [Fact]
    public async Task A_replaced_file_takes_its_packages_away_though_the_new_one_has_none()
    {
        var below = await new TarBuilder().File("app/node_modules/a/package.json", """{"name":"a","version":"1"}""").IndexAsync();
        var above = await new TarBuilder().File("app/node_modules/a/package.json", "{}").IndexAsync();

        Assert.Empty(Image.Coalesce([below, above]).Components);
    }

    [Fact]
    public async Task A_hard_link_is_another_name_of_the_same_package()
    {
        var layer = await new TarBuilder().File("a/node_modules/x/package.json", """{"name":"x","version":"1"}""")
            .Link("b/node_modules/x/package.json", "a/node_modules/x/package.json", '1').Link("c/other.json", "a/node_modules/x/package.json", '1').IndexAsync();

        Assert.Equal(["a/node_modules/x/package.json", "b/node_modules/x/package.json"], Assert.Single(Image.Coalesce([layer]).Components).Locations);
    }

    internal static string Packages(LayerIndex layer) =>
        string.Join(", ", layer.Files.SelectMany(static f => f.Packages).Select(static p => $"{p.Package.Type} {p.Package.Name} {p.Package.Version}{(p.Inner.Length > 0 ? " in " + p.Inner : "")}"));
}
