using System.IO.Compression;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Wharf.Scanner.Feeds.Publishers;
using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Tests.Matching;

/// <summary>The distributions' own formats, by a regular expression or a line of JSON each.</summary>
internal static partial class NaiveDistros
{
    public static IEnumerable<NaiveSubject> Debian(int most)
    {
        // What has no CVE may be an update that mends no vulnerability, which the table does not tell. Three heads are lost to it (DebianListsTests).
        var groups = TestData.Rows("debian-2023-04", "advisories.tsv").GroupBy(static row => (Release: row[2], Name: row[3]))
            .Where(static g => g.All(static row => row[5].Length > 0) && !g.Any(static row => row[0] is "DSA-1723-1" or "DSA-2091-1" or "DSA-2797-1" or "DSA-306") && g.Key != ("wheezy", "curl"));
        foreach (var group in NaiveOsv.Spread(groups.ToList(), most))
        {
            var records = group.Select(static row => new NaiveRecord(row[0], [row[0], .. row[5].Split(' ')], v => row[4] switch
            {
                "<not-affected>" => false,
                ['<', ..] => true,
                var @fixed => DpkgVersions.Instance.Compare(v.EndsWith("+b1", StringComparison.Ordinal) ? v[..^3] : v, @fixed) < 0,
            })).ToList();
            var fixes = group.Select(static row => row[4]).Where(static v => v[0] != '<').Distinct();
            yield return new NaiveSubject(
                "Debian lists", new Package { Type = PackageType.Deb, Name = group.Key.Name + "-bin", Source = group.Key.Name, Version = "" },
                new Distro("debian", DebianRelease.Ecosystem(group.Key.Release)["debian:".Length..]), records, [.. fixes.SelectMany(static f => (string[])[f, f + "~", f + "+b1"]), "0.0.1", "999:1-1"]);
        }
    }

    public static IEnumerable<NaiveSubject> Alpine(string ecosystem, Distro distro, int most, params string[][] files)
    {
        var rows = new List<(string Name, string Version, string Cve)>();
        foreach (var file in files)
        {
            using var document = JsonDocument.Parse(TestData.Open(file));
            foreach (var package in document.RootElement.GetProperty("packages").EnumerateArray().Select(static p => p.GetProperty("pkg")))
            {
                if (package.GetProperty("secfixes").ValueKind == JsonValueKind.Object)
                    rows.AddRange(package.GetProperty("secfixes").EnumerateObject().SelectMany(v => v.Value.EnumerateArray().Select(c => (package.GetProperty("name").GetString()!, v.Name, CveIn().Match(c.GetString()!) is { Success: true } cve ? cve.Value : c.GetString()!.Split(' ')[0]))));
            }
        }
        foreach (var group in NaiveOsv.Spread(rows.Where(static r => r.Cve.Length > 0).GroupBy(static r => r.Name).ToList(), most))
        {
            // A CVE that two versions fix was not fixed by the first; never affected outweighs both.
            var records = group.GroupBy(static r => r.Cve).Select(static cve => new NaiveRecord(cve.Key, [cve.Key],
                v => !cve.Any(static r => r.Version == "0") && cve.Any(r => ApkVersions.Instance.Compare(v, r.Version) < 0))).ToList();
            var fixes = group.Select(static r => r.Version).Where(static v => v != "0").Distinct();
            yield return new NaiveSubject(ecosystem, new Package { Type = PackageType.Apk, Name = group.Key + "-libs", Source = group.Key, Version = "" }, distro, records,
                [.. fixes.SelectMany(static f => (string[])[f, ReleaseOfApk().Replace(f, "_alpha$0")]), "0.0.1-r0", "9999-r0"]);
        }
    }

    public static IEnumerable<NaiveSubject> Photon(int most) => Oval("Photon", new Distro("photon", "3.0"), File.ReadAllText(TestData.Path("photon", "com.vmware.phsa-photon3.xml")), "", most, asSource: false);

    public static IEnumerable<NaiveSubject> AzureLinux(string file, Distro distro, string dist, int most)
    {
        using var zip = ZipFile.OpenRead(TestData.Path("oval", "azurelinux.zip"));
        using var reader = new StreamReader(zip.GetEntry(file)!.Open());
        return [.. Oval("Azure Linux", distro, reader.ReadToEnd(), dist, most, asSource: true)];
    }

