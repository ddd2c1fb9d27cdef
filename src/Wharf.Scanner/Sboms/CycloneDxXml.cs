using System.Runtime.InteropServices;
using System.Xml;

namespace Wharf.Scanner.Sboms;

/// <summary>CycloneDX in XML (https://cyclonedx.org/docs/1.6/xml/).</summary>
internal static class CycloneDxXml
{
    private const int MostDepth = 64;
    private const int LongestText = 4096;

    public static void Read(ReadOnlyMemory<byte> xml, SbomInventory inventory)
    {
        MemoryMarshal.TryGetArray(xml, out var bytes);
        using var reader = XmlReader.Create(new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false), new XmlReaderSettings
        {
            // Entities could grow without end, and name files
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            NameTable = new BoundedNames(),
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            IgnoreWhitespace = true,
        });
        if (reader.MoveToContent() != XmlNodeType.Element || reader.LocalName != "bom")
            throw new InvalidDataException(SbomReader.Unknown);

        // Components that are open, the innermost on top
        var open = new Stack<SbomEntry>();
        var buffer = new char[LongestText + 1];
        reader.Read();
        while (!reader.EOF)
        {
            if (reader.Depth > MostDepth)
                throw new InvalidDataException($"The SBOM is nested deeper than {MostDepth}.");
            if (reader.NodeType == XmlNodeType.EndElement && reader.LocalName == "component")
                inventory.Add(open.Pop());
            if (reader.NodeType != XmlNodeType.Element)
            {
                reader.Read();
                continue;
            }

            switch (reader.LocalName)
            {
                case "metadata" or "components" or "properties" or "evidence" or "occurrences" or "occurrence":
                    reader.Read();
                    break;
                case "component":
                    open.Push(new SbomEntry { Type = reader.GetAttribute("type") });
                    if (reader.IsEmptyElement)
                        inventory.Add(open.Pop());
                    reader.Read();
                    break;
                case "property" when open.Count > 0:
                    var property = reader.GetAttribute("name");
                    open.Peek().AddProperty(property, Text(reader, buffer));
                    break;
                case "location" when open.Count > 0:
                    open.Peek().AddLocation(Text(reader, buffer));
                    break;
                case "name" when open.Count > 0:
                    open.Peek().Name = Text(reader, buffer);
                    break;
                case "version" when open.Count > 0:
                    open.Peek().Version = Text(reader, buffer);
                    break;
                case "description" when open.Count > 0:
                    open.Peek().Description = Text(reader, buffer);
                    break;
                case "purl" when open.Count > 0:
                    open.Peek().Purl = Text(reader, buffer);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    // Moves past the element; what is too long or has elements in it is null
    private static string? Text(XmlReader reader, char[] buffer)
    {
        if (reader.IsEmptyElement)
        {
            reader.Read();
            return null;
        }
        var length = 0;
        reader.Read();
        while (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace)
        {
            int n;
            while ((n = reader.ReadValueChunk(buffer, length, buffer.Length - length)) > 0)
                length += n;
            reader.Read();
        }
        var whole = reader.NodeType == XmlNodeType.EndElement && length <= LongestText;
        while (reader.NodeType != XmlNodeType.EndElement && !reader.EOF)
            reader.Skip();
        reader.Read();
        return whole ? new string(buffer, 0, length) : null;
    }
}
