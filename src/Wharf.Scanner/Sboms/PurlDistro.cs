using System.Text.RegularExpressions;

namespace Wharf.Scanner.Sboms;

/// <summary>Distributions as package URLs and SBOMs name them: syft by ID and VERSION_ID of os-release, trivy, Docker Scout, cdxgen and people in words of their own.</summary>
internal static partial class PurlDistro
{
    // Names in the form that Fold gives them, and what os-release has
    private static readonly Dictionary<string, string> s_ids = new(StringComparer.Ordinal)
    {
        ["debian-gnu-linux"] = "debian",
        ["ubuntu-linux"] = "ubuntu",
        ["alpine-linux"] = "alpine",
        ["redhat"] = "rhel",
        ["red-hat"] = "rhel",
        ["redhatlinux"] = "rhel",
        ["redhatenterprise"] = "rhel",
        ["redhatenterpriselinux"] = "rhel",
        ["redhatenterpriseserver"] = "rhel",
        ["redhat-enterprise-linux"] = "rhel",
        ["red-hat-enterprise-linux"] = "rhel",
        ["red-hat-enterprise-linux-server"] = "rhel",
        ["centos-linux"] = "centos",
        ["centos-stream"] = "centos",
        ["amazon"] = "amzn",
        ["amazonlinux"] = "amzn",
        ["amazon-linux"] = "amzn",
        ["amazon-linux-ami"] = "amzn",
        ["amazon-linux-ami-release"] = "amzn",
        ["amazon-ami-release"] = "amzn",
        ["al"] = "amzn",
        ["oracle"] = "ol",
        ["oraclelinux"] = "ol",
        ["oracle-linux"] = "ol",
        ["oracle-linux-server"] = "ol",
        ["oracleserver"] = "ol",
        ["alma"] = "almalinux",
        ["alma-linux"] = "almalinux",
        ["rockylinux"] = "rocky",
        ["rocky-linux"] = "rocky",
        ["suse"] = "sles",
        ["sle"] = "sles",
        ["suse-linux"] = "sles",
        ["suse-linux-enterprise"] = "sles",
        ["suse-linux-enterprise-server"] = "sles",
        ["suse-linux-enterprise-micro"] = "sle-micro",
        ["slem"] = "sle-micro",
        ["suse-linux-micro"] = "sl-micro",
        ["sles-sap"] = "sles_sap",
        ["sle-hpc"] = "sle_hpc",
        ["leap"] = "opensuse-leap",
        ["tumbleweed"] = "opensuse-tumbleweed",
        ["photonos"] = "photon",
        ["photon-os"] = "photon",
        ["photon-linux"] = "photon",
        ["vmware-photon"] = "photon",
        ["vmware-photon-os"] = "photon",
        ["vmware-photon-linux"] = "photon",
        ["cbl-mariner"] = "mariner",
        ["cbl-mariner-linux"] = "mariner",
        ["common-base-linux-mariner"] = "mariner",
        ["azure"] = "azurelinux",
        ["azure-linux"] = "azurelinux",
        ["microsoft-azure-linux"] = "azurelinux",
    };

    private static readonly Dictionary<string, Distro> s_codenames = new(StringComparer.Ordinal)
    {
        ["wheezy"] = new("debian", "7"),
        ["jessie"] = new("debian", "8"),
        ["stretch"] = new("debian", "9"),
        ["buster"] = new("debian", "10"),
        ["bullseye"] = new("debian", "11"),
        ["bookworm"] = new("debian", "12"),
        ["trixie"] = new("debian", "13"),
        ["forky"] = new("debian", "14"),
        ["sid"] = new("debian", ""),
        ["unstable"] = new("debian", ""),
        ["trusty"] = new("ubuntu", "14.04"),
        ["xenial"] = new("ubuntu", "16.04"),
        ["bionic"] = new("ubuntu", "18.04"),
        ["focal"] = new("ubuntu", "20.04"),
        ["jammy"] = new("ubuntu", "22.04"),
        ["lunar"] = new("ubuntu", "23.04"),
        ["mantic"] = new("ubuntu", "23.10"),
        ["noble"] = new("ubuntu", "24.04"),
        ["oracular"] = new("ubuntu", "24.10"),
        ["plucky"] = new("ubuntu", "25.04"),
        ["questing"] = new("ubuntu", "25.10"),
        ["edge"] = new("alpine", ""),
    };

    // What has one release and no need to name it. Of all others a name alone says too little.
    private static readonly HashSet<string> s_rolling = new(StringComparer.Ordinal) { "wolfi", "chainguard", "opensuse-tumbleweed", "arch", "kali" };

