using Wharf.Tests.Server;

namespace Wharf.Tests.Packaging;

public sealed class SbomTests(Registry registry) : IClassFixture<Registry>
{
    private BillOfMaterials Sbom => BillOfMaterials.In(registry.ProgramDirectory);

    [Fact]
    public void It_is_CycloneDX_1_6_about_this_version_of_wharf()
    {
        var document = Sbom.Document;

        Assert.Equal("CycloneDX", document.GetProperty("bomFormat").GetString());
        Assert.Equal("1.6", document.GetProperty("specVersion").GetString());
        Assert.Equal(1, document.GetProperty("version").GetInt32());
        Assert.Matches("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", document.GetProperty("serialNumber").GetString());
        var product = document.GetProperty("metadata").GetProperty("component");
        Assert.Equal("wharf", product.GetProperty("name").GetString());
        Assert.Equal(typeof(SbomTests).Assembly.GetName().Version!.ToString(3), product.GetProperty("version").GetString());
    }

    [Fact]
    public void Every_component_has_what_the_schema_demands_and_a_licence_and_hash()
    {
        Assert.NotEmpty(Sbom.Components);
        Assert.All(Sbom.Components, component =>
        {
            Assert.Equal("library", component.GetProperty("type").GetString());
            var purl = $"pkg:nuget/{component.GetProperty("name").GetString()}@{component.GetProperty("version").GetString()}";
            Assert.Equal(purl, component.GetProperty("purl").GetString());
            Assert.Equal(purl, component.GetProperty("bom-ref").GetString());
            Assert.Matches("^[0-9a-f]{128}$", component.GetProperty("hashes")[0].GetProperty("content").GetString());
            Assert.Equal(1, component.GetProperty("licenses").GetArrayLength());
        });
        Assert.Equal(Sbom.Components.Count(), Sbom.Components.Select(c => c.GetProperty("bom-ref").GetString()).Distinct().Count());
    }

    [Fact]
    public void Every_library_beside_the_program_belongs_to_a_component()
    {
        var beside = Directory.GetFiles(registry.ProgramDirectory, "*", SearchOption.AllDirectories)
            .Where(f => f.EndsWith(".dll", StringComparison.Ordinal) || f.EndsWith(".so", StringComparison.Ordinal))
            .Select(f => Path.GetRelativePath(registry.ProgramDirectory, f));
        var own = new[] { "wharf.dll", "Wharf.Oci.dll", "Wharf.Scanner.dll", "Wharf.Storage.dll" };

        var listed = Sbom.Components.SelectMany(c => c.GetProperty("evidence").GetProperty("occurrences").EnumerateArray()).Select(o => o.GetProperty("location").GetString()!);

        Assert.Equal(beside.Except(own).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_dependencies_name_components_only_and_lead_to_every_one()
    {
        var needs = Sbom.Document.GetProperty("dependencies").EnumerateArray()
            .ToDictionary(d => d.GetProperty("ref").GetString()!, d => d.GetProperty("dependsOn").EnumerateArray().Select(r => r.GetString()!).ToArray());

        var reached = new HashSet<string>();
        var queue = new Queue<string>([Sbom.Document.GetProperty("metadata").GetProperty("component").GetProperty("bom-ref").GetString()!]);
        while (queue.TryDequeue(out var reference))
        {
            foreach (var next in needs[reference].Where(reached.Add))
            {
                queue.Enqueue(next);
            }
        }

        Assert.Equal(Sbom.Components.Select(c => c.GetProperty("bom-ref").GetString()!).Order(StringComparer.Ordinal), reached.Order(StringComparer.Ordinal));
    }
}
