using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Wharf.Tests.Packaging;

/// <summary>Dependencies go one way (docs/architecture.md): <c>Oci &lt;- Storage &lt;- Server</c>, and inside the server from the protocol to what it shows.</summary>
public sealed partial class ArrowTests
{
    private static readonly Dictionary<string, string[]> Projects = new()
    {
        ["Wharf.Oci"] = [],
        ["Wharf.Storage"] = ["Wharf.Oci"],
        ["Wharf.Scanner"] = ["Wharf.Oci"],
        ["Wharf.Server"] = ["Wharf.Oci", "Wharf.Scanner", "Wharf.Storage"],
    };

    [Fact]
    public void Projects_refer_only_downwards()
    {
        var found = Directory.GetFiles(Path.Combine(SourceTree.Root, "src"), "*.csproj", SearchOption.AllDirectories).ToDictionary(f => Path.GetFileNameWithoutExtension(f)!,
            f => XDocument.Load(f).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/'))).Order().ToArray());

        Assert.Equal(Projects.Keys.Order(), found.Keys.Order());
        Assert.All(found, project => Assert.Equal(Projects[project.Key], project.Value));
    }

    [Theory]
    [InlineData("Wharf.Oci")]
    [InlineData("Wharf.Storage")]
    [InlineData("Wharf.Scanner")]
    [InlineData("Wharf.Server")]
    public void A_projects_sources_name_only_what_it_refers_to(string project)
    {
        var allowed = Projects[project].Append(project).ToArray();

        Assert.DoesNotContain(Names($"src/{project}"), n => !allowed.Any(a => n.Name == a || n.Name.StartsWith(a + ".", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("Wharf.Oci")]
    [InlineData("Wharf.Storage")]
    [InlineData("Wharf.Scanner")]
    public void The_libraries_know_nothing_of_the_web(string project) =>
        Assert.DoesNotContain(Sources($"src/{project}"), file => File.ReadAllText(file).Contains("Microsoft.AspNetCore", StringComparison.Ordinal));

    [Fact]
    public void Distribution_names_no_other_slice_than_what_it_shows() => AssertNamesOnly("Distribution", "ApiDocs", "Auth", "Content", "Limits", "Repositories");

    [Fact]
    public void Content_knows_no_protocol() => AssertNamesOnly("Content", "Auth", "Data", "Hosting", "Outbox", "Repositories", "Work");

    [Fact]
    public void Data_knows_no_slice() => AssertNamesOnly("Data", "Hosting");

    [Fact]
    public void The_care_of_places_names_no_other_slice_than_content() => AssertNamesOnly("StorageCare", "Content", "Data", "Hosting");

    private static void AssertNamesOnly(string slice, params string[] others) =>
        Assert.DoesNotContain(Names($"src/Wharf.Server/{slice}"), n => n.Name.StartsWith("Wharf.Server.", StringComparison.Ordinal) && !others.Append(slice).Contains(n.Name.Split('.')[2]));

    // Using directives, and names written out.
    private static IEnumerable<(string File, string Name)> Names(string folder)
    {
        var files = Sources(folder);
        Assert.NotEmpty(files);
        return files.SelectMany(f => Name().Matches(WithoutComments().Replace(File.ReadAllText(f), "")).Select(m => (Path.GetRelativePath(SourceTree.Root, f), m.Value)).Distinct());
    }

    private static string[] Sources(string folder) => Directory.GetFiles(Path.Combine(SourceTree.Root, folder), "*.cs", SearchOption.AllDirectories);

    [GeneratedRegex(@"\bWharf\.(?:Oci|Storage|Server|Scanner|Builder|Operator)(?:\.[A-Z][A-Za-z0-9]*)*", RegexOptions.None, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline, 1000)]
    private static partial Regex WithoutComments();
}
