using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Wharf.Oci;

namespace Wharf.Tests.Oci;

public sealed partial class NameTests
{
    private const string Sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("acme/app", "acme", "app")]
    [InlineData("acme/team/app", "acme", "team/app")]
    [InlineData("a/b/c/d/e/f/g", "a", "b/c/d/e/f/g")]
    [InlineData("0/1", "0", "1")]
    [InlineData("a.b_c__d-e---f/x", "a.b_c__d-e---f", "x")]
    public void A_name_is_a_namespace_and_the_rest(string text, string ns, string rest)
    {
        Assert.True(RepositoryName.TryParse(text, null, out var name));
        Assert.Equal((ns, rest, text), (name.Namespace, name.Name, name.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("acme/")]
    [InlineData("/app")]
    [InlineData("acme//app")]
    [InlineData("Acme/app")]
    [InlineData("acme/app.")]
    [InlineData("acme/.app")]
    [InlineData("acme/../app")]
    [InlineData("acme/a..b")]
    [InlineData("acme/a___b")]
    [InlineData("acme/a._b")]
    [InlineData("acme/a-_b")]
    [InlineData("acme/-a")]
    [InlineData("acme/a-")]
    [InlineData("acme/a b")]
    [InlineData("acme/a%2fb")]
    [InlineData("acme/a\nb")]
    [InlineData("acme/app\n")]
    [InlineData("acme/\u0430pp")]
    [InlineData("acme/app:latest")]
    [InlineData("acme\\app")]
    public void Other_text_is_no_name(string? text) => Assert.False(RepositoryName.TryParse(text, "library", out _));

    [Fact]
    public void A_single_segment_lives_in_the_library_or_nowhere()
    {
        Assert.True(RepositoryName.TryParse("busybox", "library", out var name));
        Assert.Equal("library/busybox", name.ToString());
        Assert.False(RepositoryName.TryParse("busybox", null, out _));
    }

    [Fact]
    public void The_longest_name_has_255_characters_with_its_namespace()
    {
        Assert.True(RepositoryName.TryParse("a/" + new string('b', 253), null, out _));
        Assert.False(RepositoryName.TryParse("a/" + new string('b', 254), null, out _));
        Assert.True(RepositoryName.TryParse(new string('b', 247), "library", out _));
        Assert.False(RepositoryName.TryParse(new string('b', 248), "library", out _));
    }

    [Fact]
    public void Names_are_equal_when_their_text_is()
    {
        Assert.True(RepositoryName.TryParse("library/busybox", null, out var spelled));
        Assert.True(RepositoryName.TryParse("busybox", "library", out var mapped));
        Assert.True(RepositoryName.TryParse("library/busybox2", null, out var other));

        Assert.Equal(spelled, mapped);
        Assert.Equal(spelled.GetHashCode(), mapped.GetHashCode());
        Assert.NotEqual(spelled, other);
    }

    [Fact]
    public void Names_are_those_of_the_grammar_in_the_spec() => Prop.ForAll(
        Gen.Elements("a", "z9", "A", ".", "_", "-", "/", "é").ArrayOf().Select(string.Concat).ToArbitrary(),
        static text => RepositoryName.TryParse(text, "library", out var name) == SpecName().IsMatch(text)
            && (name is null || (RepositoryName.TryParse(name.ToString(), null, out var again) && again == name)))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void Tags_are_those_of_the_grammar_in_the_spec() => Prop.ForAll(
        Gen.Elements("a", "Z9", "_", ".", "-", "/", ":", "é", "\n").ArrayOf().Select(string.Concat).ToArbitrary(),
        static text => TagName.IsValid(text) == SpecTag().IsMatch(text))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void The_longest_tag_has_128_characters()
    {
        Assert.True(TagName.IsValid(new string('t', 128)));
        Assert.False(TagName.IsValid(new string('t', 129)));
        Assert.False(TagName.IsValid(null));
    }

    [Fact]
    public void A_reference_is_a_tag_or_a_digest()
    {
        Assert.True(Reference.TryParse("v1.0", out var tag));
        Assert.True(Reference.TryParse(Sha256, out var digest));

        Assert.Equal(("v1.0", false, "v1.0"), (tag.Tag, tag.IsDigest, tag.ToString()));
        Assert.Equal((Sha256, true, Sha256), (digest.Digest.ToString(), digest.IsDigest, digest.ToString()));
        Assert.Throws<InvalidOperationException>(() => tag.Digest);
        Assert.Throws<InvalidOperationException>(() => digest.Tag);
        Assert.NotEqual(tag, digest);
    }

    [Theory]
    [InlineData("sha256:abc")]
    [InlineData("v1:0")]
    [InlineData(".hidden")]
    [InlineData("")]
    [InlineData(null)]
    public void Other_text_is_no_reference(string? text) => Assert.False(Reference.TryParse(text, out _));

    [GeneratedRegex(@"\A[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex SpecName();

    [GeneratedRegex(@"\A[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z")]
    private static partial Regex SpecTag();
}
