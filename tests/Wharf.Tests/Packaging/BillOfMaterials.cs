using System.Text.Json;

namespace Wharf.Tests.Packaging;

/// <summary>The wharf.cdx.json of a published program.</summary>
internal sealed class BillOfMaterials
{
    private BillOfMaterials(JsonElement document) => Document = document;

    public JsonElement Document { get; }

    public IEnumerable<JsonElement> Components => Document.GetProperty("components").EnumerateArray();

    public static BillOfMaterials In(string programDirectory) =>
        new(JsonDocument.Parse(File.ReadAllBytes(Path.Combine(programDirectory, "wharf.cdx.json"))).RootElement);
}
