using System.Text;
using Wharf.Oci;
using Wharf.Scanner.Targets;

namespace Wharf.Scanner.Tests.Targets;

public sealed class OciLayoutTests
{
    private static readonly Digest s_one = Digest.Of("1"u8);
    private static readonly Digest s_two = Digest.Of("2"u8);
    private static readonly Platform s_amd64 = new("linux", "amd64");

    [Theory]
    [InlineData("linux/arm64", "linux/amd64")]
    [InlineData("linux/arm64/v8", "linux/amd64")]
    [InlineData("unknown/unknown", "linux/amd64")]
    public void Of_several_images_that_the_layouts_index_names_the_one_of_the_platform_is_taken(string first, string second) =>
        Assert.Equal(s_two, Layout(Entry(s_one, first), Entry(s_two, second)).Top(null, s_amd64));

    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("linux/arm64", "linux/s390x")]
    [InlineData("linux/amd64", null)]
    public void It_has_to_be_said_which_when_the_platform_does_not_tell(string? first, string? second) =>
        Assert.Contains("several images", Assert.Throws<TargetException>(() => Layout(Entry(s_one, first), Entry(s_two, second)).Top(null, s_amd64)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_only_image_is_taken_whatever_its_platform() => Assert.Equal(s_one, Layout(Entry(s_one, "linux/arm64")).Top(null, s_amd64));

    private static OciLayout Layout(params string[] entries) =>
        new(path => path == "index.json" ? new MemoryStream(Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{string.Join(',', entries)}}]}""")) : null);

    private static string Entry(Digest digest, string? platform) => platform?.Split('/') is [var os, var architecture, ..]
        ? $$"""{ "digest": "{{digest}}", "platform": { "os": "{{os}}", "architecture": "{{architecture}}" } }"""
        : $$"""{"digest":"{{digest}}"}""";
}
