namespace Wharf.Scanner;

/// <summary>An installed package as its ecosystem writes it.</summary>
public sealed record Package
{
    public required PackageType Type { get; init; }

    /// <summary>
    /// As the ecosystem spells it: the binary package of a distribution, <c>group:artifact</c> of Maven, <c>@scope/name</c> of npm, <c>vendor/name</c> of
    /// Composer, the module path of Go (<c>stdlib</c> for the standard library). Case is kept; only matching folds it.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>With the epoch in front when there is one (<c>1:2.3-4</c>), as dpkg and rpm write it. Go without the leading v.</summary>
    public required string Version { get; init; }

    /// <summary>The source package of a distribution's binary (dpkg Source, rpm SOURCERPM, apk origin); null when it is named as the binary is.</summary>
    public string? Source { get; init; }

    /// <summary>The source package's version; null when it is the binary's. Sources of rpm carry no epoch.</summary>
    public string? SourceVersion { get; init; }

    /// <summary>As the distribution writes it (amd64, x86_64, noarch); null when unknown or of no matter.</summary>
    public string? Arch { get; init; }

    /// <summary>The module stream of an rpm, <c>name:stream</c>; empty when its header says that it is of none, null when nothing says.</summary>
    public string? Module { get; init; }
}
