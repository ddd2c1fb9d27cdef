using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Wharf.Scanner.Indexing;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Wharf.Scanner.Tests.Indexing;

/// <summary>Layers that are made to hurt end soon, in little memory and with a plain reason. Each names its attack (facts/attacks.tsv).</summary>
[Collection("memory")]
public sealed class HostileLayerTests
{
    private const long MaxMemory = 256L << 20;
    // Of the whole process, in which other tests run beside.
    private static readonly TimeSpan s_maxTime = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task I01_a_bomb_stops_at_the_ratio(string compression)
    {
        await FailsAsync(HostileFiles.Bomb(compression, 1 << 30), "unpacks to more than 100 times its size");
    }

    [Fact]
    public async Task I01_a_layer_of_too_many_bytes_stops()
    {
        var layer = new TarBuilder().File("a", new byte[1 << 20]).File("b", new byte[1 << 20]).Gzip();

        await FailsAsync(layer, "unpacks to more than 1500000 bytes", IndexLimits.Default with { Bytes = 1_500_000 });
    }

    [Fact]
    public async Task I01_a_window_of_2_GiB_is_not_allocated()
    {
        await FailsAsync(HostileFiles.GreatWindow(), "compression is damaged or needs too much memory");
    }

    [Fact]
    public async Task I01_a_great_window_that_zstd_makes_is_read()
    {
        using var compressor = new Compressor(19);
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_windowLog, 27);
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_contentSizeFlag, 0);

        var index = await TarBuilder.IndexAsync(compressor.Wrap(new TarBuilder().File("a", "b").End().ToArray()).ToArray());

        Assert.True(index.Paths.Hides("a"));
    }

    [Theory]
    [InlineData(new byte[] { 0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0 }, "compressed with xz")]
    [InlineData(new byte[] { (byte)'B', (byte)'Z', (byte)'h', (byte)'9' }, "compressed with bzip2")]
    public async Task I01_other_compressions_are_refused_before_they_are_unpacked(byte[] head, string reason) =>
        await FailsAsync([.. head, .. new byte[1000]], reason);

    [Fact]
    public async Task I02_archives_are_read_to_depth_4_and_not_below()
    {
        var inventory = await EndsAsync(new TarBuilder().File("x.jar", HostileFiles.NestedJar(50)).End().ToArray());

        Assert.Equal(["a:at-0", "a:at-1", "a:at-2", "a:at-3"], inventory.Components.Select(static c => c.Package.Name));
        Assert.Equal(["x.jar: archives are nested deeper than 4"], inventory.Problems);
    }

    [Fact]
    public async Task I02_an_archive_that_holds_a_bomb_many_times_stops()
    {
        var inventory = await EndsAsync(new TarBuilder().File("x.jar", HostileFiles.JarOfBombs()).End().ToArray());

        Assert.Contains("unpacks to more than 10 times its size", Assert.Single(inventory.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../etc/os-release", false)]
    [InlineData("/etc/os-release", true)]
    [InlineData("a/../etc/os-release", true)]
    [InlineData(@"C:\etc\os-release", false)]
    [InlineData("link/os-release", false)]
    public async Task I03_paths_are_names_only(string path, bool isRelease)
    {
        var layer = new TarBuilder().Link("link", "/etc").Link("out", "../../etc/passwd", '1').File(path, "ID=debian\n").End().ToArray();

        var inventory = await EndsAsync(layer);

        Assert.Equal(isRelease, inventory.Distro is not null);
    }

    [Theory]
    [InlineData('3')]
    [InlineData('4')]
    [InlineData('6')]
    [InlineData('V')]
    public async Task I04_devices_pipes_and_the_like_are_no_files(char type)
    {
        var inventory = await EndsAsync(new TarBuilder().Link("etc/os-release", "", type).File("etc/passwd", "").End().ToArray());

        Assert.Null(inventory.Distro);
    }

    [Fact]
    public async Task I05_a_sparse_file_is_passed_over_and_told_of()
    {
        var layer = new TarBuilder().Header("etc/os-release", 'S', 10).Content("ID=debian\n"u8)
            .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.name", "usr/lib/os-release"), ("GNU.sparse.realsize", "9223372036854775807")).File("x", "ID=debian\n").End().ToArray();

        var inventory = await EndsAsync(layer);

        Assert.Null(inventory.Distro);
        Assert.Equal(["etc/os-release: is stored as a sparse file", "usr/lib/os-release: is stored as a sparse file"], inventory.Problems);
    }

    public static TheoryData<string, byte[], string> Headers => new()
    {
        { "a size of 8 EiB", new TarBuilder().Header("etc/os-release", '0', long.MaxValue).ToArray(), "is larger than 21474836480 bytes" },
        { "a size that is negative in pax", new TarBuilder().Pax(("size", "-1")).File("a", "").End().ToArray(), "gives a size that is none" },
        { "a size in pax beyond 64 bits", new TarBuilder().Pax(("size", "99999999999999999999")).File("a", "").End().ToArray(), "gives a size that is none" },
        { "a size in pax that is greater than the layer", new TarBuilder().Pax(("size", "1000000")).File("etc/os-release", "").End().ToArray(), "ends in the middle" },
        { "a size that is negative", new TarBuilder().Header("a", '0', 0, sizeField: "-0000000001").End().ToArray(), "has a size that is none" },
        { "a long name of 1 GiB", new TarBuilder().Header("././@LongLink", 'L', 1 << 30).ToArray(), "more than 1 MiB" },
        { "a pax header of 1 GiB", new TarBuilder().Header("pax", 'x', 1 << 30).ToArray(), "more than 1 MiB" },
        { "a pax record that is longer than the header", new TarBuilder().Header("pax", 'x', 12).Content("999 path=abc"u8).File("a", "").ToArray(), "is damaged" },
        { "a sparse map without an end", [.. new TarBuilder().Header("a", 'S', 0).ToArray().Select((b, i) => i == 482 ? (byte)1 : b)], "not a tar" },
        { "an entry that is cut", new TarBuilder().File("etc/os-release", "ID=debian").ToArray()[..515], "ends in the middle" },
        { "a path of 5,000 characters", new TarBuilder().File(new string('a', 5000), "").End().ToArray(), "a path of more than 4096 characters" },
        { "one block of zeros before more", [.. new byte[512], .. new TarBuilder().File("a", "").ToArray()], "not a tar" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task I05_a_header_is_not_believed(string what, byte[] layer, string reason)
    {
        Assert.NotEmpty(what);
        await FailsAsync(layer, reason);
    }

    [Fact]
    public async Task I06_too_many_entries_stop()
    {
        // A million takes about 2 s, most of it to unpack and to hash 512 MB of headers.
        const int Max = 300_000;
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var many = new TarBuilder();
            for (var i = 0; i < 1000; i++) many.File($"{i}", "");
            for (var i = 0; i <= Max / 1000; i++) gzip.Write(many.ToArray());
        }

        await FailsAsync(packed.ToArray(), $"more than {Max} entries", IndexLimits.Default with { Entries = Max, Ratio = 1000 });
    }

    [Fact]
    public async Task I06_a_directory_that_is_100_000_deep_stops()
    {
        var layer = new TarBuilder().Pax(("path", string.Concat(Enumerable.Repeat("a/", 100_000)))).File("x", "").End().ToArray();

        await FailsAsync(layer, "a path of more than 4096 characters");
        await FailsAsync(new TarBuilder().Pax(("path", string.Concat(Enumerable.Repeat("a/", 300)))).File("x", "").End().ToArray(), "more than 256 directories");
    }

    [Fact]
    public async Task I07_compression_is_told_by_the_bytes()
    {
        var tar = new TarBuilder().File("etc/os-release", "ID=debian\n").End().ToArray();
        using var compressor = new Compressor();
        byte[] skippable = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];

        // In one piece, and in several as estargz and zstd:chunked write them, with what only they read between.
        byte[][] layers =
        [
            tar,
            TarBuilder.Gzip(tar), [.. TarBuilder.Gzip(tar[..700]), .. TarBuilder.Gzip([]), .. TarBuilder.Gzip(tar[700..])],
            Zstd(tar), [.. skippable, .. Zstd(tar[..700]), .. skippable, .. Zstd(tar[700..]), .. skippable],
        ];
        var digests = new List<Wharf.Oci.Digest>();
        foreach (var layer in layers) digests.Add((await TarBuilder.IndexAsync(layer)).DiffId);

        Assert.Equal(Wharf.Oci.Digest.Of(tar), Assert.Single(digests.Distinct()));

        byte[] Zstd(byte[] content) => compressor.Wrap(content).ToArray();
    }

    [Theory]
    [InlineData("garbage, garbage, garbage", "ends in the middle")]
    [InlineData("{\"schemaVersion\":2}", "ends in the middle")]
    [InlineData("\u001f\u008b\u0008\0\0\0\0\0\0\0garbage, garbage, garbage", "compression is damaged")]
    public async Task I07_bytes_that_are_no_layer_fail(string content, string reason)
    {
        await FailsAsync(Encoding.Latin1.GetBytes(content), reason);
        await FailsAsync(TarBuilder.Gzip(new byte[512].Select(static (_, i) => (byte)i).ToArray()), "not a tar");
    }

    [Fact]
    public async Task I09_a_package_json_that_is_too_large_is_left_out()
    {
        var content = new byte[9 << 20];
        content.AsSpan().Fill((byte)'[');

        var inventory = await EndsAsync(TarBuilder.Gzip(new TarBuilder().File("app/package.json", content).End().ToArray()));

        Assert.Equal(["app/package.json: is larger than 8388608 bytes"], inventory.Problems);
    }

    [Theory]
    [InlineData("app/package.json", "[")]
    [InlineData("app/package.json", "0,")]
    [InlineData("app/vendor/composer/installed.json", "{\"a\":")]
    public async Task I09_deep_and_broad_json_is_a_problem_of_its_file(string path, string part)
    {
        var content = "[" + string.Concat(Enumerable.Repeat(part, (8 << 20) / part.Length - 10));

        var inventory = await EndsAsync(new TarBuilder().File(path, content).End().ToArray());

        Assert.Single(inventory.Problems);
    }

    [Fact]
    public async Task I09_broad_json_that_is_whole_fits_into_memory()
    {
        var content = "[" + string.Concat(Enumerable.Repeat("0,", (4 << 20) - 10)) + "0]";

        Assert.Empty((await EndsAsync(new TarBuilder().File("app/package.json", content).End().ToArray())).Problems);
    }

    [Theory]
    [InlineData("var/lib/rpm/rpmdb.sqlite", "mariner2-rpmdb.sqlite", "The SQLite database is damaged.")]
    [InlineData("var/lib/rpm/Packages", "centos-libuuid-Packages.bdb", "The Berkeley DB database is damaged.")]
    [InlineData("var/lib/rpm/Packages.db", "sle15-bci-Packages.db", "The rpm database of the kind NDB is damaged.")]
    public async Task I10_a_database_whose_pages_lead_in_a_circle_ends(string path, string database, string problem)
    {
        var file = HostileFiles.Circle(database, await File.ReadAllBytesAsync(TestData.Path("pkgdb", "rpm", database), TarBuilder.Ct));

        var inventory = await EndsAsync(new TarBuilder().File(path, file).End().ToArray());

        Assert.Equal([$"{path}: {problem}"], inventory.Problems);
    }

    [Theory]
    [InlineData("lib/apk/db/installed", "P:\nV\n:\n\nP\n\nP:a\nV:1", 1)]
    [InlineData("lib/apk/db/installed", "\n\n\n\nR:x\nF:\nR:", 0)]
    [InlineData("var/lib/dpkg/status", "Package: a\nVersion: 1\nPackage: b\nVersion: 2", 2)]
    [InlineData("var/lib/dpkg/status", ":\n \n\t\nPackage:\nStatus:\nVersion:\nSource: (\n", 0)]
    [InlineData("var/lib/dpkg/status", "Package: a\nVersion: 1\nSource: ()\n", 1)]
    public async Task I12_short_lines_and_missing_blank_ones_are_no_error(string path, string content, int packages)
    {
        var inventory = await EndsAsync(new TarBuilder().File(path, content).End().ToArray());

        Assert.Equal(packages, inventory.Components.Count);
    }

    [Fact]
    public async Task I13_segments_that_are_all_of_the_file_are_not_searched_each()
    {
        Assert.Empty((await EndsAsync(new TarBuilder().File("app", HostileFiles.Segments(64 << 20)).End().ToArray())).Components);
    }

    [Fact]
    public async Task I13_executables_as_great_as_a_layer_may_have_are_never_in_memory_twice()
    {
        var limit = IndexLimits.Default.File;
        var go = ElfTests.Elf((".go.buildinfo", ElfTests.GoInfo("go1.21.3", "path\ta\nmod\ta\tv1.0.0\n")));
        var parts = new List<Part>();
        foreach (var (path, size) in new[] { ("a", limit - 512), ("b", limit), ("c", 3 * limit), ("d", limit) })
            parts.AddRange([new(new TarBuilder().Header(path, '0', size).ToArray(), 512), new(go, size)]);
        var layer = new Generated([.. parts, new(new byte[1024], 1024)]);

        var index = await MeasureAsync(() => LayerIndexer.IndexAsync(layer, IndexLimits.Default, TarBuilder.Ct));

        Assert.All(index.Files, static file => Assert.Equal(["stdlib", "a"], file.Packages.Select(static p => p.Package.Name)));
        Assert.Equal([null, null, "is larger than 134217728 bytes: only the modules of Go were looked for", null], index.Files.Select(static f => f.Problem));
    }

    [Fact]
    public async Task Repositories_without_end_stop()
    {
        var labels = string.Concat(Enumerable.Range(0, 1_000_000).Select(static i => $"cpe:/a:{i} "));

        await FailsAsync(new TarBuilder().File("root/buildinfo/Dockerfile-a", labels).End().ToArray(), "more than 200000 packages");
    }

    [Theory]
    [InlineData("app/node_modules/a/package.json", "{\"name\":\"a\",\"version\":\"VERSION\"}")]
    [InlineData("a.dist-info/METADATA", "Name: a\nVersion: VERSION\n")]
    [InlineData("g/specifications/a.gemspec", "# stub: a VERSION ruby lib\n")]
    [InlineData("var/lib/dpkg/status", "Package: a\nVersion: VERSION\n")]
    public async Task I14_a_version_of_1_MiB_is_left_out(string path, string content)
    {
        var inventory = await EndsAsync(new TarBuilder().File(path, content.Replace("VERSION", new string('1', 1 << 20), StringComparison.Ordinal)).End().ToArray());

        Assert.Empty(inventory.Components);
        Assert.Single(inventory.Problems);
    }

    [Fact]
    public async Task More_packages_than_200_000_stop()
    {
        var status = string.Concat(Enumerable.Range(0, 200_001).Select(static i => $"Package: p{i}\nVersion: 1\n\n"));

        await FailsAsync(new TarBuilder().File("var/lib/dpkg/status", status).End().ToArray(), "more than 200000 packages");
    }

    [Fact]
    public async Task Broken_files_are_told_of_a_thousand_times_and_no_more()
    {
        var layer = new TarBuilder();
        for (var i = 0; i < 20_000; i++) layer.File($"{i}/package.json", "x");

        var inventory = await EndsAsync(layer.End().ToArray());

        Assert.Equal(1001, inventory.Problems.Count);
    }

    [Fact]
    public async Task An_image_has_no_more_packages_than_a_layer_may()
    {
        var status = string.Concat(Enumerable.Range(0, 110_000).Select(static i => $"Package: p{i}\nVersion: 1\n\n"));
        var below = await new TarBuilder().File("var/lib/dpkg/status.d/a", status).IndexAsync();
        var above = await new TarBuilder().File("var/lib/dpkg/status.d/b", status).IndexAsync();

        Assert.Throws<LayerException>(() => Image.Coalesce([below, above]));
    }

    [Fact]
    public async Task A_long_directory_with_many_names_in_it_is_no_more_work_than_its_list()
    {
        var database = "P:a\nV:1\nF:" + new string('d', 4000) + "\n" + string.Concat(Enumerable.Repeat("R:a\n", 6 << 20));

        var inventory = await EndsAsync(new TarBuilder().File("lib/apk/db/installed", database).End().ToArray());

        Assert.Equal(["lib/apk/db/installed: lists too many files"], inventory.Problems);
    }

    [Fact]
    public async Task Time_that_is_over_stops_a_layer() =>
        await FailsAsync(new TarBuilder().File("a", "").End().ToArray(), "takes longer than 0 s", IndexLimits.Default with { Time = TimeSpan.Zero });

    [Fact]
    public void A_stored_index_that_is_damaged_or_of_another_version_is_refused()
    {
        Assert.Throws<InvalidDataException>(static () => LayerIndex.Read(default));
        Assert.Throws<InvalidDataException>(static () => LayerIndex.Read(new byte[] { 0, 1, 2 }));
        Assert.Throws<InvalidDataException>(static () => LayerIndex.Read(new byte[] { LayerIndexer.Version, 1, 2 }));
    }

    private static async Task FailsAsync(byte[] layer, string reason, IndexLimits? limits = null)
    {
        var failure = await MeasureAsync(() => Assert.ThrowsAsync<LayerException>(() => TarBuilder.IndexAsync(layer, limits)));

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    private static async Task<Inventory> EndsAsync(byte[] layer) => Image.Coalesce([await MeasureAsync(() => TarBuilder.IndexAsync(layer))]);

    private static async Task<T> MeasureAsync<T>(Func<Task<T>> run)
    {
        GC.Collect();
        var before = InUse(forceFullCollection: true);
        // Of the processor: how long it takes by the clock is a matter of what else the machine does.
        using var process = Process.GetCurrentProcess();
        var started = process.TotalProcessorTime;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(TarBuilder.Ct);
        var peak = WatchAsync(ended.Token);

        var result = await run();

        process.Refresh();
        var took = process.TotalProcessorTime - started;
        await ended.CancelAsync();
        var used = Math.Max(await peak, InUse(forceFullCollection: false)) - before;
        TestContext.Current.SendDiagnosticMessage($"{took.TotalMilliseconds:0} ms, {used >> 20} MiB");
        Assert.True(took < s_maxTime, $"It took {took}.");
        Assert.True(used < MaxMemory, $"It took {used} bytes.");
        return result;
    }

    // What is outside of the collected heap has no other measure.
    private static long InUse(bool forceFullCollection) => GC.GetTotalMemory(forceFullCollection) + FileBuffer.InUse;

    private static async Task<long> WatchAsync(CancellationToken ct)
    {
        var peak = 0L;
        await Task.Yield();
        while (!ct.IsCancellationRequested)
        {
            peak = Math.Max(peak, InUse(forceFullCollection: false));
            await Task.Delay(5, CancellationToken.None);
        }
        return peak;
    }

    /// <summary>Bytes, and zeros behind them up to a length.</summary>
    private sealed record Part(byte[] Head, long Length);

    /// <summary>A layer that is not in memory, so that what reads it is measured alone.</summary>
    private sealed class Generated(IReadOnlyList<Part> parts) : ForwardStream
    {
        private int _part;
        private long _at;

        public override int Read(Span<byte> buffer)
        {
            for (; _part < parts.Count; (_part, _at) = (_part + 1, 0))
            {
                var (head, length) = parts[_part];
                var read = (int)Math.Min(buffer.Length, length - _at);
                if (read == 0)
                    continue;
                buffer[..read].Clear();
                if (_at < head.Length)
                    head.AsSpan((int)_at, Math.Min(read, head.Length - (int)_at)).CopyTo(buffer);
                _at += read;
                return read;
            }
            return 0;
        }
    }
}

/// <summary>Tests that measure the memory of the process run alone.</summary>
[CollectionDefinition("memory", DisableParallelization = true)]
public sealed class MemoryTestCollection;
