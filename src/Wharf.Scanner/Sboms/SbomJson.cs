using System.Text.Json;

namespace Wharf.Scanner.Sboms;

/// <summary>A document of JSON: CycloneDX 1.2 to 1.6 (https://cyclonedx.org/docs/1.6/json/), SPDX 2.2 and 2.3 (https://spdx.github.io/spdx-spec/v2.3/), SPDX 3 (<see cref="Spdx3Json"/>), or any as the
/// predicate of an in-toto statement, which may be in its signed envelope (https://github.com/secure-systems-lab/dsse) and that in a bundle of sigstore; signatures are not looked at. GitHub's
/// dependency graph puts SPDX into an object of its own.</summary>
internal static class SbomJson
{
    private const int MostDepth = 64;
    private const int LongestString = 4096;

    public static void Read(ReadOnlySpan<byte> json, SbomInventory inventory)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostDepth });
        reader.Read();
        if (!ReadDocument(ref reader, inventory, out var payload) && (payload is null || !ReadDocument(payload, inventory)))
            throw new InvalidDataException(SbomReader.Unknown);
        while (reader.Read())
            continue; // text after the end throws
    }

    /// <summary>The value that the reader is at as a string; null when it is none or over 4,096 bytes.</summary>
    public static string? Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= LongestString)
            return reader.GetString();
        reader.Skip();
        return null;
    }

    /// <summary>Moves to the next value of the object that the reader is in; false at its end.</summary>
    public static bool NextProperty(ref Utf8JsonReader reader, out string name)
    {
        reader.Read();
        name = "";
        if (reader.TokenType != JsonTokenType.PropertyName)
            return false;
        name = reader.ValueSpan.Length <= LongestString ? reader.GetString()! : "";
        reader.Read();
        return true;
    }

    /// <summary>Moves to the next object of the array that the reader is in, past all else; false at its end.</summary>
    public static bool NextObject(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
                return true;
            reader.Skip();
        }
        return false;
    }

    /// <summary>Moves past the next object of the array that the reader is in and gives two of its strings; false at its end.</summary>
    public static bool NextPair(ref Utf8JsonReader reader, string keyName, string valueName, out string? key, out string? value)
    {
        (key, value) = (null, null);
        if (!NextObject(ref reader))
            return false;
        while (NextProperty(ref reader, out var name))
        {
            var text = Text(ref reader);
            if (name == keyName)
                key = text;
            else if (name == valueName)
                value = text;
        }
        return true;
    }

    private static bool ReadDocument(ReadOnlySpan<byte> json, SbomInventory inventory)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MostDepth });
        return reader.Read() && reader.TokenType == JsonTokenType.StartObject && ReadDocument(ref reader, inventory, out _);
    }

    /// <param name="payload">What an envelope holds.</param>
    private static bool ReadDocument(ref Utf8JsonReader reader, SbomInventory inventory, out byte[]? payload)
    {
        var known = false;
        payload = null;
        while (NextProperty(ref reader, out var name))
        {
            switch (name, reader.TokenType)
            {
                case ("bomFormat", JsonTokenType.String):
                    known |= reader.ValueTextEquals("CycloneDX"u8);
                    break;
                case ("spdxVersion", JsonTokenType.String):
                    known |= reader.ValueSpan.StartsWith("SPDX-2."u8);
                    break;
                case ("metadata", JsonTokenType.StartObject):
                    CycloneDxJson.ReadMetadata(ref reader, inventory);
                    break;
                case ("components", JsonTokenType.StartArray):
                    CycloneDxJson.ReadComponents(ref reader, inventory);
                    break;
                case ("packages", JsonTokenType.StartArray):
                    SpdxJson.ReadPackages(ref reader, inventory);
                    break;
                case ("@context", JsonTokenType.String):
                    known |= reader.ValueSpan.IndexOf("spdx.org/rdf/3."u8) >= 0;
                    break;
                case ("@graph", JsonTokenType.StartArray):
                    Spdx3Json.ReadElements(ref reader, inventory);
                    break;
                case ("predicate" or "sbom", JsonTokenType.StartObject):
                    known |= ReadDocument(ref reader, inventory, out _);
                    break;
                case ("dsseEnvelope", JsonTokenType.StartObject):
                    ReadDocument(ref reader, inventory, out payload);
                    break;
                case ("payload", JsonTokenType.String):
                    reader.TryGetBytesFromBase64(out payload);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return known;
    }
}