    /// <summary>The namespace of a package URL: the vendor.</summary>
    public static string Namespace(Distro distro) => distro.Id == "rhel" ? "redhat" : distro.Id;

    public static string Write(Distro distro) => (distro.Id, distro.Version) switch
    {
        ("debian", "") => "debian-sid",
        ("alpine", "") => "alpine-edge",
        (var id, "") => id,
        var (id, version) => $"{id}-{version}",
    };

    /// <summary>The distribution that a package URL names; null when it names none, or no release of one that has several.</summary>
    /// <param name="vendor">The package URL's namespace.</param>
    public static Distro? Parse(Dictionary<string, string> qualifiers, string vendor)
    {
        if (qualifiers.TryGetValue("distro", out var distro) && Parse(distro, vendor) is { } said)
            return said;
        // As Docker Scout writes it, and cdxgen beside the first
        var (name, version) = (qualifiers.GetValueOrDefault("os_name"), qualifiers.GetValueOrDefault("os_version"));
        if (version is not null && Known(Of(name ?? vendor, version)) is { } scout)
            return scout;
        foreach (var codename in (ReadOnlySpan<string>)["os_distro", "distro_name"])
        {
            if (qualifiers.TryGetValue(codename, out var word) && Parse(word, vendor) is { } named)
                return named;
        }
        return Known(Of(vendor, ""));
    }

    /// <param name="text"><c>debian-12</c>, <c>opensuse-leap-15.5</c>, <c>sles-15-sp3</c>, <c>amazon-2 (Karoo)</c>, <c>bookworm</c>, <c>debian-bookworm</c>, <c>rhel:9</c>, or a version alone as trivy writes Alpine's.</param>
    private static Distro? Parse(string text, string vendor)
    {
        var folded = text.Trim().ToLowerInvariant();
        if (folded.Length == 0)
            return null;
        if (char.IsAsciiDigit(folded[0]))
            return vendor.Length == 0 ? null : Of(vendor, folded);
        if (folded.AsSpan().ContainsAnyInRange('0', '9'))
            return Of(folded, "");
        if (s_codenames.TryGetValue(folded, out var codename))
            return codename;
        var dash = folded.AsSpan().IndexOfAny('-', ':');
        return dash > 0 && s_codenames.TryGetValue(folded[(dash + 1)..].Split('/')[^1], out var known) && known.Id == Of(folded[..dash], "").Id ? known : Known(Of(folded, ""));
    }

    /// <param name="name">In any case and of any tool; a release may stand behind it.</param>
    /// <param name="version">Empty when there is none, or when the name has it.</param>
    public static Distro Of(string name, string version, string? title = null)
    {
        var lower = name.Trim().ToLowerInvariant();
        if (lower.AsSpan().IndexOfAnyInRange('0', '9') is > 0 and var digit)
        {
            version = version.Trim().Length == 0 ? lower[digit..] : version;
            lower = lower[..digit];
            lower = lower.EndsWith("-v", StringComparison.Ordinal) ? lower[..^1] : lower;
        }
        var folded = lower.Trim(' ', '-', '_', '.', ':').Replace(' ', '-').Replace('_', '-').Replace('.', '-').Replace('/', '-');
        var id = s_ids.GetValueOrDefault(folded, folded);
        return new Distro(id, Release(id, version.Trim().ToLowerInvariant()), title);
    }

    // The part of a version by which releases differ
    private static string Release(string id, string version)
    {
        if (Number().Match(version) is not { Success: true } number)
            return s_codenames.TryGetValue(version.Split('/')[^1], out var known) && known.Id == id ? known.Version : id == "alpine" && version == "rolling" ? "" : version;
        return number.Groups["pack"].Value is { Length: > 0 } pack && id.StartsWith('s') ? pack == "0" ? number.Groups["major"].Value : $"{number.Groups["major"].Value}.{pack}"
            : id == "ubuntu" && number.Groups["release"].Value.Split('.') is [var year, var month, _, ..] ? $"{year}.{month}"
            : number.Groups["release"].Value;
    }

    private static Distro? Known(Distro distro) => distro.Version.Length > 0 || s_rolling.Contains(distro.Id) ? distro : null;

    // 15-sp3, 15.3, 2 (karoo), ami release 2018.03, 3.19_alpha20230901, v3.18
    [GeneratedRegex(@"(?<release>(?<major>[0-9]+)(\.[0-9]+|_[a-z]+[0-9]*)*)([-_. ]*sp ?(?<pack>[0-9]+))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Number();
}
