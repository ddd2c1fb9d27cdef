using System.Globalization;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Tests.Matching;

/// <summary>What the matcher finds on the real feeds, against a plain reading of the raw data, at each boundary of what it says and beside it.</summary>
public sealed class AccuracyTests(FeedsFixture fixture, ITestOutputHelper output)
{
    private const int Most = 120; // names of an ecosystem

    [Fact]
    public void Whatever_the_raw_data_names_is_found_and_nothing_else()
    {
        var matcher = new Matcher(fixture.Feeds);
        var tallies = new SortedDictionary<string, Tally>(StringComparer.Ordinal);

        foreach (var subject in Subjects())
        {
            if (!tallies.TryGetValue(subject.Ecosystem, out var tally))
                tallies.Add(subject.Ecosystem, tally = new Tally());
            foreach (var version in subject.Versions)
                tally.Add(subject, version, Match(matcher, subject, version));
        }

        output.WriteLine("| ecosystem | cases | must find | found | must not | wrongly found | recall | precision |\n|---|---|---|---|---|---|---|---|");
        foreach (var (ecosystem, tally) in tallies)
            output.WriteLine(tally.Row(ecosystem));
        foreach (var fault in tallies.Values.SelectMany(static t => t.Faults))
            output.WriteLine(fault);
        var (must, found) = (tallies.Values.Sum(static t => t.Must), tallies.Values.Sum(static t => t.Found));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{tallies.Values.Sum(static t => t.Cases)} cases, recall {(double)found / must:0.0000}"));
        Assert.True(found >= 0.99 * must);
        Assert.All(tallies, static t => Assert.True(t.Value.Recall >= 0.97 && t.Value.Wrong == 0, $"{t.Key}\n{string.Join('\n', t.Value.Faults)}"));
    }

    private static IEnumerable<NaiveSubject> Subjects() =>
    [
        .. NaiveOsv.OfLanguage("PyPI", PackageType.PyPI, Most, "PyPI/all.zip", "GHSA-sample/PyPI.zip"),
        .. NaiveOsv.OfLanguage("Go", PackageType.Go, Most, "Go/all.zip", "GHSA-sample/Go.zip"),
        .. NaiveOsv.OfLanguage("crates.io", PackageType.Cargo, Most, "crates.io/all.zip", "GHSA-sample/crates.io.zip"),
        .. NaiveOsv.OfLanguage("Maven", PackageType.Maven, Most, "GHSA-sample/Maven.zip"),
        .. NaiveOsv.OfLanguage("npm", PackageType.Npm, Most, "GHSA-sample/npm.zip"),
        .. NaiveOsv.OfLanguage("NuGet", PackageType.NuGet, Most, "GHSA-sample/NuGet.zip"),
        .. NaiveOsv.OfLanguage("RubyGems", PackageType.Gem, Most, "GHSA-sample/RubyGems.zip"),
        .. NaiveOsv.OfLanguage("Packagist", PackageType.Composer, Most, "GHSA-sample/Packagist.zip"),
        .. NaiveOsv.OfLanguage("Bitnami", PackageType.Bitnami, Most, "Bitnami/all.zip"),
        .. NaiveOsv.OfRpm("AlmaLinux", "almalinux", 3 * Most, NaiveOsv.Records("AlmaLinux/all.zip")),
        .. NaiveOsv.OfRpm("Rocky Linux", "rocky", Most, NaiveOsv.Records("distro-samples.zip")),
        .. NaiveDistros.Debian(3 * Most),
        .. NaiveDistros.Alpine("Alpine", new Distro("alpine", "3.11.6"), Most, ["alpine-secdb-2020", "v3.11", "main.json"], ["alpine-secdb-2020", "v3.11", "community.json"]),
        .. NaiveDistros.Alpine("Alpine", new Distro("alpine", "3.18.4"), Most, ["alpine-secdb-3.18-partial", "main.json"]),
        .. NaiveDistros.Alpine("Chainguard", new Distro("chainguard", "20230214"), Most, ["samples", "chainguard-secdb-sample", "input", "secdb", "security.json"]),
        .. NaiveDistros.Photon(Most),
        .. NaiveDistros.AzureLinux("azurelinux-3.0-oval.xml", new Distro("azurelinux", "3.0.20240727"), ".azl3", Most),
        .. NaiveDistros.AzureLinux("cbl-mariner-1.0-oval.xml", new Distro("mariner", "1.0.20220122"), ".cm1", Most),
        .. NaiveDistros.RedHat(),
        .. NaiveDistros.Oracle(),
        .. NaiveDistros.Amazon(),
        .. NaiveDistros.Suse(),
        .. NaiveDistros.Ubuntu(),
    ];

    private static IReadOnlyList<Finding> Match(Matcher matcher, NaiveSubject subject, string version) => matcher.Match(new Inventory
    {
        Distro = subject.Distro,
        Repositories = subject.Repositories ?? [],
        Components = [new Component { Package = subject.Package with { Version = version } }],
    }).Findings;

    private sealed class Tally
    {
        public int Cases { get; private set; }
        public int Must { get; private set; }
        public int Found { get; private set; }
        public int MustNot { get; private set; }
        public int Wrong { get; private set; }
        public List<string> Faults { get; } = [];
        public double Recall => Must == 0 ? 1 : (double)Found / Must;

        public void Add(NaiveSubject subject, string version, IReadOnlyList<Finding> findings)
        {
            Cases++;
            var names = findings.SelectMany(static f => f.Aliases.Append(f.Id)).ToHashSet(StringComparer.Ordinal);
            var must = subject.Records.Where(r => r.Affects(version)).ToList();
            var meant = must.SelectMany(static r => r.Names).ToHashSet(StringComparer.Ordinal);
            var mustNot = subject.Records.Where(r => !r.Names.Any(meant.Contains)).ToList();
            var missed = must.Where(r => !names.Contains(r.Id)).ToList();
            var wrong = mustNot.Where(r => names.Contains(r.Id)).Select(static r => r.Id)
                .Concat(findings.Where(f => !meant.Contains(f.Id) && !f.Aliases.Any(meant.Contains)).Select(static f => f.Id)).Distinct().ToList();
            Must += must.Count;
            Found += must.Count - missed.Count;
            MustNot += mustNot.Count;
            Wrong += wrong.Count;
            if (Faults.Count < 20 && missed.Count + wrong.Count > 0)
                Faults.Add($"{subject.Package.Name} {version} ({subject.Distro}): missed {string.Join(' ', missed.Select(static r => r.Id))}; wrong {string.Join(' ', wrong)}");
        }

        public string Row(string ecosystem) => string.Create(CultureInfo.InvariantCulture,
            $"| {ecosystem} | {Cases} | {Must} | {Found} | {MustNot} | {Wrong} | {Recall:0.0000} | {(Found + Wrong == 0 ? 1 : (double)Found / (Found + Wrong)):0.0000} |");
    }
}
