using Wharf.Scanner.Indexing;
using Wharf.Scanner.Targets;
using Wharf.Scanner.Tests.Indexing;

namespace Wharf.Scanner.Tests.Targets;

public sealed class ImageArchiveTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[{}]")]
    [InlineData("""[{"Layers":1}]""")]
    [InlineData("""[{"Layers":[null]}]""")]
    [InlineData("""[{"Layers":[1]}]""")]
    [InlineData("""[{"Layers":["none.tar"]}]""")]
    [InlineData("""[{"Layers":[]}]""")]
    [InlineData("""[{"Layers":[],"Config":null}]""")]
    [InlineData("""[{"Layers":[],"Config":"none.json"}]""")]
    [InlineData("""[{"Layers":[],"Config":"config.json"},{"Layers":[],"Config":"config.json"}]""")]
    public async Task A_saved_image_whose_manifest_is_wrong_is_told_as_a_plain_reason(string manifest)
    {
        File.WriteAllBytes(_file, new TarBuilder().File("manifest.json", manifest).File("config.json", "{}").End().ToArray());

        await Assert.ThrowsAsync<TargetException>(ReadAsync);
    }

    [Fact]
    public async Task A_layer_that_meets_a_limit_is_told_as_one()
    {
        var layer = new TarBuilder().File("a", "1").File("b", "2").End().ToArray();
        File.WriteAllBytes(_file, new TarBuilder().File("manifest.json", """[{"Layers":["1.tar"],"Config":"config.json"}]""").File("config.json", "{}").File("1.tar", layer).End().ToArray());

        Assert.Empty((await ReadAsync()).Components);
        await Assert.ThrowsAsync<LayerException>(() => new ImageArchive(_file).ReadAsync(null, Platform.Here, new IndexLimits { Entries = 1 }, null, TestContext.Current.CancellationToken));
    }

    private Task<Inventory> ReadAsync() => new ImageArchive(_file).ReadAsync(null, Platform.Here, IndexLimits.Default, null, TestContext.Current.CancellationToken);
}
