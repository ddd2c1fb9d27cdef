namespace Wharf.Scanner.Feeds;

/// <summary>What an advisory says of one package of one ecosystem.</summary>
public sealed record Affected
{
    /// <summary>
    /// The space in which the name counts, always made by <see cref="Ecosystem"/>: <c>npm</c>, <c>debian:12</c>, <c>alpine:3.18</c>, <c>redhat:8</c>.
    /// </summary>
    public required string Ecosystem { get; init; }

    /// <summary>As the ecosystem compares names (<see cref="Feeds.Ecosystem.Fold"/>). Of a source package or a binary one, as the ecosystem's feed does.</summary>
    public required string Name { get; init; }

    public Status Status { get; init; } = Status.Affected;

    /// <summary>A version is meant when any of these holds it or <see cref="Versions"/> lists it. Both empty: every version.</summary>
    public IReadOnlyList<VersionRange> Ranges { get; init; } = [];

    /// <summary>Versions listed one by one.</summary>
    public IReadOnlyList<string> Versions { get; init; } = [];

    /// <summary>Only packages of this architecture; null for all.</summary>
    public string? Arch { get; init; }

    /// <summary>Only packages of this module stream, <c>name:stream</c>; empty: only packages of no module; null: not said.</summary>
    public string? Module { get; init; }

    /// <summary>Only images with a repository of this CPE (Red Hat); null for all.</summary>
    public string? Cpe { get; init; }

    /// <summary>The name is of a source package in an ecosystem that names binaries: Red Hat names what it has not fixed by component.</summary>
    public bool OfSource { get; init; }

    /// <summary>The publisher's word for this package when it differs from the advisory's.</summary>
    public Severity? Severity { get; init; }

    /// <summary>Why the status is what it is, in the publisher's words: <c>Minor issue</c>, <c>vulnerable_code_not_present</c>.</summary>
    public string? Note { get; init; }
}
