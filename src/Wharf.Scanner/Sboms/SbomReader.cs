using System.Text;
using System.Text.Json;
using System.Xml;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Sboms;

/// <summary>Reads CycloneDX (JSON and XML), SPDX 2 (JSON and tag-value) and SPDX 3 (JSON).</summary>
public static class SbomReader
{
    internal const string Unknown = "This is no SBOM that can be read: CycloneDX in JSON or XML, SPDX 2 in JSON or as tags with values, SPDX 3 in JSON.";

    private const int MostBytes = 64 << 20;
    // A character of XML costs more memory
    private const int MostXmlBytes = 32 << 20;

    /// <summary>The packages that the document names by package URL. The format is told by the content.</summary>
    /// <exception cref="InvalidDataException">The content is no such document, broken, over 64 MiB (XML: 32 MiB), over 200,000 components, or nested deeper than 64.</exception>
    public static Inventory Read(Stream stream)
    {
        var content = ReadAll(stream);
        var text = content.Span;
        if (text.StartsWith(Encoding.UTF8.Preamble))
            text = text[3..];
        text = text.TrimStart(" \t\r\n"u8);
        var inventory = new SbomInventory();
        try
        {
            if (text is [(byte)'{', ..])
                SbomJson.Read(text, inventory);
            else if (text is [(byte)'<', ..] && content.Length <= MostXmlBytes)
                CycloneDxXml.Read(content, inventory);
            else if (SpdxTagValue.Is(text))
                SpdxTagValue.Read(text, inventory);
            else
                throw new InvalidDataException(Unknown);
        }
        // Strings that are no UTF-16, in the second case
        catch (Exception e) when (e is JsonException or InvalidOperationException or XmlException)
        {
            throw new InvalidDataException($"The SBOM is broken: {e.Message}", e);
        }
        return inventory.ToInventory();
    }

    private static ReadOnlyMemory<byte> ReadAll(Stream stream)
    {
        var buffer = new byte[64 << 10];
        var length = 0;
        while (true)
        {
            var n = stream.ReadAtLeast(buffer.AsSpan(length), buffer.Length - length, throwOnEndOfStream: false);
            length += n;
            if (length < buffer.Length)
                return buffer.AsMemory(0, length);
            if (length > MostBytes)
                throw new InvalidDataException($"An SBOM of more than {MostBytes >> 20} MiB is not read.");
            Array.Resize(ref buffer, Math.Min(buffer.Length * 2, MostBytes + 1));
        }
    }
}
