using Wharf.Scanner.Feeds.Publishers;
using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Feeds;

/// <summary>A name from OSV's list of ecosystems (https://ossf.github.io/osv-schema/#defined-ecosystems) as one of ours.</summary>
internal sealed record OsvEcosystem(string Key, PackageType Type, string? Cpe = null)
{
    public IComparer<string> Order { get; } = VersionOrder.Of(Type);

    /// <summary>Names are of sources where Wharf's ecosystem has names of binaries too.</summary>
    public bool NamesSources => Key.StartsWith("azurelinux:", StringComparison.Ordinal);

    /// <summary>Null for what Wharf has no packages of.</summary>
    public static OsvEcosystem? Parse(string name)
    {
        var (head, rest) = name.Split(':', 2) is [var h, var r] ? (h, r) : (name, "");
        return (head, rest) switch
        {
            ("npm", _) => new(Ecosystem.Npm, PackageType.Npm),
            ("PyPI", _) => new(Ecosystem.PyPI, PackageType.PyPI),
            ("Maven", _) => new(Ecosystem.Maven, PackageType.Maven),
            ("RubyGems", _) => new(Ecosystem.Gem, PackageType.Gem),
            ("NuGet", _) => new(Ecosystem.NuGet, PackageType.NuGet),
            ("crates.io", _) => new(Ecosystem.Cargo, PackageType.Cargo),
            ("Packagist", _) => new(Ecosystem.Composer, PackageType.Composer),
            ("Go", _) => new(Ecosystem.Go, PackageType.Go),
            ("Bitnami", _) => new(Ecosystem.Bitnami, PackageType.Bitnami),
            ("Debian", not "") => new(Ecosystem.Debian(rest), PackageType.Deb),
            ("Ubuntu", not "") => Ubuntu(rest.Split(':')),
            ("Alpine", not "") => new(Ecosystem.Alpine(rest.TrimStart('v')), PackageType.Apk),
            ("Wolfi", _) => new(Ecosystem.Wolfi, PackageType.Apk),
            ("Chainguard", _) => new(Ecosystem.Chainguard, PackageType.Apk),
            ("AlmaLinux", not "") => new(Ecosystem.AlmaLinux(Major(rest)), PackageType.Rpm),
            ("Rocky Linux", not "") => new(Ecosystem.Rocky(Major(rest)), PackageType.Rpm),
            ("Oracle Linux", not "") => new(Ecosystem.Oracle(Major(rest)), PackageType.Rpm),
            ("Photon OS", not "") => new(Ecosystem.Photon(rest), PackageType.Rpm),
            ("Azure Linux", not "") => new(Ecosystem.AzureLinux(rest.Contains('.') ? rest : rest + ".0"), PackageType.Rpm),
            ("Red Hat", not "") => RedHat(rest),
            ("SUSE" or "openSUSE", not "") => Suse(rest.StartsWith("openSUSE ", StringComparison.Ordinal) ? rest : $"{head} {rest}"),
            _ => null,
        };
    }

    // "22.04:LTS", "23.10", "Pro:18.04:LTS"; FIPS and real-time builds are of streams that no image of ours tells.
    private static OsvEcosystem? Ubuntu(string[] parts) => parts switch
    {
        ["Pro", var release, .. var more] when char.IsAsciiDigit(release.FirstOrDefault()) && more is [] or ["LTS"] => new(Ecosystem.Ubuntu(release, pro: true), PackageType.Deb),
        [var release, ..] when char.IsAsciiDigit(release.FirstOrDefault()) => new(Ecosystem.Ubuntu(release), PackageType.Deb),
        _ => null,
    };

    // "enterprise_linux:9::appstream", "rhel_eus:9.2::baseos"
    private static OsvEcosystem? RedHat(string rest)
    {
        var major = Major(rest.Split(':') is [_, var version, ..] ? version : "");
        return major.Length == 0 ? null : new(Ecosystem.RedHat(major), PackageType.Rpm, $"cpe:/{(rest.Contains("::baseos", StringComparison.Ordinal) ? 'o' : 'a')}:redhat:{rest}");
    }

    private static OsvEcosystem? Suse(string product) => SusePlatform.Ecosystem(product) is { } key ? new(key, PackageType.Rpm) : null;

    private static string Major(string version) => version.Split('.', 2)[0];
}
