using System.Text;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Tests.Sboms;

public sealed class SbomReaderTests
{
    [Fact]
    public void Components_of_CycloneDX_are_read_with_those_inside_them()
    {
        var inventory = Read("""
            {
              "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
              "metadata": {
                "tools": { "components": [{ "type": "application", "name": "syft", "purl": "pkg:golang/syft@1" }] },
                "component": { "type": "container", "name": "app" }
              },
              "components": [
                { "type": "library", "name": "libc6", "version": "2.28-10", "purl": "pkg:deb/debian/libc6@2.28-10?arch=amd64&distro=debian-10",
                  "properties": [
                    { "name": "syft:location:0:path", "value": "/var/lib/dpkg/status" },
                    { "name": "syft:metadata:source", "value": "glibc" },
                    { "name": "syft:metadata:sourceVersion", "value": "2.28-9" }
                  ] },
                { "type": "application", "name": "server", "version": "1.0",
                  "components": [{ "type": "library", "name": "lodash", "purl": "pkg:npm/lodash@4.17.20", "evidence": { "occurrences": [{ "location": "/srv/a" }, { "location": "/srv/b" }] } }] },
                { "type": "library", "name": "lodash", "purl": "pkg:npm/lodash@4.17.20", "evidence": { "occurrences": [{ "location": "/srv/b" }, { "location": "/srv/c" }] } },
                { "type": "library", "name": "nameless", "version": "1" },
                { "type": "file", "name": "/etc/passwd" },
                { "type": "operating-system", "name": "debian", "version": "10", "description": "Debian GNU/Linux 10 (buster)" }
              ],
              "dependencies": [{ "ref": "x", "dependsOn": [] }]
            }
            """);

        Assert.Equal(new Distro("debian", "10", "Debian GNU/Linux 10 (buster)"), inventory.Distro);
        Assert.Equal(2, inventory.Components.Count);
        var (libc, lodash) = (inventory.Components[0], inventory.Components[1]);
        Assert.Equal(new Package { Type = PackageType.Deb, Name = "libc6", Version = "2.28-10", Source = "glibc", SourceVersion = "2.28-9", Arch = "amd64" }, libc.Package);
        Assert.Equal(["var/lib/dpkg/status"], libc.Locations);
        Assert.Equal(new Package { Type = PackageType.Npm, Name = "lodash", Version = "4.17.20" }, lodash.Package);
        Assert.Equal("pkg:deb/debian/libc6@2.28-10?arch=amd64&distro=debian-10", libc.Purl);
        Assert.Equal(["srv/a", "srv/b", "srv/c"], lodash.Locations);
        Assert.Equal(["libraries without a package URL: 1"], inventory.Problems);
    }

    [Fact]
    public void Source_packages_come_from_properties_of_trivy_when_the_package_url_has_none()
    {
        var inventory = Read("""
            { "bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
                { "type": "operating-system", "name": "alpine", "version": "3.20.1" },
                { "type": "library", "name": "libssl3", "version": "3.3.1-r0", "purl": "pkg:apk/alpine/libssl3@3.3.1-r0?arch=x86_64&distro=3.20.1", "properties": [
                    { "name": "aquasecurity:trivy:SrcName", "value": "openssl" }, { "name": "aquasecurity:trivy:SrcVersion", "value": "3.3.1-r0" } ] },
                { "type": "library", "name": "libgcc", "version": "8.5.0-4.el8", "purl": "pkg:rpm/centos/libgcc@8.5.0-4.el8?epoch=1", "properties": [
                    { "name": "aquasecurity:trivy:SrcName", "value": "gcc" }, { "name": "aquasecurity:trivy:SrcVersion", "value": "8.5.0" },
                    { "name": "aquasecurity:trivy:SrcRelease", "value": "4.el8" }, { "name": "aquasecurity:trivy:SrcEpoch", "value": "1" } ] },
                { "type": "library", "name": "libx", "version": "1:2-1+b1", "purl": "pkg:deb/debian/libx@1:2-1%2Bb1", "properties": [
                    { "name": "aquasecurity:trivy:SrcName", "value": "x" }, { "name": "aquasecurity:trivy:SrcVersion", "value": "2" },
                    { "name": "aquasecurity:trivy:SrcRelease", "value": "1" }, { "name": "aquasecurity:trivy:SrcEpoch", "value": "1" } ] }
            ] }
            """);

        Assert.Equal(("alpine", "3.20.1"), (inventory.Distro?.Id, inventory.Distro?.Version));
        Assert.Equal([("openssl", null), ("gcc", null), ("x", "1:2-1")], inventory.Components.Select(static c => (c.Package.Source, c.Package.SourceVersion)));
    }

