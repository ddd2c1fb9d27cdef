using System.Text;
using System.Text.Json;
using Wharf.Tests.Server;

namespace Wharf.Tests.Packaging;

public sealed class NoticesTests(Registry registry) : IClassFixture<Registry>
{
    private static readonly string Packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    // The MIT licence: its words must go with copies of what is under it; the words of Apache-2.0 are in LICENSE.
    private const string Mit = """
        Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files
        (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge,
        publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so,
        subject to the following conditions:

        The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

        THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
        MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE
        FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION
        WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
        """;

    [Fact]
    public async Task The_notices_are_those_of_the_packages_that_are_published()
    {
        var file = Path.Combine(SourceTree.Root, "THIRD-PARTY-NOTICES");
        var current = Render(BillOfMaterials.In(registry.ProgramDirectory));

        if (Environment.GetEnvironmentVariable("WHARF_WRITE_NOTICES") == "1")
        {
            await File.WriteAllTextAsync(file, current, TestContext.Current.CancellationToken);
        }

        Assert.True(
            current == await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            "THIRD-PARTY-NOTICES is stale: WHARF_WRITE_NOTICES=1 ./test --filter NoticesTests writes it anew.");
    }

    private static string Render(BillOfMaterials sbom)
    {
        var text = new StringBuilder();
        text.Append("Wharf is published with these packages. Their own terms hold for them.\n");
        foreach (var component in sbom.Components)
        {
            text.Append('\n').Append($"{component.GetProperty("name").GetString()} {component.GetProperty("version").GetString()}\n");
            text.Append($"  {(component.TryGetProperty("copyright", out var copyright) ? copyright.GetString() : "by " + component.GetProperty("authors")[0].GetProperty("name").GetString())}\n");
            text.Append($"  Licence: {Licence(component)}\n");
        }
        text.Append("\n\nMIT\n\n").Append(Mit).Append("\n\n\nApache-2.0\n\nThe file LICENSE, which stands beside this one, has its words.\n");
        return text.ToString();
    }

    private static string Licence(JsonElement component)
    {
        var licence = component.GetProperty("licenses")[0];
        if (licence.TryGetProperty("expression", out var expression))
        {
            // A new licence needs its words in this file, and somebody who has read them.
            Assert.Contains(expression.GetString()!, (string[])["MIT", "Apache-2.0"]);
            return expression.GetString()!;
        }
        var folder = Path.Combine(Packages, component.GetProperty("name").GetString()!.ToLowerInvariant(), component.GetProperty("version").GetString()!);
        var words = File.ReadAllText(Assert.Single(Directory.GetFiles(folder, "LICENSE*"))).Trim().ReplaceLineEndings("\n");
        return "in its own words\n" + string.Join('\n', words.Split('\n').Select(l => ("    " + l).TrimEnd()));
    }
}
