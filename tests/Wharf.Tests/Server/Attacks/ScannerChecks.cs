using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Wharf.Scanner.Tests.Indexing;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Security;
using ZstdSharp;

namespace Wharf.Tests.Server.Attacks;

/// <summary>
/// Images that are made to hurt the scanner, from the push to the report: each ends in a plain state within 2 seconds of the server's processors and 256 MiB above
/// what is resident when it is idle, and what is pushed after it is scanned.
/// </summary>
[Trait("Database", "Any")]
internal sealed class ScannerChecks(AttackedRegistry registry) : Checks(registry)
{
    private const long MaxMemory = 256L << 20;
    private static readonly TimeSpan s_maxTime = TimeSpan.FromSeconds(2);

    // A million headers have to be unpacked and read before there are too many: a second on a quiet machine, and more than two where another thread shares the core.
    private static readonly TimeSpan s_maxTimeOfAMillion = TimeSpan.FromSeconds(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Attack("I01")]
    public async Task Bombs_stop()
    {
        foreach (var compression in (string[])["gzip", "zstd"])
            await FailsAsync(HostileFiles.Bomb(compression, 10L << 30), "unpacks to more than 100 times its size");
        await FailsAsync(HostileFiles.GreatWindow(), "compression is damaged or needs too much memory");
        await FailsAsync([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, .. new byte[1000]], "compressed with xz");
        await GoesOnAsync();
    }

    [Attack("I02")]
    public async Task Nested_archives_are_read_to_depth_4()
    {
        var nested = await ScannedAsync(new TarBuilder().File("x.jar", HostileFiles.NestedJar(50)).End().ToArray());
        var bombs = await ScannedAsync(new TarBuilder().File("x.jar", HostileFiles.JarOfBombs()).End().ToArray());

        Assert.Equal(["a:at-0", "a:at-1", "a:at-2", "a:at-3"], Names(nested));
        Assert.Equal(["x.jar: archives are nested deeper than 4"], Problems(nested));
        Assert.Contains("unpacks to more than 10 times its size", Assert.Single(Problems(bombs)), StringComparison.Ordinal);
        await GoesOnAsync();
    }

    [Attack("I03")]
    public async Task Paths_are_names_only()
    {
        var scanning = await Registry.ScanningAsync();
        var name = Guid.NewGuid().ToString("n");
        var layer = new TarBuilder().Link("data", scanning.DataDirectory).Link("root", "/").Link("out", "../../../../etc/hostname", '1');
        foreach (var path in (string[])[$"../../../../../../../tmp/{name}", $"/tmp/{name}", $"data/{name}", $"root/tmp/{name}", $@"C:\{name}"])
            layer.File(path, "written");
        layer.File("../../etc/os-release", "ID=debian\n").File("app/package.json", """{"name":"kept","version":"1.0.0"}""");

        var report = await ScannedAsync(layer.End().ToArray());

        Assert.Equal(["kept"], Names(report));
        Assert.Null(report["distro"]);
        Assert.All([$"/tmp/{name}", Path.Join(scanning.DataDirectory, name)], static path => Assert.False(File.Exists(path), path));
        await GoesOnAsync();
    }

    [Attack("I04")]
    public async Task Devices_pipes_and_the_like_are_no_files()
    {
        var reports = await EndAsync([.. "346V".Select(static type => (byte[][])[new TarBuilder().Link("etc/os-release", "", type).File("etc/passwd", "").End().ToArray()])]);

        Assert.All(reports, static r => Assert.Equal(("scanned", true), ((string)r["status"]!, r["distro"] is null)));
        await GoesOnAsync();
    }

    [Attack("I05")]
    public async Task A_header_is_not_believed()
    {
        (byte[] Layer, string Reason)[] headers =
        [
            (new TarBuilder().Header("etc/os-release", '0', long.MaxValue).ToArray(), "is larger than 21474836480 bytes"),
            (new TarBuilder().Pax(("size", "-1")).File("a", "").End().ToArray(), "gives a size that is none"),
            (new TarBuilder().Pax(("size", "99999999999999999999")).File("a", "").End().ToArray(), "gives a size that is none"),
            (new TarBuilder().Pax(("size", "1000000")).File("etc/os-release", "").End().ToArray(), "ends in the middle"),
            (new TarBuilder().Header("a", '0', 0, sizeField: "-0000000001").End().ToArray(), "has a size that is none"),
            (new TarBuilder().Header("././@LongLink", 'L', 1 << 30).ToArray(), "more than 1 MiB"),
            (new TarBuilder().Header("pax", 'x', 1 << 30).ToArray(), "more than 1 MiB"),
        ];
        var sparse = new TarBuilder().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.name", "usr/lib/os-release"), ("GNU.sparse.realsize", "9223372036854775807")).File("x", "ID=debian\n").End().ToArray();

        var reports = await EndAsync([.. headers.Select(static h => (byte[][])[h.Layer]), [sparse]]);

        Assert.All(headers.Zip(reports), static pair => Failed(pair.Second, pair.First.Reason));
        Assert.Equal(["usr/lib/os-release: is stored as a sparse file"], Problems(reports[^1]));
        await GoesOnAsync();
    }

