using System.Text.Json;

namespace Wharf.Tests.Packaging;

/// <summary>A bill of materials of a published program: of its own packages, or of those that its pages were built from.</summary>
internal sealed class BillOfMaterials
{
    private BillOfMaterials(JsonElement document) => Document = document;

    public JsonElement Document { get; }

    public IEnumerable<JsonElement> Components => Document.GetProperty("components").EnumerateArray();

    public static BillOfMaterials In(string programDirectory) => Read(Path.Combine(programDirectory, "wharf.cdx.json"));

    public static BillOfMaterials OfPages(string programDirectory) => Read(Path.Combine(programDirectory, "wharf-web.cdx.json"));

    private static BillOfMaterials Read(string file) => new(JsonDocument.Parse(File.ReadAllBytes(file)).RootElement);
}
