namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>A definition of an OVAL document: a vulnerability or an update.</summary>
internal sealed class OvalDefinition
{
    public required string Id { get; init; }

    /// <summary><c>vulnerability</c> or <c>patch</c>.</summary>
    public required string Class { get; init; }

    public string Title { get; set; } = "";

    public string? Description { get; set; }

    public string? Severity { get; set; }

    /// <summary>Microsoft's: <c>true</c>, <c>false</c> or <c>Not Applicable</c>.</summary>
    public string? Patchable { get; set; }

    public DateTimeOffset? Issued { get; set; }

    public List<(string Source, string Id, string? Url)> References { get; } = [];

    /// <summary>The CVEs that the publisher lists, each with its CVSS vector if that is given.</summary>
    public OrderedDictionary<string, string?> Cves { get; } = [];

    public OvalCriteria Criteria { get; } = new(all: true);

    /// <summary>What its CVEs have in common with one advisory: none names a vector when there are several.</summary>
    public IReadOnlyList<string> Cvss => Cves.Count == 1 && Cves.GetAt(0).Value is { } vector ? [vector] : [];

    public IReadOnlyList<string> Links => [.. References.Select(static r => r.Url).OfType<string>().Take(5)];
}