    public static IEnumerable<NaiveSubject> Oracle()
    {
        var rows = new List<(string Release, string Name, string Arch, string Id, IReadOnlyList<string> Cves, string Fixed)>();
        foreach (var definition in Directory.GetFiles(TestData.Path("samples", "oracle")).SelectMany(static file => File.ReadAllText(file).Split("<definition ").Skip(1)).Select(static d => d[..d.IndexOf("</definition>", StringComparison.Ordinal)]))
        {
            var release = OracleRelease().Match(definition).Groups["release"].Value;
            var (id, cves) = (OracleId().Match(definition).Value, CveIn().Matches(definition[..definition.IndexOf("</metadata>", StringComparison.Ordinal)]).Select(static m => m.Value).Distinct().ToList());
            foreach (var part in definition.Split("Oracle Linux arch is ") is [_, .. { Length: > 0 } parts] ? parts : [definition])
            {
                var arch = part.Split('"')[0] is "x86_64" or "aarch64" ? part.Split('"')[0] : "x86_64";
                rows.AddRange(Earlier().Matches(part).Select(m => (release, m.Groups["name"].Value, arch, id, (IReadOnlyList<string>)cves, m.Groups["version"].Value)));
            }
        }
        foreach (var group in rows.Where(static r => !r.Name.Contains("debug", StringComparison.Ordinal) && !r.Name.StartsWith("kernel", StringComparison.Ordinal)).GroupBy(static r => (r.Release, r.Name, r.Arch)))
        {
            // A build for Ksplice is judged by builds for Ksplice
            var records = group.GroupBy(static r => r.Id).Select(static of => new NaiveRecord(of.Key, [of.Key, .. of.First().Cves],
                v => of.Any(r => RpmVersions.Instance.Compare(v, r.Fixed) < 0 && (!r.Fixed.Contains("ksplice", StringComparison.Ordinal) || v.Contains("ksplice", StringComparison.Ordinal))))).ToList();
            yield return new NaiveSubject("Oracle Linux", new Package { Type = PackageType.Rpm, Name = group.Key.Name, Version = "", Arch = group.Key.Arch }, new Distro("ol", group.Key.Release + ".3"),
                records, [.. group.Select(static r => r.Fixed).Distinct().SelectMany(static f => (string[])[f, f + "~"]), "0.0.1-1", "999:1-1"]);
        }
    }

    public static IEnumerable<NaiveSubject> Amazon()
    {
        var pages = new (string Release, string Prefix, string[] File)[]
        {
            ("2", "ALAS2-", ["input", "2_html", "ALAS-2018-939"]), ("2", "ALAS2-", ["mock_html"]), ("2022", "ALAS2022-", ["input", "2022_html", "ALAS-2021-001"]), ("2023", "ALAS2023-", ["input", "2023_html", "ALAS-2023-126"]),
        };
        foreach (var (release, prefix, file) in pages)
        {
            var page = File.ReadAllText(TestData.Path(["samples", "amazon", .. file]));
            var record = prefix + AmazonId().Match(page).Groups["number"].Value;
            var cves = CveIn().Matches(page).Select(static m => m.Value).Distinct().ToList();
            foreach (var package in AmazonPackage().Matches(page).Where(static m => m.Groups["arch"].Value != "src" && !m.Groups["name"].Value.Contains("debug", StringComparison.Ordinal) && !m.Groups["name"].Value.StartsWith("kernel-", StringComparison.Ordinal)))
            {
                var @fixed = package.Groups["version"].Value;
                yield return new NaiveSubject("Amazon Linux", new Package { Type = PackageType.Rpm, Name = package.Groups["name"].Value, Version = "", Arch = package.Groups["arch"].Value }, new Distro("amzn", release),
                    [new NaiveRecord(record, [record, .. cves], v => RpmVersions.Instance.Compare(v, @fixed) < 0)], [@fixed, @fixed + "~", "0.0.1-1", "999:1-1"]);
            }
        }
    }

    /// <summary>By evaluating each definition's criteria as OVAL says, once for each release and package.</summary>
    public static IEnumerable<NaiveSubject> Suse()
    {
        var definitions = XDocument.Load(TestData.Path("samples", "suse", "suse_truncated.xml")).Descendants().Where(static e => e.Name.LocalName == "definition").ToList();
        var packages = definitions.SelectMany(static d => d.Descendants()).Select(static e => SusePackage().Match((string?)e.Attribute("comment") ?? "")).Where(static m => m.Success).ToList();
        foreach (var (release, platform) in new[] { ("15", "15"), ("15.1", "15 SP1"), ("15.2", "15 SP2"), ("15.3", "15 SP3") })
        {
            foreach (var name in packages.Select(static m => m.Groups["name"].Value).Distinct().Where(static n => n is not "kernel-docs" and not "kernel-devel" && !n.Contains("debug", StringComparison.Ordinal)))
            {
                var records = definitions.Select(d => (Id: d.Descendants().First(static e => e.Name.LocalName == "title").Value.Trim(), Criteria: d.Elements().Last()))
                    .Select(d => new NaiveRecord(d.Id, [d.Id], v => Holds(d.Criteria, comment => SusePackage().Match(comment) is { Success: true } is_
                        ? is_.Groups["name"].Value == name && RpmVersions.Instance.Compare(v, is_.Groups["version"].Value) < 0
                        : SuseRelease().Match(comment).Groups["release"].Value == platform))).ToList();
                yield return new NaiveSubject("SUSE", new Package { Type = PackageType.Rpm, Name = name, Version = "", Arch = "x86_64" }, new Distro("sles", release), records,
                    [.. packages.Where(m => m.Groups["name"].Value == name).Select(static m => m.Groups["version"].Value).Distinct().SelectMany(static f => (string[])[f, f + "~"]), "0.0.1-1", "999:1-1"]);
            }
        }

        static bool Holds(XElement of, Func<string, bool> test) => of.Name.LocalName == "criterion" ? test((string)of.Attribute("comment")!)
            : (string?)of.Attribute("operator") == "OR" ? of.Elements().Any(e => Holds(e, test)) : of.Elements().All(e => Holds(e, test));
    }

