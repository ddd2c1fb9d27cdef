using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wharf.Tests.Web;

/// <summary>The pages have no door of their own: all that they ask for is in the public description of the API.</summary>
public sealed partial class CallsTests
{
    [Fact]
    public async Task Every_call_of_the_pages_is_an_operation_of_the_API()
    {
        using var api = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(SourceTree.Root, "openapi", "wharf.json"), TestContext.Current.CancellationToken));
        var operations = api.RootElement.GetProperty("paths").EnumerateObject().SelectMany(static p => p.Value.EnumerateObject().Select(m => $"{m.Name.ToUpperInvariant()} {p.Name}")).ToHashSet();

        var (calls, others) = (new HashSet<string>(), new List<string>());
        foreach (var file in Directory.EnumerateFiles(Path.Combine(SourceTree.Root, "web", "src"), "*.ts*", SearchOption.AllDirectories).Where(static f => !f.EndsWith(".d.ts", StringComparison.Ordinal)))
        {
            var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            calls.UnionWith(Call().Matches(text).Select(static m => $"{m.Groups["method"].Value} {m.Groups["path"].Value}"));
            calls.UnionWith(Plain().Matches(text).Select(static m => $"GET {m.Groups["path"].Value}"));
            // Whatever could reach the network without a path that can be read here.
            others.AddRange(Other().Matches(text).Select(m => $"{Path.GetFileName(file)}: {m.Value}"));
        }

        Assert.True(calls.Count > 60, $"{calls.Count} calls");
        Assert.Equal([], calls.Except(operations));
        Assert.Equal([], others);
    }

    [GeneratedRegex(@"\bc\.(?<method>GET|PUT|POST|DELETE|PATCH)\(\s*'(?<path>[^']+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Call();

    [GeneratedRegex(@"\b(fetch|EventSource)\(['`](?<path>/[A-Za-z0-9_/.-]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Plain();

    [GeneratedRegex(@"\bc\.(GET|PUT|POST|DELETE|PATCH)\((?!\s*')|\b(fetch|EventSource)\((?!['`]/)|XMLHttpRequest\(|sendBeacon|WebSocket\(", RegexOptions.None, 1000)]
    private static partial Regex Other();
}
