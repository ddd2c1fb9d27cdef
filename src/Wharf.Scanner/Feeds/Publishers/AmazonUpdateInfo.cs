using System.Globalization;
using System.Text.RegularExpressions;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Amazon Linux's updateinfo.xml, plain or gzipped, as it lies in each of its package repositories: an update with the packages that it brings
/// (the form of https://github.com/rpm-software-management/createrepo_c; the updates are described at https://alas.aws.amazon.com). The release is in the path,
/// <c>amazon/2023/updateinfo.xml.gz</c>, or else in each build, <c>8.amzn2.0.4</c>. Amazon Linux 2 has more repositories with other versions of what is in the first (extras: PHP 8.0 beside 5.4), of which
/// neither fixes the other; an update's name tells its repository, <c>ALAS2PHP8.0-2023-005</c>.
/// </summary>
public static partial class AmazonUpdateInfo
{
    private const int MaxPackages = 100_000; // of one update

    /// <exception cref="InvalidDataException">It is not such XML, or the packing is broken.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        var release = ReleaseOf(path);
        using var xml = new XmlFeed(stream, path);
        while (xml.Next())
        {
            if (xml is { Depth: 0, IsElement: true, Name: not "updates" })
                throw new InvalidDataException($"{path}: not an updateinfo document.");
            if (xml is not { IsElement: true, Depth: 1, Name: "update" })
                continue;
            if (Update(xml, release) is { Affected.Count: > 0 } advisory && Words.IsWord(advisory.Id))
                yield return advisory;
            else
                problem?.Invoke($"{path}: an update without a name or packages");
        }
    }

    private static Advisory Update(XmlFeed xml, string? release)
    {
        var advisory = new Advisory { Id = "", Affected = [] };
        if (xml.IsEmpty)
            return advisory;

        var rows = new RpmRows();
        var cves = new List<string>();
        var (depth, packages) = (xml.Depth, 0);
        while (xml.NextIn(depth))
        {
            if (!xml.IsElement)
                continue;
            switch (xml.Name)
            {
                case "id" when xml.Depth == depth + 1:
                    advisory = advisory with { Id = xml.Text() ?? "" };
                    break;
                case "title" when xml.Depth == depth + 1:
                    advisory = advisory with { Summary = advisory.Summary ?? Words.Summary(xml.Text()) };
                    break;
                case "description" when xml.Depth == depth + 1:
                    advisory = advisory with { Summary = Words.Summary(xml.Text()) ?? advisory.Summary };
                    break;
                case "severity":
                    advisory = advisory with { Severity = RedHatSeverity.Parse(xml.Text()) };
                    break;
                case "issued":
                    advisory = advisory with { Published = Date(xml.Attribute("date")) };
                    break;
                case "reference" when xml.Attribute("type") == "cve":
                    cves.AddRange(Cve.In(xml.Attribute("id") ?? ""));
                    break;
                case "package":
                    if (++packages > MaxPackages)
                        throw new InvalidDataException($"{xml.Path}: an update of more than {MaxPackages} packages.");
                    Package(xml, release, TopicVersion().Match(advisory.Id).Value, rows);
                    break;
            }
        }
        return advisory with { Fixes = [.. cves.Distinct()], Affected = rows.Build(), Links = Links(advisory.Id) };
    }

    // <package arch="x86_64" name="openssl" version="1.0.2k" release="8.amzn2.0.4" epoch="1" src="..."><filename>...</filename></package>
    private static void Package(XmlFeed xml, string? of, string topic, RpmRows rows)
    {
        var (name, version, release, epoch, arch) = (xml.Attribute("name"), xml.Attribute("version"), xml.Attribute("release"), xml.Attribute("epoch"), xml.Attribute("arch"));
        if (!Words.IsWord(name) || !Words.IsWord(version) || !Words.IsWord(release) || arch is "src" or "nosrc")
            return;
        var before = epoch is null or "" or "0" ? "" : epoch + ":";
        var first = $"{before}{version}-{release}";
        var isOfTopic = topic.Length > 0 && version!.StartsWith(topic, StringComparison.Ordinal) && (version.Length == topic.Length || !char.IsAsciiDigit(version[topic.Length]));
        if (Words.IsWord(first) && (of ?? BuildRelease().Match(release!).Value) is { Length: > 0 } distro)
            rows.Add(Ecosystem.Amazon(distro), name!, null, Words.IsWord(arch) && arch != "noarch" ? arch : null, new VersionRange(isOfTopic ? before + topic : null, first));
    }

    // 2, 2023; 2018.03 of the first, which has no number; al2, amzn2
    private static string? ReleaseOf(string path)
    {
        foreach (var part in path.Split('/')[..^1])
        {
            if (Release().Match(part) is { Success: true } release)
                return release.Value;
        }
        return null;
    }

    // ALAS2-2018-949 stands under AL2/ALAS-2018-949.html, ALAS2023-2023-126 under AL2023/ALAS-2023-126.html, ALAS-2018-1106 beside them.
    private static string[] Links(string id) => Named().Match(id) is not { Success: true } named ? []
        : named.Groups["release"].Value is { Length: > 0 } release ? [$"https://alas.aws.amazon.com/AL{release}/ALAS-{named.Groups["number"].Value}.html"]
        : [$"https://alas.aws.amazon.com/{id}.html"];

    // "2018-01-18 19:03"
    private static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;

    [GeneratedRegex("[0-9]+", RegexOptions.None, 1000)]
    private static partial Regex Release();

    [GeneratedRegex(@"(?<=(^|\.)amzn)[0-9]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BuildRelease();

    [GeneratedRegex("^ALAS(?<release>[0-9]*)-(?<number>20[0-9]{2}-[0-9]+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();

    // 8.0 of ALAS2PHP8.0-2023-005, 5.10 of ALASKERNEL-5.10-2022-001; nothing of ALAS2-2018-949, ALAS2023-2023-126 and ALAS2DOCKER-2021-001
    [GeneratedRegex("(?<=^ALAS2?[A-Z-]*[A-Z]-?)[0-9][0-9.]*(?=-20[0-9]{2}-[0-9]+$)", RegexOptions.None, 1000)]
    private static partial Regex TopicVersion();
}