    [Fact]
    public void The_same_document_in_XML_says_the_same()
    {
        var inventory = Read("""
            <?xml version="1.0" encoding="UTF-8"?>
            <bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1">
              <metadata><tools><components><component type="application"><name>syft</name><purl>pkg:golang/syft@1</purl></component></components></tools></metadata>
              <components>
                <component type="library" bom-ref="a">
                  <author>somebody</author><name>libc6</name><version>2.28-10</version>
                  <pedigree><ancestors><component type="library"><name>other</name><purl>pkg:npm/other@1</purl></component></ancestors></pedigree>
                  <purl>pkg:deb/debian/libc6@2.28-10?arch=amd64&amp;distro=debian-10</purl>
                  <components><component type="library"><name>lodash</name><purl>pkg:npm/lodash@4.17.20</purl></component></components>
                  <properties><property name="syft:metadata:source">glibc</property><property name="syft:location:0:path">/var/lib/dpkg/status</property></properties>
                </component>
                <component type="operating-system"><name>debian</name><version>10</version><description>Debian GNU/Linux 10 (buster)</description></component>
              </components>
            </bom>
            """);

        Assert.Equal(new Distro("debian", "10", "Debian GNU/Linux 10 (buster)"), inventory.Distro);
        Assert.Equal(["lodash", "libc6"], inventory.Components.Select(static c => c.Package.Name));
        Assert.Equal(("glibc", "amd64"), (inventory.Components[1].Package.Source, inventory.Components[1].Package.Arch));
        Assert.Equal(["var/lib/dpkg/status"], inventory.Components[1].Locations);
    }

    [Fact]
    public void Packages_of_SPDX_are_read()
    {
        var inventory = Read("""
            { "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app",
              "packages": [
                { "name": "zlib", "SPDXID": "SPDXRef-1", "versionInfo": "1.2.12-r3", "sourceInfo": "built package from: zlib-ng 1.2.12-r2", "externalRefs": [
                    { "referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:zlib:zlib:1.2.12:*:*:*:*:*:*:*" },
                    { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:apk/alpine/zlib@1.2.12-r3?arch=x86_64&distro=3.15.11" } ] },
                { "name": "alpine", "SPDXID": "SPDXRef-2", "versionInfo": "3.15.11", "primaryPackagePurpose": "OPERATING-SYSTEM" },
                { "name": "unknown", "SPDXID": "SPDXRef-3" },
                { "name": "image", "SPDXID": "SPDXRef-4", "primaryPackagePurpose": "CONTAINER" }
              ], "files": [], "relationships": [] }
            """);

        Assert.Equal(new Distro("alpine", "3.15.11"), inventory.Distro);
        Assert.Equal(("zlib", "zlib-ng", "1.2.12-r2"), inventory.Components.Select(static c => (c.Package.Name, c.Package.Source!, c.Package.SourceVersion!)).Single());
        Assert.Equal(["libraries without a package URL: 1"], inventory.Problems);
    }

