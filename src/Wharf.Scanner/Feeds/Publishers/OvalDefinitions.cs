using System.Globalization;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// The definitions of an OVAL document (https://oval.mitre.org/language/version5.11/), one at a time.
/// What a criterion tests is read from its comment (<c>curl is earlier than 0:7.76.1-23.el9</c>), which each of these publishers' generators writes from the
/// test itself: the tests, objects and states stand after all definitions, so that following the references would mean to hold the document, 300 MB of
/// SUSE's, in memory. They are passed over, but read, so that a document that was cut off is known.
/// </summary>
internal static class OvalDefinitions
{
    private const int MaxDepth = 32;
    private const int MaxCriteria = 100_000; // of one definition; SUSE's kernel has some thousand
    private const int MaxListed = 10_000;

    /// <exception cref="InvalidDataException">It is not well-formed, or larger than any real one in some direction.</exception>
    public static IEnumerable<OvalDefinition> Read(Stream stream, string path)
    {
        using var xml = new XmlFeed(stream, path);
        while (xml.Next())
        {
            if (xml is { Depth: 0, IsElement: true, Name: not "oval_definitions" })
                throw new InvalidDataException($"{path}: not an OVAL document.");
            if (xml is { IsElement: true, Depth: 2, Name: "definition" })
                yield return Definition(xml);
        }
    }

    private static OvalDefinition Definition(XmlFeed xml)
    {
        var definition = new OvalDefinition { Id = xml.Attribute("id") ?? "", Class = xml.Attribute("class") ?? "" };
        if (xml.IsEmpty)
            return definition;

        var depth = xml.Depth;
        var open = new Stack<OvalCriteria>([definition.Criteria]);
        var count = 0;
        while (xml.NextIn(depth))
        {
            if (xml is { IsEnd: true, Name: "criteria" })
                open.Pop();
            else if (xml is { IsElement: true, Name: "criteria" or "criterion" })
                Criteria(xml, open, ref count);
            else if (xml.IsElement)
                Metadata(xml, definition);
        }
        return definition;
    }

    private static void Criteria(XmlFeed xml, Stack<OvalCriteria> open, ref int count)
    {
        if (++count > MaxCriteria || open.Count > MaxDepth)
            throw new InvalidDataException($"{xml.Path}: a definition with more than {MaxCriteria} criteria or deeper than {MaxDepth}.");
        if (xml.Name == "criterion")
        {
            if (xml.Attribute("comment") is { Length: <= 512 } comment && xml.Attribute("negate") is not "true")
                open.Peek().Comments.Add(comment);
            return;
        }
        var group = new OvalCriteria(xml.Attribute("operator") is not "OR");
        if (xml.Attribute("negate") is not "true")
            open.Peek().Groups.Add(group);
        if (!xml.IsEmpty)
            open.Push(group);
    }

    private static void Metadata(XmlFeed xml, OvalDefinition definition)
    {
        switch (xml.Name)
        {
            case "title":
                definition.Title = xml.Text() ?? "";
                break;
            case "description":
                definition.Description = xml.Text();
                break;
            case "severity":
                definition.Severity = xml.Text();
                break;
            case "patchable":
                definition.Patchable = xml.Text();
                break;
            case "issued":
                definition.Issued = Date(xml.Attribute("date"));
                break;
            case "advisory_date":
                definition.Issued = Date(xml.Text());
                break;
            case "reference" when definition.References.Count < MaxListed:
                var url = xml.Attribute("ref_url");
                definition.References.Add((xml.Attribute("source") ?? "", xml.Attribute("ref_id") ?? "",
                    url?.StartsWith("http", StringComparison.Ordinal) == true ? url : null));
                break;
            case "cve" when definition.Cves.Count < MaxListed:
                AddCve(xml, definition);
                break;
        }
    }

    // <cve impact="moderate" cvss3="8.1/CVSS:3.0/AV:N/..." href="...">CVE-2022-24903</cve>; SUSE has one more of the NVD
    private static void AddCve(XmlFeed xml, OvalDefinition definition)
    {
        var vector = xml.Attribute("cvss3");
        vector = vector?[(vector.IndexOf('/', StringComparison.Ordinal) + 1)..];
        if (Cve.In(xml.Text() ?? "").FirstOrDefault() is not { } cve)
            return;
        if (definition.Cves.GetValueOrDefault(cve) is null)
            definition.Cves[cve] = Words.IsWord(vector) ? vector : null;
    }

    private static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;
}
