using FsCheck;
using FsCheck.Fluent;
using Wharf.Oci;

namespace Wharf.Tests.Oci;

public sealed class RangeTests
{
    [Theory]
    [InlineData("0-0", 0, 0)]
    [InlineData("0-1023", 0, 1023)]
    [InlineData("1024-2047", 1024, 2047)]
    [InlineData("bytes 5-9/10", 5, 9)]
    [InlineData("bytes 5-9/*", 5, 9)]
    [InlineData("0-9223372036854775806", 0, 9223372036854775806)]
    public void A_chunk_says_its_first_and_last_byte(string text, long start, long end)
    {
        Assert.True(ContentRange.TryParse(text, out var range));
        Assert.Equal(new ContentRange(start, end), range);
        Assert.Equal(end - start + 1, range.Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("5")]
    [InlineData("5-")]
    [InlineData("-5")]
    [InlineData("5-4")]
    [InlineData("0--1")]
    [InlineData("+0-5")]
    [InlineData("0-5.5")]
    [InlineData("0x0-0x5")]
    [InlineData("0-9223372036854775807")]
    [InlineData("0-99999999999999999999999")]
    [InlineData("bytes 0-5")]
    [InlineData("bytes 0-5/5")]
    [InlineData("bytes 0-5/x")]
    [InlineData("bytes */5")]
    [InlineData("0-1-2")]
    public void Other_text_is_no_chunk(string? text) => Assert.False(ContentRange.TryParse(text, out _));

    [Theory] // RFC 9110, 14.1.2 and 14.2
    [InlineData(null, 10, ByteRangesKind.None, "")]
    [InlineData("", 10, ByteRangesKind.None, "")]
    [InlineData("bytes", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=,,", 10, ByteRangesKind.None, "")]
    [InlineData("items=0-1", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=5-4", 10, ByteRangesKind.Unsatisfiable, "")]
    [InlineData("bytes=a-b", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=-", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=1", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=--1", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=0-1,x", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=0-1 2-3", 10, ByteRangesKind.None, "")]
    [InlineData("bytes=0-0", 10, ByteRangesKind.Single, "0-0")]
    [InlineData("BYTES=0-4", 10, ByteRangesKind.Single, "0-4")]
    [InlineData("bytes=5-", 10, ByteRangesKind.Single, "5-9")]
    [InlineData("bytes=5-999", 10, ByteRangesKind.Single, "5-9")]
    [InlineData("bytes=-3", 10, ByteRangesKind.Single, "7-9")]
    [InlineData("bytes=-99", 10, ByteRangesKind.Single, "0-9")]
    [InlineData("bytes=0-99999999999999999999999", 10, ByteRangesKind.Single, "0-9")]
    [InlineData("bytes=-99999999999999999999999", 10, ByteRangesKind.Single, "0-9")]
    [InlineData("bytes=10-", 10, ByteRangesKind.Unsatisfiable, "")]
    [InlineData("bytes=99999999999999999999999-", 10, ByteRangesKind.Unsatisfiable, "")]
    [InlineData("bytes=-0", 10, ByteRangesKind.Unsatisfiable, "")]
    [InlineData("bytes=0-", 0, ByteRangesKind.Unsatisfiable, "")]
    [InlineData("bytes=0-0,-1", 10, ByteRangesKind.Multiple, "0-0 9-9")]
    [InlineData("bytes= 8-9 , 0-1 ,,", 10, ByteRangesKind.Multiple, "0-1 8-9")]
    [InlineData("bytes=0-1,20-30", 10, ByteRangesKind.Single, "0-1")]
    [InlineData("bytes=0-3,4-5", 10, ByteRangesKind.Single, "0-5")]
    [InlineData("bytes=0-3,2-5", 10, ByteRangesKind.Single, "0-5")]
    [InlineData("bytes=0-,0-,0-", 10, ByteRangesKind.None, "")]
    public void A_range_header_is_resolved_as_the_RFC_says(string? header, long size, ByteRangesKind kind, string expected)
    {
        var ranges = ByteRanges.Parse(header, size);

        Assert.Equal(kind, ranges.Kind);
        Assert.Equal(expected, string.Join(' ', ranges.Ranges.Select(static r => $"{r.Start}-{r.End}")));
    }

    [Fact]
    public void More_ranges_than_the_cap_are_answered_with_everything()
    {
        static string Header(int count) => "bytes=" + string.Join(',', Enumerable.Range(0, count).Select(static i => $"{2 * i}-{2 * i}"));

        Assert.Equal(ByteRanges.MaxRanges, ByteRanges.Parse(Header(ByteRanges.MaxRanges), 1 << 20).Ranges.Count);
        Assert.Equal(ByteRangesKind.None, ByteRanges.Parse(Header(ByteRanges.MaxRanges + 1), 1 << 20).Kind);
        Assert.Equal(ByteRangesKind.None, ByteRanges.Parse("bytes=0-0" + new string(',', 1 << 20), 10).Kind);
    }

    [Fact]
    public void Ranges_hold_exactly_the_bytes_that_were_asked_for() => Prop.ForAll(
        (from size in Gen.Choose(1, 60) from asked in Gen.Choose(0, 70).Two().ArrayOf() select (size, asked)).ToArbitrary(),
        static input =>
        {
            var (size, asked) = input;
            var specs = asked.Select(static pair => (From: Math.Min(pair.Item1, pair.Item2), To: Math.Max(pair.Item1, pair.Item2))).ToArray();
            var wanted = new HashSet<long>(specs.SelectMany(static s => Enumerable.Range(s.From, s.To - s.From + 1)).Where(i => i < size).Select(static i => (long)i));

            var ranges = ByteRanges.Parse("bytes=" + string.Join(',', specs.Select(static s => $"{s.From}-{s.To}")), size);

            var sum = specs.Sum(s => Math.Max(0, Math.Min(s.To, size - 1) - s.From + 1));
            if (specs.Length == 0 || sum > size) return ranges.Kind == ByteRangesKind.None;
            if (wanted.Count == 0) return ranges.Kind == ByteRangesKind.Unsatisfiable;
            var got = ranges.Ranges.SelectMany(static r => Enumerable.Range((int)r.Start, (int)r.Length)).Select(static i => (long)i).ToArray();
            var separate = ranges.Ranges.Zip(ranges.Ranges.Skip(1)).All(static p => p.First.End + 1 < p.Second.Start);
            return separate && got.Length == wanted.Count && wanted.SetEquals(got) && ranges.Kind == (ranges.Ranges.Count == 1 ? ByteRangesKind.Single : ByteRangesKind.Multiple);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
