using System.Text;

namespace Wharf.Scanner.Feeds;

/// <summary>The spaces in which feeds name packages, one word for each: a kind of package, or a distribution and its release.</summary>
public static class Ecosystem
{
    public const string Npm = "npm";
    public const string PyPI = "pypi";
    public const string Maven = "maven";
    public const string Gem = "gem";
    public const string NuGet = "nuget";
    public const string Cargo = "cargo";
    public const string Composer = "composer";
    public const string Go = "go";
    public const string Bitnami = "bitnami";

    /// <summary>Not of packages: what is known of CVEs besides, each by its name.</summary>
    public const string Cve = "cve";

    /// <summary>Names are of source packages. <paramref name="release"/>: the number (12), <c>sid</c> for what has none.</summary>
    public static string Debian(string release) => "debian:" + release;

    /// <summary>Names are of source packages. <paramref name="release"/>: 22.04. <paramref name="pro"/>: what only subscribers of Ubuntu Pro get.</summary>
    public static string Ubuntu(string release, bool pro = false) => (pro ? "ubuntu-pro:" : "ubuntu:") + release;

    /// <summary>Names are of origins (source packages). <paramref name="branch"/>: 3.18, or <c>edge</c>.</summary>
    public static string Alpine(string branch) => "alpine:" + branch;

    /// <summary>Names are of origins and of packages, in one rolling release.</summary>
    public const string Wolfi = "wolfi";
    public const string Chainguard = "chainguard";

    /// <summary>Names are of binary packages, here and in all that follow. What holds for a repository only has its CPE in the row.</summary>
    public static string RedHat(string major) => "redhat:" + major;

    public static string AlmaLinux(string major) => "almalinux:" + major;

    public static string Rocky(string major) => "rocky:" + major;

    public static string Oracle(string major) => "oracle:" + major;

    /// <summary><paramref name="release"/>: 1, 2, 2023. The first has no number of its own: 2011 to 2018 are it.</summary>
    public static string Amazon(string release) => "amazon:" + (release is ['2', '0', '1', _] ? "1" : release);

    /// <summary><paramref name="product"/>: <c>sles</c>, <c>opensuse-leap</c>, ... as ID of os-release; <paramref name="release"/>: 15.5.</summary>
    public static string Suse(string product, string release) => $"{product}:{release}";

    public static string Photon(string release) => "photon:" + release;

    /// <summary>CBL-Mariner 1.0 and 2.0, Azure Linux 3.0.</summary>
    public static string AzureLinux(string release) => "azurelinux:" + release;

    /// <summary>The name as the ecosystem compares it: PEP 503; without case NuGet, Composer, npm, and Go, whose package URLs are in lower case; all others as they are.</summary>
    public static string Fold(string ecosystem, string name) => ecosystem switch
    {
        PyPI => Pep503(name),
        NuGet or Composer or Npm or Go => name.ToLowerInvariant(),
        _ => name,
    };

    // https://peps.python.org/pep-0503/#normalized-names
    private static string Pep503(string name)
    {
        var folded = new StringBuilder(name.Length);
        foreach (var c in name)
        {
            if (c is not ('-' or '_' or '.'))
                folded.Append(char.ToLowerInvariant(c));
            else if (folded.Length == 0 || folded[^1] != '-')
                folded.Append('-');
        }
        return folded.ToString();
    }
}
