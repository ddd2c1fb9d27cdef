using Wharf.Oci;

namespace Wharf.Tests.Oci;

public sealed class FollowerTagTests
{
    private const string Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData($"sha256-{Hex}", true)]
    [InlineData($"sha256-{Hex}.sig", true)]
    [InlineData($"sha256-{Hex}.att", true)]
    [InlineData($"sha256-{Hex}.sbom", true)]
    [InlineData($"sha256-{Hex}.exe", false)]
    [InlineData($"sha256-{Hex}.sig.att", false)]
    [InlineData($"sha256-{Hex}0", false)]
    [InlineData($"sha512-{Hex}{Hex}.sig", true)]
    [InlineData($"sha512-{Hex}", false)]
    [InlineData("sha256-", false)]
    [InlineData($"sha256:{Hex}", false)]
    [InlineData($"x-sha256-{Hex}", false)]
    [InlineData("latest", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Names_of_signatures_and_referrers_are_told_from_others(string? tag, bool follows)
    {
        Assert.Equal(follows, FollowerTag.TryParse(tag, out var subject));
        Assert.Equal(follows ? $"{tag![..6]}:{tag[7..].Split('.')[0]}" : null, follows ? subject.ToString() : null);
    }
}
