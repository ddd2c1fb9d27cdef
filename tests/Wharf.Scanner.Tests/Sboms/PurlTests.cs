using FsCheck;
using FsCheck.Fluent;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Tests.Sboms;

public sealed class PurlTests
{
    private static readonly Gen<string> s_word = Gen.NonEmptyListOf(Gen.Elements("a", "b", "z", "0", "7", "-", ".", "+", "~", "_", "é", "%", " ", "^")).Select(static parts => "x" + string.Concat(parts));

    private static readonly Gen<Distro> s_distro = Gen.Elements<Distro>(
        new("debian", "12"), new("ubuntu", "22.04"), new("alpine", "3.18.4"), new("rhel", "8.10"), new("almalinux", "9.4"), new("opensuse-leap", "15.5"), new("wolfi", "20230201"), new("debian", ""));

    private static readonly Gen<Package> s_package =
        from type in Gen.Elements(Enum.GetValues<PackageType>().Where(static t => t is not (PackageType.PyPI or PackageType.Other)).ToArray())
        from name in s_word
        from scope in s_word
        from version in s_word
        from source in Gen.Elements(null, "glibc", "lib-x")
        from sourceVersion in Gen.Elements(null, "2.31-13", "1.0-1")
        from arch in Gen.Elements(null, "amd64", "x86_64")
        from module in Gen.Elements(null, "nodejs:12")
        from epoch in Gen.Elements("", "1:", "22:")
        let ofDistro = type is PackageType.Deb or PackageType.Rpm or PackageType.Apk
        select new Package
        {
            Type = type,
            Name = type switch { PackageType.Npm => $"@{scope}/{name}", PackageType.Maven => $"{scope}:{name}", PackageType.Go or PackageType.Composer => $"{scope}/{name}", _ => name },
            Version = (type is PackageType.Deb or PackageType.Rpm ? epoch : "") + version,
            Source = ofDistro ? source : null,
            SourceVersion = ofDistro ? sourceVersion : null,
            Arch = arch,
            Module = type == PackageType.Rpm ? module : null,
        };

