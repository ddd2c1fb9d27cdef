using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Wharf.Storage.Azure;

/// <summary>Azure's answers in XML, of bounded size.</summary>
internal static class AzureXml
{
    // A page of 1,000 blobs has about 1 MiB; 50,000 blocks have about 5.
    private const int MaxCharacters = 32 << 20;

    /// <exception cref="StorageException">It is no XML, or too much.</exception>
    public static async Task<XDocument> ReadAsync(HttpContent content, string what, CancellationToken ct)
    {
        await using var body = await content.ReadAsStreamAsync(ct);
        using var reader = XmlReader.Create(body, new XmlReaderSettings { Async = true, DtdProcessing = DtdProcessing.Prohibit, MaxCharactersInDocument = MaxCharacters });
        try
        {
            return await XDocument.LoadAsync(reader, LoadOptions.None, ct);
        }
        catch (XmlException e)
        {
            throw new StorageException($"{what}: Azure's answer is no XML: {e.Message}", e);
        }
    }

    /// <summary>The text of a child, or nothing.</summary>
    public static string Text(XElement? element, string child) => element?.Element(child)?.Value ?? "";

    /// <summary>The number in a child, or 0.</summary>
    public static long Number(XElement? element, string child) => long.TryParse(Text(element, child), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
