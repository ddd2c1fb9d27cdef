using System.Text;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Tests.Indexing;

public sealed class TarTests
{
    private const string Metadata = "Metadata-Version: 2.1\nName: leaky\nVersion: 1.0\n";

    /// <summary>As umoci writes them.</summary>
    [Fact]
    public async Task A_layer_may_end_with_the_last_byte_of_its_last_file()
    {
        var whole = new TarBuilder().File("lib/leaky-1.0.dist-info/METADATA", Metadata).ToArray();
        var end = 512 + Encoding.UTF8.GetByteCount(Metadata);

        var index = await LayerIndexer.IndexAsync(new MemoryStream(whole[..end]), IndexLimits.Default, TarBuilder.Ct);

        Assert.Equal("leaky", Assert.Single(Assert.Single(index.Files).Packages).Package.Name);
        await Assert.ThrowsAsync<LayerException>(() => LayerIndexer.IndexAsync(new MemoryStream(whole[..(end - 1)]), IndexLimits.Default, TarBuilder.Ct));
    }

    [Fact]
    public async Task The_same_of_a_file_that_is_passed_over()
    {
        var whole = new TarBuilder().File("lib/leaky-1.0.dist-info/METADATA", Metadata).File("srv/data", "abc").ToArray();

        var index = await LayerIndexer.IndexAsync(new MemoryStream(whole[..(512 + 512 + 512 + 3)]), IndexLimits.Default, TarBuilder.Ct);

        Assert.Single(index.Files);
    }
}