    [Fact]
    public void What_is_written_is_read_back() => Prop.ForAll(s_package.ToArbitrary(), s_distro.ToArbitrary(), static (package, distro) =>
    {
        // An rpm's source is written with its version and release, which the name is told from by two dashes
        var expected = package is { Type: PackageType.Rpm, SourceVersion: null } ? package with { Source = null } : package;

        var purl = Purl.Write(expected, distro);

        Assert.True(Purl.TryParse(purl, out var read, out var readDistro), purl);
        Assert.Equal(expected, read);
        Assert.Equal(Purl.IsOfDistro(package.Type) ? distro : null, readDistro);
        Assert.Equal(purl, Purl.Write(read!, readDistro));
    }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));

    [Theory]
    [InlineData("pkg:deb/debian/libc6@2.28-10?arch=amd64&distro=debian-10&upstream=glibc", PackageType.Deb, "libc6", "2.28-10", "glibc", null, "debian 10")]
    [InlineData("pkg:deb/debian/libgcc-s1@10.2.1-6?upstream=gcc-10%4010.2.1-6&distro=bullseye", PackageType.Deb, "libgcc-s1", "10.2.1-6", "gcc-10", null, "debian 11")]
    [InlineData("pkg:deb/debian/libx@1:1.2-3+b1?upstream=x@1:1.2-3&distro=debian-12.5", PackageType.Deb, "libx", "1:1.2-3+b1", "x", "1:1.2-3", "debian 12.5")]
    [InlineData("pkg:deb/ubuntu/libssl3@3.0.2-0ubuntu1?epoch=2&distro=ubuntu-22.04", PackageType.Deb, "libssl3", "2:3.0.2-0ubuntu1", null, null, "ubuntu 22.04")]
    [InlineData("pkg:apk/alpine/busybox@1.31.1-r9?arch=x86_64&distro=alpine-3.11.6&upstream=busybox", PackageType.Apk, "busybox", "1.31.1-r9", null, null, "alpine 3.11.6")]
    [InlineData("pkg:apk/alpine/alpine-keys@2.5-r0?arch=x86_64&distro=3.23.3", PackageType.Apk, "alpine-keys", "2.5-r0", null, null, "alpine 3.23.3")]
    [InlineData("pkg:alpine/busybox@1.31.1-r9?arch=x86_64&distro=alpine-3.11.6", PackageType.Apk, "busybox", "1.31.1-r9", null, null, "alpine 3.11.6")]
    [InlineData("pkg:apk/wolfi/busybox@1.37.0-r0?distro=wolfi", PackageType.Apk, "busybox", "1.37.0-r0", null, null, "wolfi")]
    [InlineData("pkg:rpm/redhat/acl@2.2.53-1.el8?arch=x86_64&distro=redhat-8.5&epoch=1", PackageType.Rpm, "acl", "1:2.2.53-1.el8", null, null, "rhel 8.5")]
    [InlineData("pkg:rpm/almalinux/nodejs@12.20.1-1.module_el8.3.0%2B2042%2B601546b9?arch=x86_64&epoch=1&upstream=nodejs-12.20.1-1.module_el8.3.0%2B2042%2B601546b9.src.rpm&distro=almalinux-8.5", PackageType.Rpm, "nodejs", "1:12.20.1-1.module_el8.3.0+2042+601546b9", null, null, "almalinux 8.5")]
    [InlineData("pkg:rpm/suse/libz1@1.2.11-150000.3.45.1?distro=suse%20linux%20enterprise%20server-15.5&upstream=zlib-1.2.11-150000.3.45.1.src.rpm", PackageType.Rpm, "libz1", "1.2.11-150000.3.45.1", "zlib", null, "sles 15.5")]
    [InlineData("pkg:npm/%40angular/animation@12.3.1", PackageType.Npm, "@angular/animation", "12.3.1", null, null, null)]
    [InlineData("pkg:npm/@angular/animation", PackageType.Npm, "@angular/animation", "", null, null, null)]
    [InlineData("pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?packaging=sources", PackageType.Maven, "org.apache.xmlgraphics:batik-anim", "1.9.1", null, null, null)]
    [InlineData("pkg:golang/google.golang.org/genproto@v0.0.1%2Bincompatible#googleapis/api/annotations", PackageType.Go, "google.golang.org/genproto", "0.0.1+incompatible", null, null, null)]
    [InlineData("pkg:golang/std@go1.21.3", PackageType.Go, "stdlib", "1.21.3", null, null, null)]
    [InlineData("PKG://NuGet/EnterpriseLibrary.Common@6.0.1304", PackageType.NuGet, "EnterpriseLibrary.Common", "6.0.1304", null, null, null)]
    [InlineData("pkg:composer/laravel/framework@5.5.0", PackageType.Composer, "laravel/framework", "5.5.0", null, null, null)]
    [InlineData("pkg:gem/ruby-advisory-db-check@0.12.4?platform=java", PackageType.Gem, "ruby-advisory-db-check", "0.12.4", null, null, null)]
    [InlineData("pkg:bitnami/wordpress@6.2.0?arch=arm64&distro=debian-12", PackageType.Bitnami, "wordpress", "6.2.0", null, null, null)]
    [InlineData("pkg:github/package-url/purl-spec@244fd47e07d1004", PackageType.Other, "package-url/purl-spec", "244fd47e07d1004", null, null, null)]
    public void Package_urls_of_tools_are_read(string purl, PackageType type, string name, string version, string? source, string? sourceVersion, string? distro)
    {
        Assert.True(Purl.TryParse(purl, out var package, out var readDistro));

        Assert.Equal((type, name, version, source, sourceVersion), (package!.Type, package.Name, package.Version, package.Source, package.SourceVersion));
        Assert.Equal(distro, readDistro?.ToString());
    }

    [Theory]
    [InlineData("pkg:rpm/redhat/nodejs@1?rpmmod=nodejs:12:8030020201124152102:229f0a1c")]
    [InlineData("pkg:rpm/redhat/nodejs@1?modularitylabel=nodejs%3A12%3A8030020201124152102%3A229f0a1c")]
    public void The_module_of_an_rpm_is_its_name_and_stream(string purl)
    {
        Assert.True(Purl.TryParse(purl, out var package, out _));

        Assert.Equal("nodejs:12", package!.Module);
    }

    [Theory]
    [InlineData("")]
    [InlineData("pkg:")]
    [InlineData("pkg:npm")]
    [InlineData("pkg:npm/")]
    [InlineData("pkg:/x")]
    [InlineData("http://npm/x")]
    public void What_is_no_package_url_is_refused(string text) => Assert.False(Purl.TryParse(text, out _, out _));

    [Fact]
    public void Any_text_is_read_or_refused_without_an_exception() =>
        Prop.ForAll<string, string>(static (a, b) =>
        {
            foreach (var text in new[] { $"pkg:{a}/{b}", $"pkg:rpm/x/y@1?upstream={a}&distro={b}", $"pkg:rpm/x/y@1?upstream={a}.rpm" })
                Assert.Equal(Purl.TryParse(text, out var package, out _), package is not null);
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true));
}