    [Attack("I06")]
    public async Task Too_many_files_and_too_deep_ones_stop()
    {
        // A thousand files, and as much besides as makes the ratio that of a common layer; packed once, and so a million times.
        var thousand = new TarBuilder();
        for (var i = 0; i < 1000; i++)
            thousand.File($"{i}", "");
        var packed = TarBuilder.Gzip(thousand.File("x", Requests.RandomBytes(10_000)).ToArray());

        Failed(Assert.Single(await EndAsync(s_maxTimeOfAMillion, [[[.. Enumerable.Repeat(packed, 1000).SelectMany(static p => p)]]])), "more than 1000000 entries");
        await FailsAsync(new TarBuilder().Pax(("path", string.Concat(Enumerable.Repeat("a/", 100_000)))).File("x", "").End().ToArray(), "a path of more than 4096 characters");
        await GoesOnAsync();
    }

    [Attack("I07")]
    public async Task Compression_is_told_by_the_bytes()
    {
        var tar = new TarBuilder().File("etc/os-release", "ID=debian\n").End().ToArray();
        using var zstd = new Compressor();

        var reports = await EndAsync([[tar], [zstd.Wrap(tar).ToArray()], [TarBuilder.Gzip(tar)], [Encoding.ASCII.GetBytes("garbage, garbage")], [[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, .. "garbage"u8]]]);

        Assert.All(reports[..3], static r => Assert.Equal("debian", (string?)r["distro"]?["id"]));
        Failed(reports[3], "ends in the middle");
        Failed(reports[4], "compression is damaged");
        await GoesOnAsync();
    }

    [Attack("I09")]
    public async Task Large_and_deep_JSON_is_a_problem_of_its_file()
    {
        const string Npm = "app/package.json", Spdx = "usr/share/sbom/a.spdx.json";
        await FailsAsync(Gzip(Npm, 500 << 20), "unpacks to more than 100 times its size");
        foreach (var (path, content, problem) in ((string, byte[], string)[])[
            (Npm, Filled(9 << 20), "is larger than 8388608 bytes"), (Npm, Filled(100_000), "JSON"), (Npm, Filled(8 << 20), "JSON"),
            (Spdx, Filled(33 << 20), "is larger than 33554432 bytes"), (Spdx, [.. """{"spdxVersion":"SPDX-2.3","packages":"""u8, .. Filled(100_000)], ""),
            (Spdx, [.. """{"spdxVersion":"SPDX-2.3","packages":[0"""u8, .. Enumerable.Repeat(",0"u8.ToArray(), 15 << 20).SelectMany(static b => b), .. "]}"u8], "")])
        {
            var report = await ScannedAsync(new TarBuilder().File(path, content).End().ToArray());
            Assert.Empty(Names(report));
            Assert.All(Problems(report), p => Assert.StartsWith(path, p, StringComparison.Ordinal));
            Assert.Contains(problem, string.Concat(Problems(report)), StringComparison.Ordinal);
        }
        await GoesOnAsync();

        static byte[] Filled(int size)
        {
            var content = new byte[size];
            content.AsSpan().Fill((byte)'[');
            return content;
        }

        // The same piece again and again, which gzip reads on.
        static byte[] Gzip(string path, int size) =>
            [.. TarBuilder.Gzip(new TarBuilder().Header(path, '0', size).ToArray()), .. Enumerable.Repeat(TarBuilder.Gzip(Filled(10 << 20)), size / (10 << 20)).SelectMany(static p => p)];
    }

