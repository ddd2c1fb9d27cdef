using System.Buffers.Binary;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Tests.Feeds.Revisions;

/// <summary>
/// A file that was cut, or in which bits turned: reading all of it gives something or an <see cref="InvalidDataException"/>, and never touches memory outside of
/// the mapping, which would end the process. WHARF_MUTATIONS sets how many.
/// </summary>
public sealed class DamagedRevisionTests : IDisposable
{
    private static readonly int s_count = int.TryParse(Environment.GetEnvironmentVariable("WHARF_MUTATIONS"), out var count) ? count : 2000;

    private readonly RevisionFiles _files = new();
    private readonly byte[] _original;

    public DamagedRevisionTests()
    {
        object[] feed = [.. RevisionFiles.Random(new Random(1), 20).Where(static a => a.Summary?.Length is null or < 1000), new Enrichment("CVE-2026-1") { Exploited = new DateOnly(2026, 1, 1), Epss = 0.5 }];
        _original = File.ReadAllBytes(_files.Compile(feed));
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public void A_file_that_was_cut_is_none()
    {
        for (var length = 0; length < _original.Length; length += 1 + length / 200)
            Assert.Throws<InvalidDataException>(() => FeedRevision.Open(Write(_original[..length])).Dispose());
    }

    [Fact]
    public void A_flipped_bit_is_told_or_does_no_harm()
    {
        for (var seed = 0; seed < s_count; seed++)
        {
            var random = new Random(seed);
            var bytes = (byte[])_original.Clone();
            for (var flips = random.Next(1, 6); flips > 0; flips--)
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            ReadAll(bytes, $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue - 7)]
    [InlineData(long.MaxValue - 23)]
    [InlineData(long.MaxValue - 100)]
    [InlineData(long.MinValue)]
    [InlineData(-1)]
    [InlineData(-8)]
    [InlineData(0)]
    [InlineData(int.MaxValue)]
    [InlineData(uint.MaxValue)]
    [InlineData(1L << 62)]
    public void A_number_at_the_edge_is_told_or_does_no_harm(long edge)
    {
        var places = Enumerable.Range(1, 5).Select(static n => n * 8).ToList();
        var keys = (int)BinaryPrimitives.ReadInt64LittleEndian(_original.AsSpan(8));
        var info = (int)BinaryPrimitives.ReadInt64LittleEndian(_original.AsSpan(40));
        for (var at = keys; at + 8 <= info; at += 8)
            places.Add(at);
        foreach (var place in places)
        {
            var bytes = (byte[])_original.Clone();
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(place), edge);
            ReadAll(bytes, $"{edge} at {place}");
            // A short stretch that begins there: its length alone looks right.
            if (place < keys || place + 16 > info)
                continue;
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(place + 8), unchecked(edge + 28));
            ReadAll(bytes, $"28 bytes from {edge} at {place}");
        }
    }

    [Fact]
    public void A_header_whose_sums_wrap_around_is_none()
    {
        // Where the keys are, how many, where the advisories' places are, how many, and where the description is: the sums are right but for the carry.
        foreach (var keys in (long[])[long.MaxValue, long.MaxValue - 7, long.MaxValue - 23])
        {
            var bytes = (byte[])_original.Clone();
            var advisories = unchecked(keys + 24);
            long[] header = [keys, 1, advisories, 0, unchecked(advisories + 8)];
            for (var i = 0; i < header.Length; i++)
                BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8 + i * 8), header[i]);

            Assert.Throws<InvalidDataException>(() => FeedRevision.Open(Write(bytes)));
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"Feed":null,"Ecosystems":[]}""")]
    [InlineData("""{"Feed":{"Name":"a","Revision":"b","Date":"2026-01-01T00:00:00Z","Licence":"c","Statements":1},"Ecosystems":null}""")]
    [InlineData("[[[")]
    [InlineData("")]
    public void A_description_without_what_is_needed_is_none(string json)
    {
        var info = (int)BinaryPrimitives.ReadInt64LittleEndian(_original.AsSpan(40));

        Assert.Throws<InvalidDataException>(() => FeedRevision.Open(Write([.. _original[..info], .. System.Text.Encoding.UTF8.GetBytes(json)])));
    }

    private void ReadAll(byte[] bytes, string what)
    {
        var began = ProcessorTime.OfThread;
        try
        {
            using var revision = FeedRevision.Open(Write(bytes));
            foreach (var (ecosystem, name) in revision.Names())
            {
                try
                {
                    foreach (var statement in revision.Find(ecosystem, name))
                        _ = statement.Advisory;
                    revision.FindEnrichment(name);
                }
                catch (InvalidDataException)
                {
                }
            }
        }
        catch (InvalidDataException)
        {
        }
        catch (Exception e)
        {
            Assert.Fail($"{what}: {e}");
        }
        Assert.True(ProcessorTime.OfThread - began < TimeSpan.FromSeconds(1), what);
    }

    private string Write(byte[] bytes)
    {
        var path = _files.PathOf("damaged.feed");
        File.Delete(path); // a new file: the old one may still be mapped
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
