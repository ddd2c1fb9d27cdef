using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Tests.Matching;

/// <summary>Records of OSV by the pseudo-code of https://ossf.github.io/osv-schema/#evaluation, nothing kept from one record to the next.</summary>
internal static partial class NaiveOsv
{
    /// <param name="ecosystem">As OSV spells it.</param>
    /// <param name="zips">Of tests/data/vulndata/osv.</param>
    public static IEnumerable<NaiveSubject> OfLanguage(string ecosystem, PackageType type, int most, params string[] zips)
    {
        var all = zips.SelectMany(Records).SelectMany(record => record.Affected.Where(a => a.Ecosystem == ecosystem).Select(a => (record, a)))
            .GroupBy(x => Wharf.Scanner.Feeds.Ecosystem.Fold(ecosystem.ToLowerInvariant(), x.a.Name), StringComparer.Ordinal).ToList();
        foreach (var group in Spread(all, most))
        {
            var order = type == PackageType.Composer ? ComposerReleases.Instance : VersionOrder.Of(type);
            var records = group.GroupBy(x => x.record.Id).Select(of => new NaiveRecord(of.Key, of.First().record.Names, v => of.Any(x => !x.record.Withdrawn && x.a.Holds(v, order)))).ToList();
            var boundaries = group.SelectMany(x => x.a.Boundaries).Where(static v => v != "0").Distinct().ToList();
            yield return new NaiveSubject(ecosystem, new Package { Type = type, Name = group.First().a.Name, Version = "" }, null, records, [.. Versions(boundaries), .. group.SelectMany(x => x.a.Versions.Take(2))]);
        }
    }

    /// <summary>Updates of an rpm-based distribution, of packages of no module or of one that their titles name.</summary>
    public static IEnumerable<NaiveSubject> OfRpm(string ecosystem, string distro, int most, IEnumerable<OsvRecord> records)
    {
        var rows = records.Where(static r => !r.Withdrawn && (r.Id.Contains("SA-", StringComparison.Ordinal) || r.Names.Any(static n => n.StartsWith("CVE-", StringComparison.Ordinal))))
            .SelectMany(r => r.Affected.Select(a => (Record: r, Of: a, Fixed: a.Boundaries.FirstOrDefault(static b => b != "0") ?? "")))
            .Where(x => x.Of.Ecosystem.StartsWith(ecosystem + ":", StringComparison.Ordinal) && !x.Of.Name.Contains("debug", StringComparison.Ordinal) && !x.Of.Name.StartsWith("kernel", StringComparison.Ordinal));
        var groups = rows.GroupBy(x => (x.Of.Ecosystem, x.Of.Name, Module: x.Fixed.Contains(".module", StringComparison.Ordinal) ? ModuleIn().Match(x.Record.Summary) is { Success: true } m ? m.Value : "?" : null))
            .Where(static g => g.GroupBy(static x => x.Record.Id).All(static of => of.Count() == 1))
            .ToList();
        var modular = groups.Where(static g => g.Key.Module is not null).Select(static g => (g.Key.Ecosystem, g.Key.Name)).ToHashSet();
        var unnamed = groups.Where(static g => g.Key.Module == "?").Select(static g => (g.Key.Ecosystem, g.Key.Name)).ToHashSet();
        foreach (var group in Spread(groups.FindAll(g => !unnamed.Contains((g.Key.Ecosystem, g.Key.Name)) && (g.Key.Module is not null || !modular.Contains((g.Key.Ecosystem, g.Key.Name)))), most))
        {
            var fixes = group.Select(static x => (x.Record.Names, x.Fixed)).ToList();
            var naive = group.Select(x => new NaiveRecord(x.Record.Id, x.Record.Names, v => IsOpen(v, x.Record.Names, x.Fixed, fixes))).ToList();
            yield return new NaiveSubject(
                ecosystem, new Package { Type = PackageType.Rpm, Name = group.Key.Name, Version = "", Module = group.Key.Module ?? "", Arch = "x86_64" },
                new Distro(distro, group.Key.Ecosystem[(ecosystem.Length + 1)..]), naive, [.. fixes.SelectMany(static f => (string[])[f.Fixed, f.Fixed + "~"]).Distinct(), "0:0.0.1-1", "99:9-1"]);
        }
    }

    public static IEnumerable<OsvRecord> Records(string zip)
    {
        using var archive = ZipFile.OpenRead(TestData.Path("osv", zip));
        foreach (var entry in archive.Entries.Where(static e => e.Name.EndsWith(".json", StringComparison.Ordinal)))
        {
            using var stream = entry.Open();
            using var document = JsonDocument.Parse(stream);
            yield return OsvRecord.Of(document.RootElement);
        }
    }

    /// <summary>Each version, what is a little less, and what is far below and above.</summary>
    public static IEnumerable<string> Versions(IReadOnlyList<string> boundaries) =>
        boundaries.SelectMany(static b => (string[])[b, Less(b)]).Concat(["0.0.1", "9999.0.0"]).Distinct();

    /// <summary>As many of all, evenly over the list.</summary>
    public static IEnumerable<T> Spread<T>(List<T> all, int most)
    {
        for (var i = 0; i < Math.Min(all.Count, most); i++)
            yield return all[(int)((long)i * all.Count / Math.Min(all.Count, most))];
    }

    // 1.2.3 to 1.2.2, 1.2.0 to 1.1.0
    private static string Less(string version)
    {
        var numbers = Number().Matches(version);
        var last = numbers.LastOrDefault(static m => m.Value.Length < 9 && int.Parse(m.Value, System.Globalization.CultureInfo.InvariantCulture) > 0);
        return last is null ? "0.0.0-alpha.1" : $"{version[..last.Index]}{int.Parse(last.Value, System.Globalization.CultureInfo.InvariantCulture) - 1}{version[(last.Index + last.Length)..]}";
    }

    // Below the fix, unless each CVE has been fixed for the minor release that the version is of.
    private static bool IsOpen(string version, IReadOnlyList<string> cves, string @fixed, List<(IReadOnlyList<string> Cves, string Fixed)> all)
    {
        if (RpmVersions.Instance.Compare(version, @fixed) >= 0)
            return false;
        var minor = Minor().Match(version).Value;
        return minor.Length == 0 || !cves.Any(static c => c.StartsWith("CVE-", StringComparison.Ordinal)) || Minor().Match(@fixed).Value == minor
            || cves.Where(static c => c.StartsWith("CVE-", StringComparison.Ordinal)).Any(c => !all.Any(o => o.Cves.Contains(c) && Minor().Match(o.Fixed).Value == minor && RpmVersions.Instance.Compare(version, o.Fixed) >= 0));
    }

    [GeneratedRegex(@"[0-9]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Number();

    [GeneratedRegex(@"\.el[0-9]+_[0-9]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Minor();

    [GeneratedRegex(@"(?<= )[a-z0-9.+_-]+:[a-z0-9._-]*[a-z0-9](?= )", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ModuleIn();
}