    [Attack("I10")]
    public async Task Databases_of_rpm_that_lead_in_a_circle_end()
    {
        (string Path, string File, string Problem)[] databases =
        [
            ("var/lib/rpm/rpmdb.sqlite", "mariner2-rpmdb.sqlite", "The SQLite database is damaged."), ("var/lib/rpm/Packages", "centos-libuuid-Packages.bdb", "The Berkeley DB database is damaged."),
            ("var/lib/rpm/Packages.db", "sle15-bci-Packages.db", "The rpm database of the kind NDB is damaged."),
        ];

        foreach (var (path, file, problem) in databases)
            Assert.Equal([$"{path}: {problem}"], Problems(await ScannedAsync(new TarBuilder().File(path, HostileFiles.Circle(file, Data("rpm", file))).End().ToArray())));

        await GoesOnAsync();
    }

    [Attack("I11")]
    public async Task Nothing_in_a_database_of_rpm_is_run()
    {
        var clean = Data("rpm", "mariner2-rpmdb.sqlite");
        var hostile = await ChangedAsync(clean, "CREATE TRIGGER t AFTER INSERT ON Packages BEGIN DELETE FROM Packages; END; CREATE VIEW v AS SELECT load_extension('/tmp/x.so')");
        var replaced = await ChangedAsync(clean, "ALTER TABLE Packages RENAME TO Hidden; CREATE VIEW Packages AS SELECT 1 AS hnum, randomblob(1000000000) AS blob");

        var reports = await EndAsync([.. new[] { clean, hostile, replaced }.Select(static db => (byte[][])[new TarBuilder().File("var/lib/rpm/rpmdb.sqlite", db).End().ToArray()])]);

        Assert.NotEmpty(Names(reports[0]));
        Assert.Equal(Names(reports[0]), Names(reports[1]));
        Assert.Equal(("scanned", 0, 1), ((string)reports[2]["status"]!, Names(reports[2]).Count, Problems(reports[2]).Count));
        await GoesOnAsync();
    }

    [Attack("I12")]
    public async Task Short_lines_and_missing_blank_ones_are_no_error()
    {
        (string Path, string Content, int Packages)[] files =
        [
            ("lib/apk/db/installed", "P:\nV\n:\n\nP\n\nP:a\nV:1", 1), ("lib/apk/db/installed", "\n\n\n\nR:x\nF:\nR:", 0), ("var/lib/dpkg/status", "Package: a\nVersion: 1\nPackage: b\nVersion: 2", 2),
            ("var/lib/dpkg/status", ":\n \n\t\nPackage:\nStatus:\nVersion:\nSource: (\n", 0), ("var/lib/dpkg/status", "Package: a\nVersion: 1\nSource: ()\n", 1),
        ];

        var reports = await EndAsync([.. files.Select(static f => (byte[][])[new TarBuilder().File(f.Path, f.Content).End().ToArray()])]);

        Assert.Equal(files.Select(static f => f.Packages), reports.Select(static r => Names(r).Count));
        await GoesOnAsync();
    }

    [Attack("I13")]
    public async Task Segments_and_sections_of_a_program_are_checked()
    {
        var real = Data("rust", "uses_serde_json.elf");
        // Where its sections are, how large and how many: all of it wrong.
        byte[][] heads = [.. new[] { 40, 58, 60, 62 }.Select(at => (byte[])[.. real.Select((b, i) => i >= at && i < at + (at == 40 ? 8 : 2) ? (byte)0xff : b)])];
        var layer = new TarBuilder().File("many", HostileFiles.Segments(32 << 20)).File("good", real);
        for (var i = 0; i < heads.Length; i++)
            layer.File($"bad{i}", heads[i]);

        Assert.Contains("serde_json", Names(await ScannedAsync(layer.End().ToArray())));
        await GoesOnAsync();
    }

    [Attack("I14")]
    public async Task Overlong_and_crooked_versions_are_compared_in_no_time()
    {
        var scanning = await Registry.ScanningAsync();
        var name = "a" + Guid.NewGuid().ToString("n");
        using var feeds = new FeedsInTest();
        foreach (var ecosystem in (string[])["PyPI", "npm", "RubyGems", "Packagist"])
            feeds.Osv(ecosystem, FeedsInTest.Record($"GHSA-{ecosystem}-{name}", "CVE-2031-1", ecosystem, ecosystem == "Packagist" ? $"v/{name}" : name, "1" + Repeat(".0", 250)));
        await scanning.ImportAsync(feeds, "--force");
        string[] crooked = ["1" + Repeat(".0", 250) + "!", "1.0.0-" + Repeat("a.", 250), "1" + Repeat(".a1", 160), Repeat("0", 500), Repeat("1!", 250), "1" + Repeat("rc", 250), "v" + Repeat("-", 500)];

        foreach (var version in (string[])[.. crooked, Repeat("1", 1 << 20)])
        {
            var report = await ScannedAsync(new TarBuilder().File("app/node_modules/a/package.json", $$"""{"name":"{{name}}","version":"{{version}}"}""").File("a.dist-info/METADATA", $"Name: {name}\nVersion: {version}\n")
                .File("g/specifications/a.gemspec", $"# stub: {name} {version} ruby lib\n").File("vendor/composer/installed.json", $$"""[{"name":"v/{{name}}","version":"{{version}}"}]""").End().ToArray());
            Assert.Equal(version.Length < 600 ? 4 : 0, Names(report).Count);
            Assert.Equal(version.Length < 600 ? 0 : 4, Problems(report).Count);
        }
        await GoesOnAsync();

        static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
    }

