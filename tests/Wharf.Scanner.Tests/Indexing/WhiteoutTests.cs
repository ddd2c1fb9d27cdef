namespace Wharf.Scanner.Tests.Indexing;

public sealed class WhiteoutTests
{
    [Theory]
    [InlineData("whiteout.layer", "etc/profile", "etc/passwd")]
    [InlineData("whiteout_advanced.layer", "a/a_file.txt", "a/b_file.txt")]
    [InlineData("whiteout_advanced.layer", "a_root_file.txt", "b_root_file.txt")]
    [InlineData("whiteout_advanced.layer", "b/deep/file", "c/deep/file")]
    [InlineData("whiteout_opaque.layer", "a/anything/below", "b/anything/below")]
    public async Task A_whiteout_hides_what_it_names_and_nothing_else(string layer, string hidden, string kept)
    {
        var index = await TarBuilder.IndexAsync(await File.ReadAllBytesAsync(TestData.Path("pkgdb", "layers", layer), TarBuilder.Ct));

        Assert.True(index.Paths.Hides(hidden));
        Assert.False(index.Paths.Hides(kept));
    }

    [Theory]
    [InlineData("app/.wh.")]
    [InlineData("app/.wh..")]
    [InlineData("app/.wh...")]
    [InlineData("app/.wh..wh.plnk")]
    [InlineData("app/x.wh.status")]
    public async Task A_name_that_is_no_whiteout_hides_nothing(string path)
    {
        var index = await new TarBuilder().File(path, "").IndexAsync();

        Assert.False(index.Paths.Hides("app/status"));
    }

    [Fact]
    public async Task A_path_out_of_the_image_hides_nothing_and_is_told_of()
    {
        var index = await new TarBuilder().File("../../etc/passwd", "").File("a/.wh../x", "").File("/abs/x", "").File(@"C:\x", "").IndexAsync();

        Assert.False(index.Paths.Hides("etc/passwd"));
        Assert.True(index.Paths.Hides("abs/x"));
        Assert.Single(index.Problems);
    }
}
