using System.IO.Compression;
using System.Text;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Tests.Indexing;

/// <summary>
/// Real files, broken at random places (seeded), go through every parser: what comes is a result or an <see cref="InvalidDataException"/>, within a second.
/// WHARF_MUTATIONS sets how many for each parser.
/// </summary>
public sealed class MutationTests
{
    private static readonly int s_count = int.TryParse(Environment.GetEnvironmentVariable("WHARF_MUTATIONS"), out var count) ? count : 2000;

    private static readonly byte[][] s_words =
    [
        [0], [0xff], [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 0, 0, 0, 0, 0x80], [0x80], "\n"u8.ToArray(), ":"u8.ToArray(), "\""u8.ToArray(), "\\ud800"u8.ToArray(), "/"u8.ToArray(),
    ];

    public static TheoryData<string, string> Inputs => new()
    {
        { "var/lib/dpkg/status", "dpkg/bookworm-minbase.status" },
        { "lib/apk/db/installed", "apk/installed-alpine" },
        { "etc/os-release", "dpkg/bookworm-os-release" },
        { "etc/lsb-release", "dpkg/bookworm-os-release" },
        { "etc/redhat-release", "text:Red Hat Enterprise Linux release 8.6 (Ootpa)" },
        { "etc/debian_version", "text:12.5" },
        { "var/lib/dpkg/info/a:amd64.list", "text:/.\n/usr\n/usr/bin\n/usr/bin/a\n/usr/lib/python3/a.egg-info\n" },
        { "var/lib/dpkg/status.d/a.md5sums", "text:00000000000000000000000000000000  usr/bin/a\n" },
        { "var/lib/rpm/rpmdb.sqlite", "rpm/mariner2-rpmdb.sqlite" },
        { "usr/lib/sysimage/rpm/Packages.db", "rpm/sle15-bci-Packages.db" },
        { "var/lib/rpm/Packages", "rpm/centos-libuuid-Packages.bdb" },
        { "var/lib/rpm/Packages", "rpm/Packages_epoch.bdb" },
        { "root/buildinfo/content_manifests/a.json", "text:{\"content_sets\":[\"a\",\"b\"]}" },
        { "root/buildinfo/Dockerfile-a-1-1", "text:LABEL cpe=\"cpe:/a:redhat:a:1\" \\\n b=\"c\"" },
        { "a.dist-info/METADATA", "text:Metadata-Version: 2.1\nName: a\nVersion: 1.0\n\nbody" },
        { "app/package.json", "text:{\"name\":\"a\\u0041\",\"version\":\"1.0.0\",\"dependencies\":{\"b\":\"^1\"}}" },
        { "g/specifications/a-1.gemspec", "text:# stub: a 1.0 ruby lib\nGem::Specification.new do |s|\n  s.name = \"a\".freeze\n  s.version = \"1.0\"\nend\n" },
        { "app/a.deps.json", "dotnet/TestLibrary.deps.json" },
        { "app/vendor/composer/installed.json", "php/installed-composer2.json" },
        { "opt/bitnami/a/.spdx-a.spdx", "text:{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[{\"name\":\"a\",\"externalRefs\":[{\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:bitnami/a@1.0-1?x=y\"}]}]}" },
        { "a.jar", "jar" },
        { "elf", "rust/uses_serde_json.elf" },
        { "elf", "go" },
        { "elf", "go-pointers" },
    };