    [Attack("I15")]
    public async Task Names_of_whiteouts_are_names_only()
    {
        var below = new TarBuilder().File("var/lib/dpkg/status", "Package: kept\nVersion: 1\n").End().ToArray();
        var above = new TarBuilder();
        foreach (var path in (string[])[".wh.", ".wh..", ".wh...", ".wh....", ".wh../x", "../.wh.var", "var/.wh.", "var/lib/.wh..", "var/lib/.wh../dpkg", "var/lib/dpkg/.wh..wh.plnk", "var/lib/dpkg/x.wh.status", "var/lib/dpkg/.wh.status.d"])
            above.File(path, "");

        var report = await ScannedAsync(below, above.End().ToArray());

        Assert.Equal(["kept"], Names(report));
        await GoesOnAsync();
    }

    /// <summary>Pushes images, waits until the scanner is done with them, and measures what that costs.</summary>
    private Task<JsonNode[]> EndAsync(params byte[][][] images) => EndAsync(s_maxTime, images);

    private async Task<JsonNode[]> EndAsync(TimeSpan most, byte[][][] images)
    {
        var scanning = await Registry.ScanningAsync();
        var repository = scanning.NewRepository();
        var pushed = images.Select(static layers => ImageOfFiles.Of(layers)).ToList();
        foreach (var image in pushed)
            await image.PushBlobsAsync(scanning.UserClient, repository);
        scanning.ForgetPeak();
        var before = scanning.ProcessorTime();

        foreach (var image in pushed)
            (await scanning.UserClient.PutManifestAsync(repository, $"v{pushed.IndexOf(image)}", image.Manifest)).Is(201);
        var reports = new List<JsonNode>();
        foreach (var image in pushed)
            reports.Add(await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, image.Digest, "?packages=true"));

        var (took, memory) = (scanning.ProcessorTime() - before, scanning.Status("VmHWM") - scanning.Idle);
        TestContext.Current.SendDiagnosticMessage($"{took.TotalMilliseconds:0} ms, {memory >> 20} MiB");
        Assert.True(took < most, $"It took {took} of processors.");
        Assert.True(memory < MaxMemory, $"It took {memory >> 20} MiB.");
        return [.. reports];
    }

    private async Task FailsAsync(byte[] layer, string reason) => Failed(Assert.Single(await EndAsync([layer])), reason);

    private async Task<JsonNode> ScannedAsync(params byte[][] layers)
    {
        var report = Assert.Single(await EndAsync(layers));
        Assert.Equal("scanned", (string)report["status"]!);
        return report;
    }

    private async Task GoesOnAsync() => Assert.Equal(["good"], Names(await ScannedAsync(ImageOfFiles.Python("good", "1.0"))));

    private static void Failed(JsonNode report, string reason)
    {
        Assert.Equal("failed", (string)report["status"]!);
        Assert.Contains(reason, (string)report["reason"]!, StringComparison.Ordinal);
    }

    private static List<string> Names(JsonNode report) => [.. report["packages"]!.AsArray().Select(static p => (string)p!["name"]!).Order(StringComparer.Ordinal)];

    private static List<string> Problems(JsonNode report) => [.. report["problems"]!.AsArray().Select(static p => (string)p!)];

    private static byte[] Data(string kind, string name) => File.ReadAllBytes(Path.Join(SourceTree.Root, "tests", "data", "vulndata", "pkgdb", kind, name));

    private static async Task<byte[]> ChangedAsync(byte[] database, string sql)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("rpmdb.sqlite");
        await File.WriteAllBytesAsync(path, database, Ct);
        await using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString()))
        {
            await connection.OpenAsync(Ct);
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(Ct);
        }
        return await File.ReadAllBytesAsync(path, Ct);
    }
}
