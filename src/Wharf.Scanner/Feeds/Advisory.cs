namespace Wharf.Scanner.Feeds;

/// <summary>What one publisher says of one vulnerability, or of several that one update fixes.</summary>
public sealed record Advisory
{
    /// <summary>Characters of <see cref="Summary"/>.</summary>
    public const int MaxSummary = 300;

    /// <summary>How many <see cref="Links"/> are kept.</summary>
    public const int MaxLinks = 5;

    /// <summary>The publisher's own: CVE-2021-44228, GHSA-jfh8-c2jp-5v3q, DSA-5380-1, ALSA-2025:10073.</summary>
    public required string Id { get; init; }

    /// <summary>Other names of the same vulnerability.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// The vulnerabilities (CVEs) that an update fixes, when the advisory is of an update and not of one vulnerability: each becomes a finding of its own
    /// with this advisory as an alias.
    /// </summary>
    public IReadOnlyList<string> Fixes { get; init; } = [];

    public Severity Severity { get; init; }

    /// <summary>CVSS vectors, the newest version first.</summary>
    public IReadOnlyList<string> Cvss { get; init; } = [];

    /// <summary>One line, at most <see cref="MaxSummary"/> characters.</summary>
    public string? Summary { get; init; }

    /// <summary>Where a person reads more, the publisher's own page first.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];

    public DateTimeOffset? Published { get; init; }

    public required IReadOnlyList<Affected> Affected { get; init; }
}
