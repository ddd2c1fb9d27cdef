using System.Text.RegularExpressions;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Matching;

/// <summary>
/// Which of Red Hat's products an image has packages of, by CPE: a fix in a stream that the image has no repository of (EUS, another product) is none. Content
/// sets become CPEs by Red Hat's own table; an image that names none of a stream of RHEL has the ordinary repositories of its release.
/// </summary>
internal sealed partial class RedHatProducts
{
    /// <summary>The space of the table of content sets: each a name with a CPE in its row.</summary>
    public const string ContentSets = "redhat-content-set";

    private readonly List<string[]> _cpes = [];
    private readonly bool _hasStream;

    public RedHatProducts(Inventory inventory, FeedSet feeds)
    {
        foreach (var repository in inventory.Repositories)
        {
            if (repository.StartsWith("cpe:/", StringComparison.Ordinal))
            {
                _cpes.Add(Parts(repository));
                continue;
            }
            var listed = feeds.Find(ContentSets, repository).Select(static s => Parts(s.Affected.Cpe ?? "")).ToList();
            _cpes.AddRange(listed);
            if (listed.Count == 0 && CpeOf(repository, inventory.Distro?.Version ?? "") is { } cpe)
                _cpes.Add(Parts(cpe));
        }
        _hasStream = _cpes.Exists(static mine => IsOfRhel(Part(mine, 3)));
    }

    /// <summary>Whether a CPE's product is RHEL or a support stream of it, and not one that is installed beside it.</summary>
    public static bool IsOfRhel(string? product) => product is "enterprise_linux" or "enterprise_linux_eus" or "rhel_eus" or "rhel_aus" or "rhel_tus" or "rhel_e4s" or "rhel_els"
        or "rhel_eus_long_life" or "rhel_mission_critical" or "rhel_extras";

    /// <param name="major">The release of RHEL that the image is of.</param>
    public bool Has(string cpe, string major)
    {
        // cpe:/o:redhat:enterprise_linux:9::baseos
        var parts = Parts(cpe);
        return !_hasStream && IsMain(parts, major) || _cpes.Exists(mine => Part(mine, 3) == Part(parts, 3) && IsOf(Part(mine, 4), Part(parts, 4)) && IsOfPart(mine, parts));
    }

    /// <summary>
    /// Whether it is RHEL's ordinary stream where the image has another: what is vulnerable there is so here too unless the image's own stream says otherwise,
    /// and its fixes are not to be had.
    /// </summary>
    public bool HasInstead(string cpe, string major) => _hasStream && IsMain(Parts(cpe), major);

    // Of a content set that the table does not have, or when there is no table: rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_4
    private static string? CpeOf(string contentSet, string release)
    {
        if (ContentSet().Match(contentSet) is not { Success: true } set)
            return null;
        var (major, stream, minor) = (set.Groups["major"].Value, set.Groups["stream"].Value, set.Groups["minor"].Value.Replace("_DOT_", ".", StringComparison.Ordinal));
        if (stream.Length == 0)
            return $"cpe:/o:redhat:enterprise_linux:{major}";
        var of = minor.Length > 0 ? minor : release;
        return of.StartsWith(major + ".", StringComparison.Ordinal) ? $"cpe:/o:redhat:rhel_{stream}:{of}" : null;
    }

    [GeneratedRegex("^rhel-(?<major>[0-9]+)-for-[a-z0-9_]+-[a-z-]+?(-(?<stream>eus|aus|tus|e4s))?-rpms(__(?<minor>[0-9]+_DOT_[0-9]+))?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ContentSet();

    private static bool IsMain(string[] parts, string major) => Part(parts, 3) == "enterprise_linux" && Part(parts, 4).Split('.')[0] == major;

    // Who has one repository of a release of RHEL has all, and labels name only one (appstream); of other products the part is the RHEL below them (el9).
    private static bool IsOfPart(string[] mine, string[] parts) =>
        IsOfRhel(Part(parts, 3)) || Part(parts, 6).Length == 0 || Part(mine, 6).Length == 0 || Part(mine, 6) == Part(parts, 6);

    // What is not fixed is said of openshift:4, and an image is of openshift:4.16.
    private static bool IsOf(string version, string named) => version == named || named.Length > 0 && version.StartsWith(named, StringComparison.Ordinal) && version[named.Length] == '.';

    private static string[] Parts(string cpe) => cpe.Split(':');

    private static string Part(string[] parts, int n) => n < parts.Length ? parts[n] : "";
}
