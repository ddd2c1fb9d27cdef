using System.IO.Compression;
using System.Text;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Indexing.Java;

namespace Wharf.Scanner.Tests.Indexing;

public sealed class JavaTests
{
    private const string Manifest = "META-INF/MANIFEST.MF";

    [Theory]
    [InlineData("log4j-core-2.14.1.jar", "", "org.apache.logging.log4j:log4j-core 2.14.1")]
    [InlineData("log4j-1.2.17.jar", "", "log4j:log4j 1.2.17")]
    [InlineData("log4j-1.2-api-2.17.1.jar", "", "org.apache.logging.log4j:log4j-1.2-api 2.17.1")]
    [InlineData("guava-31.1-jre.jar", "", "com.google.guava:guava 31.1-jre")]
    [InlineData("spring-core-5.3.17.jar", "Implementation-Title: spring-core\r\nImplementation-Version: 5.3.17\r\n", "org.springframework:spring-core 5.3.17")]
    [InlineData("spring.jar", "Implementation-Title: spring-beans\nImplementation-Version: 5.3.1\n 7\n", "org.springframework:spring-beans 5.3.17")]
    [InlineData("spring-boot-2.6.1.jar", "", "org.springframework.boot:spring-boot 2.6.1")]
    [InlineData("tomcat-embed-core-9.0.50.jar", "Implementation-Title: Apache Tomcat\nBundle-SymbolicName: org.apache.tomcat-embed-core\n", "org.apache.tomcat.embed:tomcat-embed-core 9.0.50")]
    [InlineData("thing.jar", "Bundle-SymbolicName: com.acme.thing;singleton:=true\nBundle-Version: 1.2.0\nImplementation-Title: The Thing\n", "com.acme:thing 1.2.0")]
    [InlineData("commons-collections-3.2.1.jar", "Implementation-Vendor-Id: org.apache\nImplementation-Version: 3.2.1\n", "commons-collections:commons-collections 3.2.1")]
    [InlineData("netty-epoll-4.1.50.Final-linux-x86_64.jar", "Bundle-Version: 4.1.50.Final\n", "io.netty:netty-epoll 4.1.50.Final")]
    [InlineData("git.hpi", "Short-Name: git\nGroup-Id: org.jenkins-ci.plugins\nPlugin-Version: 4.11.3\n", "org.jenkins-ci.plugins:git 4.11.3")]
    [InlineData("app.jar", "Main-Class: a.B\n", "")]
    [InlineData("foo-1.0-beta-2.jar", "", "foo:foo 1.0-beta-2")]
    public async Task A_jar_without_a_pom_is_told_by_its_name_and_its_manifest(string name, string manifest, string expected) =>
        Assert.Equal(expected, await NamesAsync(name, HostileFiles.Jar((Manifest, Utf8("Manifest-Version: 1.0\n" + manifest)))));

    [Fact]
    public async Task A_shaded_jar_is_all_of_its_poms()
    {
        var jar = HostileFiles.Jar(("META-INF/maven/com.acme/app/pom.properties", Utf8("#Created\r\ngroupId=com.acme\r\nartifactId=app\r\nversion=1.0\r\n")), HostileFiles.Pom("org.yaml", "snakeyaml", "1.26"));

        Assert.Equal("com.acme:app 1.0, org.yaml:snakeyaml 1.26", await NamesAsync("app-1.0.jar", jar));
        Assert.Equal("com.acme:app 1.0, org.yaml:snakeyaml 1.26", await NamesAsync("renamed.jar", jar));
    }

    [Fact]
    public async Task A_jar_that_shades_others_and_has_no_pom_of_its_own_is_itself_as_well() =>
        Assert.Equal("org.yaml:snakeyaml 1.26, org.elasticsearch:elasticsearch 7.0.0", await NamesAsync("elasticsearch-7.0.0.jar", HostileFiles.Jar(HostileFiles.Pom("org.yaml", "snakeyaml", "1.26"))));

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Fastest)]
    public async Task Archives_in_archives_are_read_with_the_way_to_them(CompressionLevel level)
    {
        var inner = HostileFiles.Jar(HostileFiles.Pom("org.yaml", "snakeyaml", "1.26"));
        var war = HostileFiles.Jar(level, ("WEB-INF/lib/snakeyaml-1.26.jar", inner));
        var ear = HostileFiles.Jar(level, ("app.war", war));

        var layer = await new TarBuilder().File("srv/app.ear", ear).IndexAsync();

        Assert.Equal("srv/app.ear!/app.war!/WEB-INF/lib/snakeyaml-1.26.jar", Assert.Single(Assert.Single(Image.Coalesce([layer]).Components).Locations));
    }

    [Fact]
    public async Task A_jar_behind_a_script_is_read()
    {
        byte[] jar = [.. Utf8("#!/bin/bash\nexec java -jar $0\n"), .. HostileFiles.Jar(HostileFiles.Pom("org.yaml", "snakeyaml", "1.26"))];

        Assert.Equal("org.yaml:snakeyaml 1.26", await NamesAsync("run.jar", jar));
    }

    [Fact]
    public async Task What_is_wrong_with_one_archive_hides_nothing_of_the_others()
    {
        var war = HostileFiles.Jar(("WEB-INF/lib/a.jar", Utf8("no jar")), ("WEB-INF/lib/b.jar", HostileFiles.Jar(HostileFiles.Pom("org.yaml", "snakeyaml", "1.26"))));

        var layer = await new TarBuilder().File("app.war", war).File("c.jar", "no jar either").IndexAsync();

        var inventory = Image.Coalesce([layer]);
        Assert.Equal("org.yaml:snakeyaml", Assert.Single(inventory.Components).Package.Name);
        Assert.Equal(["app.war: WEB-INF/lib/a.jar: It is no zip archive.", "c.jar: It is no zip archive."], inventory.Problems);
    }

    [Fact]
    public void Groups_that_are_known_are_those_of_the_advisories()
    {
        var groups = GhsaNames().Select(static name => name.Split(':')).ToLookup(static name => name[1], static name => name[0]);

        var unknown = groups.Where(static artifact => MavenGroups.Of(artifact.Key) is { } known && !artifact.Contains(known)).Select(static artifact => artifact.Key);

        // A copy that carries a version in its name
        Assert.Equal(["log4j-1.2.17"], unknown.Order(StringComparer.Ordinal));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<string> NamesAsync(string name, byte[] jar)
    {
        var layer = await new TarBuilder().File(name, jar).IndexAsync();
        Assert.Empty(Image.Coalesce([layer]).Problems);
        return string.Join(", ", layer.Files.SelectMany(static f => f.Packages).Select(static p => $"{p.Package.Name} {p.Package.Version}"));
    }

    private static HashSet<string> GhsaNames()
    {
        var names = new HashSet<string>();
        using var zip = System.IO.Compression.ZipFile.OpenRead(TestData.Path("osv", "GHSA-sample", "Maven.zip"));
        foreach (var entry in zip.Entries.Where(static e => e.Name.EndsWith(".json", StringComparison.Ordinal)))
        {
            using var stream = entry.Open();
            using var json = System.Text.Json.JsonDocument.Parse(stream);
            foreach (var affected in json.RootElement.GetProperty("affected").EnumerateArray())
            {
                var package = affected.GetProperty("package");
                if (package.GetProperty("ecosystem").GetString() == "Maven") names.Add(package.GetProperty("name").GetString()!);
            }
        }
        return names;
    }
}