    [Fact]
    public void Packages_among_the_elements_of_SPDX_3_are_read()
    {
        var inventory = Read("""
            { "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
                { "type": "SpdxDocument", "spdxId": "https://example.com/1", "name": "app" },
                { "type": "software_Package", "spdxId": "https://example.com/2", "name": "requests", "software_packageVersion": "2.25.0", "software_packageUrl": "pkg:pypi/requests" },
                { "type": "software_Package", "spdxId": "https://example.com/3", "name": "libssl3", "externalIdentifier": [
                    { "type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*" },
                    { "type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl" } ] },
                { "type": "software_Package", "spdxId": "https://example.com/4", "name": "debian", "software_packageVersion": "12", "software_primaryPurpose": "operatingSystem" } ] }
            """);

        Assert.Equal(new Distro("debian", "12"), inventory.Distro);
        Assert.Equal(["requests 2.25.0", "libssl3 3.0.11-1"], inventory.Components.Select(static c => $"{c.Package.Name} {c.Package.Version}"));
        Assert.Equal("openssl", inventory.Components[1].Package.Source);
    }

    [Fact]
    public void Tags_and_values_of_SPDX_are_read()
    {
        var inventory = Read("""
            SPDXVersion: SPDX-2.3
            DataLicense: CC0-1.0
            # a comment
            PackageName: requests
            PackageVersion: 2.25.0
            PackageComment: <text>of several
            PackageName: no package
            lines</text>
            ExternalRef: PACKAGE-MANAGER purl pkg:pypi/requests
            PackageName: urllib3
            ExternalRef: PACKAGE_MANAGER http://spdx.org/rdf/references/purl pkg:pypi/urllib3@1.26
            PackageName: almalinux
            PackageVersion: 8.5
            PrimaryPackagePurpose: OPERATING-SYSTEM
            """);

        Assert.Equal(new Package { Type = PackageType.PyPI, Name = "requests", Version = "2.25.0" }, inventory.Components[0].Package);
        Assert.Equal("urllib3", inventory.Components[1].Package.Name);
        Assert.Equal(new Distro("almalinux", "8.5"), inventory.Distro);
    }

    [Fact]
    public void A_document_may_be_the_predicate_of_a_statement_and_that_in_an_envelope()
    {
        const string Statement = """
            { "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://cyclonedx.org/bom",
              "predicate": { "bomFormat": "CycloneDX", "components": [{ "type": "library", "name": "x", "purl": "pkg:npm/x@1" }] } }
            """;
        var envelope = $$"""{ "payloadType": "application/vnd.in-toto+json", "payload": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes(Statement))}}", "signatures": [] }""";

        Assert.Single(Read(Statement).Components);
        Assert.Single(Read("""{ "sbom": { "spdxVersion": "SPDX-2.3", "packages": [{ "externalRefs": [{ "referenceType": "purl", "referenceLocator": "pkg:npm/x@1" }] }] } }""").Components);
        Assert.Single(Read(envelope).Components);
        Assert.Single(Read($$"""{ "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {}, "dsseEnvelope": {{envelope}} }""").Components);
    }

    [Fact]
    public void The_operating_system_of_SPDX_is_told_by_its_identifier_too()
    {
        var inventory = Read("""
            { "spdxVersion": "SPDX-2.2", "packages": [
                { "name": "centos", "SPDXID": "SPDXRef-OperatingSystem-2e91c856c499a371", "versionInfo": "7.6.1810" },
                { "name": "jar", "SPDXID": "SPDXRef-Application-150e605f5f17224d" } ] }
            """);

        Assert.Equal(new Distro("centos", "7.6.1810"), inventory.Distro);
        Assert.Empty(inventory.Problems);
    }

