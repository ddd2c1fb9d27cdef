using FsCheck;
using FsCheck.Fluent;
using Wharf.Oci;

namespace Wharf.Tests.Oci;

public sealed class DigestTests
{
    private const string EmptySha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string EmptySha512 = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

    private static readonly Gen<Digest> Digests =
        from size in Gen.Elements(32, 64)
        from raw in Gen.Choose(0, 255).Select(static i => (byte)i).ArrayOf(size)
        select new Digest(raw);

    [Theory]
    [InlineData(DigestAlgorithm.Sha256, EmptySha256)]
    [InlineData(DigestAlgorithm.Sha512, EmptySha512)]
    public void The_digest_of_nothing_is_the_published_one(DigestAlgorithm algorithm, string expected)
    {
        var digest = Digest.Of([], algorithm);

        Assert.Equal(expected, digest.ToString());
        Assert.Equal(algorithm, digest.Algorithm);
    }

    [Fact]
    public void Text_and_bytes_round_trip() => Prop.ForAll(Digests.ToArbitrary(), static digest =>
        Digest.TryParse(digest.ToString(), out var parsed) && parsed == digest && new Digest(digest.ToArray()) == digest
        && parsed.GetHashCode() == digest.GetHashCode() && parsed.Algorithm == digest.Algorithm).QuickCheckThrowOnFailure();

    [Fact]
    public void Order_is_total_and_that_of_the_bytes() => Prop.ForAll(Digests.Two().ToArbitrary(), static pair =>
    {
        var (a, b) = pair;
        var order = string.CompareOrdinal(Convert.ToHexString(a.Span), Convert.ToHexString(b.Span));
        return Math.Sign(a.CompareTo(b)) == Math.Sign(order) && (a == b) == (order == 0) && a < b == b > a;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555")]
    [InlineData("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha384:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../../../etc/p")]
    [InlineData("sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85\u0665")]
    [InlineData(" sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void Other_text_is_no_digest(string? text)
    {
        Assert.False(Digest.TryParse(text, out var digest));
        Assert.True(digest.IsDefault);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(48)]
    [InlineData(65)]
    public void Raw_values_of_other_lengths_are_refused(int length) => Assert.Throws<ArgumentException>(() => new Digest(new byte[length]));

    [Fact]
    public void Default_equals_itself_only_and_has_no_text()
    {
        Digest none = default;

        Assert.Equal(none, new Digest());
        Assert.NotEqual(none, Digest.Of([]));
        Assert.Equal("", none.ToString());
    }

    [Theory]
    [InlineData("sha256", true, DigestAlgorithm.Sha256)]
    [InlineData("sha512", true, DigestAlgorithm.Sha512)]
    [InlineData("SHA256", false, DigestAlgorithm.Sha256)]
    [InlineData("sha384", false, DigestAlgorithm.Sha256)]
    [InlineData("", false, DigestAlgorithm.Sha256)]
    public void Algorithms_have_one_name_each(string name, bool known, DigestAlgorithm algorithm)
    {
        Assert.Equal(known, DigestAlgorithms.TryParse(name, out var parsed));
        if (known)
        {
            Assert.Equal(algorithm, parsed);
            Assert.Equal(name, DigestAlgorithms.Name(parsed));
        }
    }
}
