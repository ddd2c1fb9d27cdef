using System.Text;
using System.Text.Json;
using Wharf.Tests.Server;

namespace Wharf.Tests.Packaging;

public sealed class NoticesTests(Registry registry) : IClassFixture<Registry>
{
    private static readonly string Packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    [Fact]
    public async Task The_notices_are_those_of_the_packages_that_are_published()
    {
        var file = Path.Combine(SourceTree.Root, "THIRD-PARTY-NOTICES");
        var current = Render(registry.ProgramDirectory);

        if (Environment.GetEnvironmentVariable("WHARF_WRITE_NOTICES") == "1")
        {
            await File.WriteAllTextAsync(file, current, TestContext.Current.CancellationToken);
        }

        Assert.True(
            current == await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            "THIRD-PARTY-NOTICES is stale: WHARF_WRITE_NOTICES=1 ./test --filter NoticesTests writes it anew.");
    }

    private static string Render(string directory)
    {
        var sbom = BillOfMaterials.In(directory);
        var text = new StringBuilder();
        text.Append("Wharf is published with these packages. Their own terms hold for them.\n");
        foreach (var component in sbom.Components)
        {
            text.Append('\n').Append($"{component.GetProperty("name").GetString()} {component.GetProperty("version").GetString()}\n");
            text.Append($"  {(component.TryGetProperty("copyright", out var copyright) ? copyright.GetString() : "by " + component.GetProperty("authors")[0].GetProperty("name").GetString())}\n");
            text.Append($"  Licence: {Licence(component)}\n");
        }
        text.Append('\n').Append($"""
            Of the pages, in wwwroot/
              {string.Join("\n  ", PagePackages(directory))}
              The file wwwroot/third-party.txt, which the pages link to, has their copyrights and the words of their licences.

            Red Hat Display, Red Hat Mono, Red Hat Text (fonts, in @patternfly/react-core)
              Copyright 2021 The Red Hat Project Authors (https://github.com/RedHatOfficial/RedHatFont)
              Licence: OFL-1.1

            """);
        foreach (var licence in sbom.Components.Select(Expression).OfType<string>().Append("OFL-1.1").Distinct().Order(StringComparer.Ordinal))
        {
            text.Append("\n\n").Append(licence).Append("\n\n").Append(LicenceWords.By[licence]).Append('\n');
        }
        return text.ToString();
    }

    [Fact]
    public void What_the_pages_are_made_of_is_in_their_bill_with_its_hash()
    {
        var listed = BillOfMaterials.OfPages(registry.ProgramDirectory).Components.ToDictionary(static c => $"{c.GetProperty("name").GetString()} {c.GetProperty("version").GetString()}");

        Assert.All(PagePackages(registry.ProgramDirectory), package =>
        {
            var component = listed[package.Split(" (")[0]];
            Assert.StartsWith("pkg:npm/", component.GetProperty("purl").GetString(), StringComparison.Ordinal);
            Assert.Matches("^[0-9a-f]{128}$", component.GetProperty("hashes")[0].GetProperty("content").GetString());
        });
    }

    /// <summary>What Vite found in the pages' scripts and styles: "react 19.0.0 (MIT)".</summary>
    private static string[] PagePackages(string directory)
    {
        var packages = File.ReadLines(Path.Combine(directory, "wwwroot", "third-party.txt"))
            .Where(static l => l.StartsWith("## ", StringComparison.Ordinal)).Select(static l => l[3..].Replace(" - ", " ", StringComparison.Ordinal)).ToArray();
        Assert.Contains(packages, static p => p.StartsWith("react ", StringComparison.Ordinal));
        return packages;
    }

    private static string? Expression(JsonElement component) =>
        component.GetProperty("licenses")[0].TryGetProperty("expression", out var expression) ? expression.GetString() : null;

    private static string Licence(JsonElement component)
    {
        if (Expression(component) is { } expression)
        {
            Assert.True(LicenceWords.By.ContainsKey(expression), $"{expression} is new here: somebody has to read it, and LicenceWords needs its words.");
            return expression;
        }
        var folder = Path.Combine(Packages, component.GetProperty("name").GetString()!.ToLowerInvariant(), component.GetProperty("version").GetString()!);
        var words = File.ReadAllText(Assert.Single(Directory.GetFiles(folder, "LICENSE*"))).Trim().ReplaceLineEndings("\n");
        return "in its own words\n" + string.Join('\n', words.Split('\n').Select(l => ("    " + l).TrimEnd()));
    }
}