    public static TheoryData<string, string> Broken => new()
    {
        { "empty", "" },
        { "text", "hello" },
        { "another object", """{ "packages": [] }""" },
        { "cut", """{ "bomFormat": "CycloneDX", "components": [{ "name": "x" """ },
        { "an envelope of nothing", """{ "payload": "" }""" },
        { "an envelope of text", """{ "payload": "aGVsbG8=" }""" },
        { "two documents", """{ "bomFormat": "CycloneDX" } {} """ },
        { "half of a character", """{ "bomFormat": "CycloneDX", "components": [{ "name": "\ud800" }] }""" },
        { "deep", """{ "bomFormat": "CycloneDX", "components": [""" + string.Concat(Enumerable.Repeat("""{"components":[""", 100_000)) },
        { "deep arrays", """{ "bomFormat": "CycloneDX", "x": """ + new string('[', 1_000_000) },
        { "many", """{ "bomFormat": "CycloneDX", "components": [{}""" + string.Concat(Enumerable.Repeat(",{}", 200_000)) + "] }" },
        { "big", """{ "bomFormat": "CycloneDX", "x": " """ + new string('x', 64 << 20) },
        { "an entity", """<!DOCTYPE bom [<!ENTITY a "x">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5">&a;</bom>""" },
        { "other XML", "<html/>" },
        { "deep XML", "<bom>" + string.Concat(Enumerable.Repeat("<components><component>", 100_000)) },
        { "big XML", "<bom>" + new string(' ', 33 << 20) + "</bom>" },
        { "attributes", "<bom " + string.Concat(Enumerable.Range(0, 1_000_000).Select(static i => $"a{i}='>' ")) + "/>" },
        { "names", "<bom>" + string.Concat(Enumerable.Range(0, 1_000_000).Select(static i => $"<a{i}/>")) + "</bom>" },
        { "unclosed XML", "<bom><components><component><name>x" },
        { "closed twice", "<bom><components></component></components></bom>" },
    };

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public void What_is_no_document_is_refused_at_once(string what, string text)
    {
        var content = Encoding.UTF8.GetBytes(text);
        var began = ProcessorTime.OfThread;

        Assert.Throws<InvalidDataException>(() => SbomReader.Read(new MemoryStream(content)));

        var took = ProcessorTime.OfThread - began;
        Assert.True(took < TimeSpan.FromSeconds(2), $"{what}: {took}");
    }

    [Theory]
    [InlineData("rhel-9.4%2Beus", "cpe:/o:redhat:rhel_eus:9.4")]
    [InlineData("rhel-9.4+eus", "cpe:/o:redhat:rhel_eus:9.4")]
    [InlineData("rhel-9.4", "")]
    public void Extended_support_is_a_repository(string distro, string repository)
    {
        var inventory = Read($$"""{"bomFormat":"CycloneDX","components":[{"type":"library","purl":"pkg:rpm/redhat/a@1-1?distro={{distro}}"}]}""");

        Assert.Equal("rhel 9.4", inventory.Distro?.ToString());
        Assert.Equal(repository, string.Join(' ', inventory.Repositories));
    }

    [Fact]
    public void Any_change_of_a_document_is_read_or_refused()
    {
        var documents = new[]
        {
            """{"bomFormat":"CycloneDX","metadata":{"component":{"purl":"pkg:npm/x@1"}},"components":[{"type":"library","purl":"pkg:rpm/a/b@1?upstream=a-1-2.src.rpm","properties":[{"name":"syft:metadata:source","value":"x"}],"evidence":{"occurrences":[{"location":"/a"}]},"components":[{}]}]}""",
            """{"spdxVersion":"SPDX-2.2","packages":[{"name":"a","versionInfo":"1","sourceInfo":"built package from: x 1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:deb/debian/x@1?distro=debian-12"}]}]}""",
            """{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"software_Package","name":"a","externalIdentifier":[{"externalIdentifierType":"packageUrl","identifier":"pkg:npm/x@1"}]}]}""",
            "SPDXVersion: SPDX-2.2\nPackageName: x\nPackageVersion: <text>1\n</text>\nExternalRef: PACKAGE_MANAGER purl pkg:npm/x@1\n",
            "<bom xmlns='x'><components><component type='library'><name>a</name><purl>pkg:npm/x@1</purl><properties><property name='a'>b</property></properties></component></components></bom>",
        };
        var random = new Random(9);
        for (var i = 0; i < 20_000; i++)
        {
            var content = Encoding.UTF8.GetBytes(documents[i % documents.Length]);
            for (var n = random.Next(1, 4); n > 0; n--)
                content[random.Next(content.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : content[random.Next(content.Length)];
            if (random.Next(4) == 0)
                content = content[..random.Next(content.Length)];
            try
            {
                SbomReader.Read(new MemoryStream(content));
            }
            catch (InvalidDataException)
            {
                // as it may
            }
        }
    }

    private static Inventory Read(string text) => SbomReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)));
}
