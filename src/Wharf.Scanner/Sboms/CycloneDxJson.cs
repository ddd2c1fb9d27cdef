using System.Text.Json;

namespace Wharf.Scanner.Sboms;

/// <summary>The components of CycloneDX in JSON. The depth of nesting is the reader's.</summary>
internal static class CycloneDxJson
{
    /// <summary>What the document is of may be a package itself.</summary>
    public static void ReadMetadata(ref Utf8JsonReader reader, SbomInventory inventory)
    {
        while (SbomJson.NextProperty(ref reader, out var name))
        {
            if (name == "component" && reader.TokenType == JsonTokenType.StartObject)
                ReadComponent(ref reader, inventory);
            else
                reader.Skip();
        }
    }

    public static void ReadComponents(ref Utf8JsonReader reader, SbomInventory inventory)
    {
        while (SbomJson.NextObject(ref reader))
            ReadComponent(ref reader, inventory);
    }

    private static void ReadComponent(ref Utf8JsonReader reader, SbomInventory inventory)
    {
        var entry = new SbomEntry();
        while (SbomJson.NextProperty(ref reader, out var name))
        {
            switch (name, reader.TokenType)
            {
                case ("type", _):
                    entry.Type = SbomJson.Text(ref reader);
                    break;
                case ("name", _):
                    entry.Name = SbomJson.Text(ref reader);
                    break;
                case ("version", _):
                    entry.Version = SbomJson.Text(ref reader);
                    break;
                case ("description", _):
                    entry.Description = SbomJson.Text(ref reader);
                    break;
                case ("purl", _):
                    entry.Purl = SbomJson.Text(ref reader);
                    break;
                case ("properties", JsonTokenType.StartArray):
                    while (SbomJson.NextPair(ref reader, "name", "value", out var key, out var value))
                        entry.AddProperty(key, value);
                    break;
                case ("evidence", JsonTokenType.StartObject):
                    ReadEvidence(ref reader, entry);
                    break;
                case ("components", JsonTokenType.StartArray):
                    ReadComponents(ref reader, inventory);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        inventory.Add(entry);
    }

    private static void ReadEvidence(ref Utf8JsonReader reader, SbomEntry entry)
    {
        while (SbomJson.NextProperty(ref reader, out var name))
        {
            if (name != "occurrences" || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }
            while (SbomJson.NextObject(ref reader))
            {
                while (SbomJson.NextProperty(ref reader, out var key))
                {
                    var text = SbomJson.Text(ref reader);
                    if (key == "location")
                        entry.AddLocation(text);
                }
            }
        }
    }
}