    public static IEnumerable<NaiveSubject> Ubuntu()
    {
        var records = new[] { "osv", "osv-esm-cases" }.SelectMany(static part => Directory.GetFiles(TestData.Path("ubuntu", part), "*.json", SearchOption.AllDirectories)).Select(static file =>
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            return OsvRecord.Of(document.RootElement);
        });
        // Ubuntu:Pro:22.04:LTS is of the same images as Ubuntu:22.04:LTS. What fixes an older record of the same name (each has two here) is the same.
        var rows = records.SelectMany(static record => record.Affected.Select(a => (record, a, Release: UbuntuRelease().Match(a.Ecosystem)))).Where(static x => x.Release.Success).ToList();
        foreach (var group in rows.GroupBy(static x => (Release: x.Release.Groups["release"].Value, x.a.Name)))
        {
            var naive = group.GroupBy(static x => x.record.Id).Select(static of => new NaiveRecord(of.Key, of.First().record.Names, v => of.Any(x => !x.record.Withdrawn && x.a.Holds(v, DpkgVersions.Instance)))).ToList();
            yield return new NaiveSubject("Ubuntu", new Package { Type = PackageType.Deb, Name = group.Key.Name + "-bin", Source = group.Key.Name, Version = "" }, new Distro("ubuntu", group.Key.Release), naive,
                [.. group.SelectMany(static x => x.a.Boundaries).Where(static b => b != "0").Distinct().SelectMany(static f => (string[])[f, f + "~"]), "0.0.1-1", "999:1-1"]);
        }
    }

    public static IEnumerable<NaiveSubject> RedHat()
    {
        var rows = new List<(string Cve, string Cpe, string Name, string? Fixed)>();
        foreach (var file in Directory.GetFiles(TestData.Path("rhel", "csaf-vex"), "*.json"))
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var cpes = new Dictionary<string, string>();
            Products(document.RootElement.GetProperty("product_tree").GetProperty("branches"), cpes);
            var vulnerability = document.RootElement.GetProperty("vulnerabilities")[0];
            var cve = vulnerability.GetProperty("cve").GetString()!;
            foreach (var id in Products(vulnerability, "fixed").Select(static id => RedHatRpm().Match(id)).Where(static m => m.Success && m.Groups["arch"].Value == "x86_64"))
                rows.Add((cve, cpes.GetValueOrDefault(id.Groups["product"].Value, ""), id.Groups["name"].Value, (id.Groups["epoch"].Value == "0" ? "" : id.Groups["epoch"].Value + ":") + id.Groups["version"].Value));
            foreach (var id in Products(vulnerability, "known_affected").Select(static id => id.Split(':')).Where(static id => id.Length == 2))
                rows.Add((cve, cpes.GetValueOrDefault(id[0], ""), id[1], null));
        }
        foreach (var group in rows.Where(static r => r.Fixed is not null && IsOfRhel(r.Cpe) && !r.Name.Contains("debug", StringComparison.Ordinal)).GroupBy(static r => (r.Cpe, r.Name)))
        {
            var major = group.Key.Cpe.Split(':')[4];
            var open = rows.Where(r => r.Fixed is null && r.Name == group.Key.Name && r.Cpe == $"cpe:/o:redhat:enterprise_linux:{major.Split('.')[0]}").Select(static r => new NaiveRecord(r.Cve, [r.Cve], static _ => true));
            var records = group.GroupBy(static r => r.Cve).Where(static of => of.Select(static r => r.Fixed).Distinct().Count() == 1)
                .Select(static of => new NaiveRecord(of.Key, [of.Key], v => RpmVersions.Instance.Compare(v, of.First().Fixed) < 0)).Concat(open).ToList();
            if (records.Count == group.Select(static r => r.Cve).Distinct().Count() + open.Count())
                yield return new NaiveSubject("Red Hat VEX", new Package { Type = PackageType.Rpm, Name = group.Key.Name, Version = "", Arch = "x86_64" }, new Distro("rhel", major),
                    records, [.. group.Select(static r => r.Fixed!).Distinct().SelectMany(static f => (string[])[f, f + "~"]), "0.0.1-1", "999:1-1"], [group.Key.Cpe]);
        }
    }

    private static bool IsOfRhel(string cpe) => cpe.Contains("enterprise_linux:", StringComparison.Ordinal) || cpe.Contains("rhel_eus:", StringComparison.Ordinal);

    private static IEnumerable<string> Products(JsonElement vulnerability, string status) =>
        vulnerability.GetProperty("product_status").TryGetProperty(status, out var list) ? list.EnumerateArray().Select(static id => id.GetString()!) : [];

    private static void Products(JsonElement branches, Dictionary<string, string> cpes)
    {
        foreach (var branch in branches.EnumerateArray())
        {
            if (branch.TryGetProperty("product", out var product) && product.TryGetProperty("product_identification_helper", out var helper) && helper.TryGetProperty("cpe", out var cpe))
                cpes[product.GetProperty("product_id").GetString()!] = cpe.GetString()!;
            if (branch.TryGetProperty("branches", out var inner))
                Products(inner, cpes);
        }
    }

    private static IEnumerable<NaiveSubject> Oval(string ecosystem, Distro distro, string xml, string dist, int most, bool asSource)
    {
        var rows = new List<(string Name, string Version, string Cve)>();
        var odd = new HashSet<string>();
        foreach (var definition in xml.Split("<definition ").Skip(1).Select(static d => d[..d.IndexOf("</definition>", StringComparison.Ordinal)]))
        {
            var cves = CveIn().Matches(definition[..definition.IndexOf("</metadata>", StringComparison.Ordinal)]).Select(static m => m.Value).Distinct().ToList();
            foreach (Match earlier in Earlier().Matches(definition))
                rows.AddRange(cves.Select(c => (earlier.Groups["name"].Value, earlier.Groups["version"].Value + dist, c)));
            if (!definition.Contains("is earlier than", StringComparison.Ordinal) || definition.Contains("Not Applicable", StringComparison.Ordinal) || definition.Contains("is greater than", StringComparison.Ordinal))
                odd.UnionWith(OvalName().Matches(definition).Select(static m => m.Groups["name"].Value));
        }
        foreach (var group in NaiveOsv.Spread(rows.Where(r => !odd.Contains(r.Name)).GroupBy(static r => r.Name).ToList(), most))
        {
            var records = group.GroupBy(static r => r.Cve).Select(static cve => new NaiveRecord(cve.Key, [cve.Key], v => cve.Any(r => RpmVersions.Instance.Compare(v, r.Version) < 0))).ToList();
            yield return new NaiveSubject(ecosystem, new Package { Type = PackageType.Rpm, Name = asSource ? group.Key + "-bin" : group.Key, Source = asSource ? group.Key : null, Version = "", Arch = "x86_64" }, distro, records,
                [.. group.Select(static r => r.Version).Distinct().SelectMany(static f => (string[])[f, f + "~"]), "0.0.1-1", "999:1-1"]);
        }
    }

    [GeneratedRegex(@"\bCVE-[0-9]{4}-[0-9]{4,}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CveIn();

    [GeneratedRegex(@"Oracle Linux (?<release>[0-9]+) is installed", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OracleRelease();

    [GeneratedRegex(@"ELSA-[0-9]{4}-[0-9]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OracleId();

    [GeneratedRegex(@"Security Advisory:</b> ALAS-(?<number>[0-9]{4}-[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AmazonId();

    [GeneratedRegex(@"&nbsp; (?<name>[^ <]+)-(?<version>[^- <]+-[^- <]+)\.(?<arch>[a-z0-9_]+)<br", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AmazonPackage();

    [GeneratedRegex(@"^(?<name>[^ ]+)-(?<version>[^- ]+-[^- ]+) is installed$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SusePackage();

    [GeneratedRegex(@"^SUSE Linux Enterprise .*?(?<release>[0-9]+( SP[0-9])?)(-[A-Z]+)? is installed$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SuseRelease();

    [GeneratedRegex(@"^Ubuntu:(Pro:)?(?<release>[0-9]+\.[0-9]+)(:LTS)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex UbuntuRelease();

    [GeneratedRegex(@"-r[0-9]+$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReleaseOfApk();

    [GeneratedRegex(@"comment=""(Package )?(?<name>[^ ""]+) is earlier than (?<version>[^ "",]+)(?=[""]|, affected)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Earlier();

    [GeneratedRegex(@"comment=""Package (?<name>[^ ""]+) ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OvalName();

    [GeneratedRegex(@"^(?<product>[^:]+):(?<name>[^:]+)-(?<epoch>[0-9]+):(?<version>[^:]+)\.(?<arch>[^.:]+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RedHatRpm();
}
