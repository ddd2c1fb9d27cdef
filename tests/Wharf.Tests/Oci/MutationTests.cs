using System.Globalization;
using System.Text;
using Wharf.Oci;

namespace Wharf.Tests.Oci;

/// <summary>Every parser of hostile input against broken forms of good input: it answers, and never throws.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int Seed = 20260101;

    private static readonly string[] Texts =
    [
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "acme/team/app.x__y--z", "v1.0-rc_1",
        "0-1023", "bytes 5-9/10", "bytes=0-0,5-9,-1", "bytes=9223372036854775807-,-9223372036854775808", "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
    ];

    private static readonly string[] Tokens =
        ["{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "null", "-1", "1e999", "9223372036854775808", "\"layers\":", "\"Config\":{}", "\0", "é", "/", "..", "-", "sha512:", "\uFFFD"];

    private static int Count => int.TryParse(Environment.GetEnvironmentVariable("WHARF_MUTATIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 20_000;

    [Fact]
    public void Broken_manifests_are_answered()
    {
        var random = new Random(Seed);
        var taken = 0;
        for (var i = 0; i < Count; i++)
        {
            var (text, type) = ManifestCorpus.All[random.Next(ManifestCorpus.All.Length)];
            var bytes = Mutate(random, ManifestCorpus.Bytes(text));

            var parsed = Manifest.TryParse(bytes, random.Next(4) == 0 ? null : type, out var manifest, out var kind, out var problem);

            Assert.Equal(parsed, kind == ManifestProblem.None);
            Assert.Equal(parsed, problem is null);
            if (!parsed) continue;
            taken++;
            // What was taken can be described, and its descriptor is a descriptor.
            var descriptor = Encoding.UTF8.GetString(manifest!.ReferrerDescriptor(Digest.Of(bytes), bytes.Length));
            var listing = ManifestCorpus.Bytes($$"""{"schemaVersion":2,"manifests":[{{descriptor}}]}""");
            Assert.True(Manifest.TryParse(listing, MediaTypes.OciIndex, out var index, out var why), why);
            Assert.Equal(manifest.ArtifactType, index.Children[0].ArtifactType);
        }
        output.WriteLine($"{Count} broken manifests, {taken} still manifests");
        Assert.InRange(taken, 1, Count - 1);
    }

    [Fact]
    public void Broken_texts_are_answered()
    {
        var random = new Random(Seed);
        var taken = 0;
        for (var i = 0; i < Count; i++)
        {
            var text = Encoding.UTF8.GetString(Mutate(random, Encoding.UTF8.GetBytes(Texts[random.Next(Texts.Length)])));

            if (Digest.TryParse(text, out var digest)) { Assert.Equal(text, digest.ToString()); taken++; }
            if (RepositoryName.TryParse(text, "library", out var name)) { Assert.EndsWith(text, name.ToString(), StringComparison.Ordinal); taken++; }
            if (Reference.TryParse(text, out var reference)) { Assert.Equal(text, reference.ToString()); taken++; }
            if (ContentRange.TryParse(text, out var chunk)) { Assert.True(chunk.Length > 0); taken++; }
            var size = random.NextInt64(1, long.MaxValue);
            Assert.All(ByteRanges.Parse(text, size).Ranges, range => Assert.True(range.Start >= 0 && range.Length > 0 && range.End < size));
        }
        output.WriteLine($"{Count} broken texts, {taken} taken");
        Assert.InRange(taken, 1, 5 * Count);
    }

    private static byte[] Mutate(Random random, byte[] bytes)
    {
        var all = bytes.ToList();
        for (var n = random.Next(4); n >= 0; n--)
        {
            var at = random.Next(all.Count + 1);
            var length = Math.Min(random.Next(1, 40), all.Count - at);
            switch (random.Next(6))
            {
                case 0 when at < all.Count: all[at] = (byte)random.Next(256); break;
                case 1 when at < all.Count: all[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: all.RemoveRange(at, length); break;
                case 3: all.InsertRange(random.Next(all.Count + 1), all.GetRange(at, length)); break;
                case 4: all.InsertRange(at, Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)])); break;
                default: all.RemoveRange(at, random.Next(20) == 0 ? all.Count - at : 0); break;
            }
        }
        return [.. all];
    }
}