    [Theory]
    [MemberData(nameof(Inputs))]
    public void A_broken_file_is_a_problem_and_nothing_worse(string path, string input)
    {
        var original = Load(input);
        var kind = path == "elf" ? FileKind.Executable : FileKinds.Of(path);
        Assert.NotEqual(FileKind.None, kind);
        var slowest = TimeSpan.Zero;
        for (var seed = 0; seed < s_count; seed++)
        {
            var mutant = Mutate(original, new Random(seed));
            var report = new FileReport(path, new IndexBudget(IndexLimits.Default));
            var started = ProcessorTime.OfThread;
            try
            {
                FileReader.Parse(kind, mutant, report);
            }
            catch (Exception e) when (e is InvalidDataException or LayerException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
            slowest = ProcessorTime.OfThread - started is var took && took > slowest ? took : slowest;
        }
        Assert.True(slowest < TimeSpan.FromSeconds(1), $"The slowest took {slowest}.");
    }

    [Theory]
    [InlineData("tar")]
    [InlineData("gzip")]
    public async Task A_broken_layer_fails_and_nothing_worse(string form)
    {
        var tar = new TarBuilder().Directory("etc").File("etc/os-release", "ID=debian\n").File("var/lib/dpkg/.wh.status", "").Pax(("path", "a/b/c"), ("size", "3")).File("x", "abc")
            .File(new string('a', 200), "x").Link("l", "etc/os-release", '1').Header("s", 'S', 0).End().ToArray();
        var original = form == "gzip" ? TarBuilder.Gzip(tar) : tar;
        for (var seed = 0; seed < s_count; seed++)
        {
            var mutant = Mutate(original, new Random(seed));
            if (form == "tar" && seed % 2 == 0) Resum(mutant); // else few get past the sum of the first header
            try
            {
                await TarBuilder.IndexAsync(mutant);
            }
            catch (LayerException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }
    }

    [Fact]
    public async Task A_broken_stored_index_is_refused_and_nothing_worse()
    {
        var index = await new TarBuilder().File("var/lib/dpkg/status", Load("dpkg/bookworm-minbase.status")).File("usr/lib/apk/db/installed", Load("apk/installed-alpine")).IndexAsync();
        var packed = index.Write();
        using var unpacked = new MemoryStream();
        using (var deflate = new DeflateStream(new MemoryStream(packed[1..]), CompressionMode.Decompress)) deflate.CopyTo(unpacked);
        for (var seed = 0; seed < s_count; seed++)
        {
            // Broken outside, and inside where the compression is whole
            using var again = new MemoryStream();
            again.WriteByte(LayerIndexer.Version);
            using (var deflate = new DeflateStream(again, CompressionLevel.NoCompression, leaveOpen: true)) deflate.Write(Mutate(unpacked.ToArray(), new Random(seed)));
            foreach (var mutant in (byte[][])[Mutate(packed, new Random(seed)), again.ToArray()])
            {
                try
                {
                    LayerIndex.Read(mutant);
                }
                catch (InvalidDataException)
                {
                }
                catch (Exception e)
                {
                    Assert.Fail($"seed {seed}: {e}");
                }
            }
        }
    }

    private static byte[] Load(string input)
    {
        const string Text = "text:";
        if (input.StartsWith(Text, StringComparison.Ordinal)) return Encoding.UTF8.GetBytes(input[Text.Length..]);
        return input switch
        {
            "jar" => HostileFiles.Jar(("META-INF/MANIFEST.MF", "Implementation-Title: a\nImplementation-Version: 1\n"u8.ToArray()), HostileFiles.Pom("a", "b", "1"), ("c.jar", HostileFiles.Jar(HostileFiles.Pom("d", "e", "2")))),
            "go" => ElfTests.Elf((".text", new byte[64]), (".go.buildinfo", ElfTests.GoInfo("go1.21.3", "path\ta\nmod\ta\tv1.0.0\ndep\tb\tv1.0.0\n=>\tc\tv2.0.0\n"))),
            "go-pointers" => ElfTests.Elf((".data", ElfTests.GoPointers("go1.17.2"u8, "path\ta\nmod\ta\tv1.0.0\ndep\tb\tv1.0.0\n"u8))),
            _ => File.ReadAllBytes(TestData.Path(["pkgdb", .. input.Split('/')])),
        };
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var mutant = original.ToList();
        for (var changes = 1 + random.Next(8); changes > 0 && mutant.Count > 0; changes--)
        {
            // Heads decide more than bodies do
            var at = random.Next(random.Next(3) == 0 ? Math.Min(mutant.Count, 128) : mutant.Count);
            switch (random.Next(6))
            {
                case 0:
                    mutant[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    mutant[at] = (byte)random.Next(256);
                    break;
                case 2:
                    var word = s_words[random.Next(s_words.Length)];
                    for (var i = 0; i < word.Length && at + i < mutant.Count; i++) mutant[at + i] = word[i];
                    break;
                case 3 when random.Next(4) == 0:
                    mutant.RemoveRange(at, mutant.Count - at);
                    break;
                case 4 when mutant.Count < 1 << 20:
                    mutant.RemoveRange(at, Math.Min(random.Next(64), mutant.Count - at));
                    break;
                case 5 when mutant.Count < 1 << 20:
                    mutant.InsertRange(at, mutant.GetRange(at, Math.Min(random.Next(64), mutant.Count - at)));
                    break;
            }
        }
        return [.. mutant];
    }

    private static void Resum(byte[] tar)
    {
        for (var at = 0; at + 512 <= tar.Length; at += 512)
        {
            var block = tar.AsSpan(at, 512);
            if (!block[257..].StartsWith("ustar"u8)) continue;
            block.Slice(148, 8).Fill((byte)' ');
            var sum = 0;
            foreach (var b in block) sum += b;
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(block[148..]);
        }
    }
}
