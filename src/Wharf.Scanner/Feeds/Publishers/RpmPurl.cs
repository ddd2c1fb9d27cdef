namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// An rpm as Red Hat's feeds name it: <c>pkg:rpm/redhat/ruby@2.7.8-139.module%2Bel8.8.0?arch=aarch64&amp;epoch=1&amp;rpmmod=ruby:2.7:8080020230427102918:63b34585</c>
/// (https://github.com/package-url/purl-spec, rpm-definition).
/// </summary>
/// <param name="Version">With its epoch in front when that is not 0; null for all versions.</param>
/// <param name="Arch"><c>src</c> for a source package; null when not said.</param>
/// <param name="Module">name:stream; null when not said.</param>
internal sealed record RpmPurl(string Name, string? Version, string? Arch, string? Module)
{
    private const string Prefix = "pkg:rpm/redhat/";
    private const string ModulePrefix = "pkg:rpmmod/redhat/";

    /// <summary>Null when it is of another kind of package or not well formed.</summary>
    public static RpmPurl? Parse(string purl)
    {
        if (!purl.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var question = purl.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? purl[Prefix.Length..] : purl[Prefix.Length..question];
        var at = path.LastIndexOf('@');
        var name = Uri.UnescapeDataString(at < 0 ? path : path[..at]);
        var version = at < 0 ? null : Uri.UnescapeDataString(path[(at + 1)..]);
        if (!Words.IsWord(name) || (version is not null && !Words.IsWord(version)))
            return null;

        string? arch = null, epoch = null, module = null;
        foreach (var qualifier in question < 0 ? [] : purl[(question + 1)..].Split('&'))
        {
            var value = Uri.UnescapeDataString(qualifier[(qualifier.IndexOf('=', StringComparison.Ordinal) + 1)..]);
            if (!Words.IsWord(value))
                continue;
            if (qualifier.StartsWith("arch=", StringComparison.Ordinal))
                arch = value;
            else if (qualifier.StartsWith("epoch=", StringComparison.Ordinal) && value.All(char.IsAsciiDigit) && value != "0")
                epoch = value;
            else if (qualifier.StartsWith("rpmmod=", StringComparison.Ordinal))
                module = Stream(value);
        }
        return new RpmPurl(name, version is not null && epoch is not null ? $"{epoch}:{version}" : version, arch, module);
    }

    /// <summary>The name:stream of <c>pkg:rpmmod/redhat/python36@3.6:8040020241213073301:9bf6f064</c>; null for all else.</summary>
    public static string? ModuleOf(string purl) =>
        purl.StartsWith(ModulePrefix, StringComparison.Ordinal) ? Stream(Uri.UnescapeDataString(purl[ModulePrefix.Length..].Split('?', 2)[0]).Replace('@', ':')) : null;

    // Of name:stream:version:context the last two name one build.
    private static string? Stream(string module) =>
        module.Split(':', 3) is [{ Length: > 0 } name, { Length: > 0 } stream, ..] && Words.IsWord(module) ? $"{name}:{stream}" : null;
}
