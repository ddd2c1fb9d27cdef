namespace Wharf.Scanner.Sboms;

/// <summary>The source package that a package was built from, as documents write it: <c>name</c>, <c>name@version</c> or <c>name-version-release.src.rpm</c>.</summary>
internal readonly record struct PurlSource
{
    private readonly string? _name;
    private readonly string? _version;

    public PurlSource(string? name, string? version)
    {
        _name = string.IsNullOrEmpty(name) ? null : name;
        _version = string.IsNullOrEmpty(version) ? null : version;
    }

    public PurlSource(string? text)
    {
        if (text is null)
            return;
        if (text.EndsWith(".rpm", StringComparison.Ordinal))
        {
            var whole = text[..^4];
            var parts = whole[..Math.Max(whole.LastIndexOf('.'), 0)].Split('-');
            if (parts.Length < 3)
                return;
            _name = string.Join('-', parts[..^2]);
            _version = $"{parts[^2]}-{parts[^1]}";
            return;
        }
        var at = text.IndexOf('@');
        _name = at < 0 ? text : text[..at];
        _version = at < 0 ? null : text[(at + 1)..];
    }

    /// <summary>The package with this source, where it is another name or version than the package's own.</summary>
    public Package ApplyTo(Package package)
    {
        // Sources of rpm have no epoch
        var own = package.Type == PackageType.Rpm ? package.Version[(package.Version.IndexOf(':') + 1)..] : package.Version;
        return package with
        {
            Source = _name == package.Name ? null : _name,
            SourceVersion = _version == own ? null : _version,
        };
    }
}
