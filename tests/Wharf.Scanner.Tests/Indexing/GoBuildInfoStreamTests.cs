using Wharf.Scanner.Indexing;
using Wharf.Scanner.Indexing.Elf;

namespace Wharf.Scanner.Tests.Indexing;

public sealed class GoBuildInfoStreamTests
{
    private const string Modules = "path\ta\nmod\ta\tv1.0.0\ndep\tb\tv1.2.0\n=>\tc\tv2.0.0\n";
    private static readonly byte[] s_info = ElfTests.GoInfo("go1.21.3", Modules);

    [Fact]
    public void What_is_found_does_not_depend_on_how_the_bytes_come()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            // What looks like it and is none: unaligned, of another version, cut, with lengths that are too great.
            var file = new List<byte>();
            for (var decoys = random.Next(40); decoys > 0; decoys--)
            {
                file.AddRange(new byte[random.Next(100)]);
                file.AddRange(Decoy(random));
            }
            file.AddRange(new byte[(-file.Count & 15) + 16 * random.Next(80_000)]);
            file.AddRange(s_info);
            file.AddRange(new byte[random.Next(2_000_000)]);

            Assert.Equal("stdlib 1.21.3 a 1.0.0 c 2.0.0", Read([.. file], () => 1 + random.Next(random.Next(2) == 0 ? 300_000 : 900)));
        }
    }

    [Fact]
    public void Any_end_is_no_error()
    {
        for (var length = 0; length < s_info.Length; length++)
            Assert.Equal("", Read(s_info[..length], static () => 7));
    }

    [Fact]
    public void Marks_that_claim_much_cost_little()
    {
        var claim = ElfTests.GoInfo("go1", "").AsSpan(0, 36).ToArray();
        byte[] greatest = [.. claim, 0xff, 0xff, 0xff, 0x01, 0, 0, 0, 0, 0, 0, 0, 0];
        var file = new byte[64 << 20];
        for (var at = 0; at < file.Length - greatest.Length; at += 48)
            greatest.CopyTo(file, at);
        var started = ProcessorTime.OfThread;

        Assert.Equal("", Read(file, static () => 256 << 10));

        Assert.True(ProcessorTime.OfThread - started < TimeSpan.FromSeconds(2));
    }

    private static byte[] Decoy(Random random) => random.Next(5) switch
    {
        0 => s_info[..random.Next(s_info.Length)],
        1 => ElfTests.GoInfo("java", Modules),
        2 => ElfTests.GoInfo("go1.20", "no modules"),
        3 => [.. s_info[..32], 0xff, 0xff, 0xff, 0xff, 0xff],
        _ => [.. s_info[..15], 0, .. s_info[16..]],
    };

    private static string Read(byte[] file, Func<int> part)
    {
        var stream = new GoBuildInfoStream();
        for (var at = 0; at < file.Length;)
        {
            var length = Math.Min(part(), file.Length - at);
            stream.Write(file.AsSpan(at, length));
            at += length;
        }
        var report = new FileReport("app", new IndexBudget(IndexLimits.Default));
        stream.Report(report);
        return string.Join(' ', report.ToFile().Packages.Select(static p => $"{p.Package.Name} {p.Package.Version}"));
    }
}
