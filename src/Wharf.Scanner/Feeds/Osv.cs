using System.IO.Compression;
using System.Text.Json;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Feeds;

/// <summary>
/// The Open Source Vulnerability format (https://ossf.github.io/osv-schema/), one record a file or a zip of them, as OSV.dev serves them. What was withdrawn,
/// and what names versions by commits only, is left out.
/// </summary>
public static class Osv
{
    private const int MaxRecord = 16 << 20;
    private const int MaxRecords = 2_000_000;
    private static readonly List<string?> s_noModule = [null];
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64 };

    // What these publish is of an update and not of one vulnerability.
    private static readonly string[] s_updates =
        ["ALSA-", "ALBA-", "ALEA-", "RLSA-", "RXSA-", "RHSA-", "RHBA-", "RHEA-", "USN-", "LSN-", "DSA-", "DLA-", "DTSA-", "ELSA-", "SUSE-", "openSUSE-", "ALAS", "MGASA-"];

    // Updates that mend no vulnerability unless they name one.
    private static readonly string[] s_mostlyOther = ["ALBA-", "ALEA-", "RHBA-", "RHEA-"];

    /// <exception cref="InvalidDataException">The zip is not whole. A record that is broken is left out and told to <paramref name="problem"/>.</exception>
    public static IEnumerable<Advisory> ReadZip(Stream stream, Action<string>? problem = null)
    {
        using var zip = OpenZip(stream);
        var count = 0;
        foreach (var entry in zip.Entries)
        {
            if (!entry.FullName.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
                continue;
            if (++count > MaxRecords || entry.Length > MaxRecord)
                throw new InvalidDataException($"{entry.FullName}: more or larger records than a feed has.");
            var json = Bytes(entry);
            IEnumerable<Advisory> read;
            try
            {
                read = Read(json, entry.FullName);
            }
            catch (InvalidDataException e)
            {
                // One odd record among thousands; the zip itself is whole.
                problem?.Invoke(e.Message);
                continue;
            }
            foreach (var advisory in read)
                yield return advisory;
        }
    }

    /// <exception cref="InvalidDataException"/>
    public static IEnumerable<Advisory> ReadFile(Stream stream, string path)
    {
        using var memory = new MemoryStream();
        using (var bounded = new BoundedStream(stream, MaxRecord))
            bounded.CopyTo(memory);
        return Read(memory.ToArray(), path);
    }

    /// <summary>The advisory of one record; none when it is of no use.</summary>
    private static IEnumerable<Advisory> Read(byte[] json, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(json, s_options);
            return Read(document.RootElement) is { } advisory ? [advisory] : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    private static Advisory? Read(JsonElement record)
    {
        if (record.TryGetProperty("withdrawn", out var withdrawn) && withdrawn.ValueKind == JsonValueKind.String)
            return null;
        var id = record.GetProperty("id").GetString()!;
        var isUpdate = Array.Exists(s_updates, prefix => id.StartsWith(prefix, StringComparison.Ordinal));
        var named = Strings(record, "aliases").Concat(Strings(record, "upstream")).Append(id).SelectMany(n => CveIn(n) is { } cve ? isUpdate ? [cve] : [n, cve] : (string[])[n])
            .Where(n => n != id).Distinct(StringComparer.Ordinal).ToList();
        var fixes = isUpdate ? named.Concat(Strings(record, "related")).Where(static n => n.StartsWith("CVE-", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList() : [];
        if (fixes.Count == 0 && Array.Exists(s_mostlyOther, prefix => id.StartsWith(prefix, StringComparison.Ordinal)))
            return null;

        var summary = record.TryGetProperty("summary", out var s) ? s.GetString() : null;
        List<string?> modules = isUpdate ? ModulesOf(summary) : [];
        var affected = new List<Affected>();
        if (record.TryGetProperty("affected", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in list.EnumerateArray())
                affected.AddRange(Read(item, modules));
        }
        if (affected.Count == 0)
            return null;
        var cvss = Cvss(record);
        if (cvss.Count == 0 && list.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first)
            cvss = Cvss(first);
        return new Advisory
        {
            Id = id,
            Aliases = isUpdate ? [] : named,
            Fixes = fixes,
            Severity = SeverityOf(record, summary, cvss),
            Cvss = cvss,
            Summary = Short(summary ?? (record.TryGetProperty("details", out var details) ? details.GetString() : null)),
            Links = LinksOf(record),
            Published = record.TryGetProperty("published", out var published) && published.TryGetDateTimeOffset(out var at) ? at : null,
            Affected = affected,
        };
    }

    private static IEnumerable<Affected> Read(JsonElement item, List<string?> modules)
    {
        if (!item.TryGetProperty("package", out var package) || OsvEcosystem.Parse(package.GetProperty("ecosystem").GetString()!) is not { } ecosystem)
            yield break;
        var ranges = new List<VersionRange>();
        if (item.TryGetProperty("ranges", out var all) && all.ValueKind == JsonValueKind.Array)
        {
            foreach (var range in all.EnumerateArray())
            {
                if (range.GetProperty("type").GetString() is "SEMVER" or "ECOSYSTEM")
                    ranges.AddRange(OsvEvents.Read(range.GetProperty("events"), ecosystem.Type));
            }
        }
        var versions = Strings(item, "versions").ToList();
        if (ranges.Count == 0 && versions.Count == 0)
            yield break;
        // Every version that a range holds needs no mention, and most records have hundreds.
        if (ranges.Count > 0)
            versions = versions.FindAll(v => !ranges.Exists(r => r.Holds(v, ecosystem.Order)));
        var isSpecific = item.TryGetProperty("ecosystem_specific", out var specific) && specific.ValueKind == JsonValueKind.Object;
        // SUSE names the source, and what is built of it beside it.
        if (isSpecific && ecosystem.Type == PackageType.Rpm && specific.TryGetProperty("binaries", out var binaries) && binaries.ValueKind == JsonValueKind.Array)
        {
            foreach (var binary in binaries.EnumerateArray().Where(static b => b.ValueKind == JsonValueKind.Object).SelectMany(static b => b.EnumerateObject()))
            {
                if (binary.Value.ValueKind == JsonValueKind.String && Words.IsWord(binary.Name) && Words.IsWord(binary.Value.GetString()))
                    yield return new Affected { Ecosystem = ecosystem.Key, Name = binary.Name, Ranges = [new VersionRange(null, binary.Value.GetString())] };
            }
            yield break;
        }
        var name = package.GetProperty("name").GetString()!;
        var severity = isSpecific && specific.TryGetProperty("ubuntu_priority", out var priority)
            ? Word(priority.GetString())
            : null;
        var isModular = ranges.Exists(static r => r.Fixed?.Contains(".module", StringComparison.Ordinal) == true);
        foreach (var module in isModular && modules.Count > 0 ? modules : s_noModule)
        {
            yield return new Affected
            {
                Ecosystem = ecosystem.Key,
                Name = Ecosystem.Fold(ecosystem.Key, name),
                Ranges = ranges,
                Versions = versions,
                Module = module,
                Cpe = ecosystem.Cpe,
                OfSource = ecosystem.NamesSources,
                Severity = severity,
            };
        }
    }

    // UBUNTU-CVE-2021-3782 is Ubuntu's record of CVE-2021-3782, and the one that its updates name as what they fix.
    private static string? CveIn(string name) => name.IndexOf("-CVE-", StringComparison.Ordinal) is > 0 and var at ? name[(at + 1)..] : null;

    /// <summary>AlmaLinux and Rocky name the module streams of an update in its title only: <c>Moderate: virt:rhel and virt-devel:rhel security update</c>.</summary>
    private static List<string?> ModulesOf(string? summary)
    {
        var found = new List<string?>();
        foreach (var word in (summary ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = word.IndexOf(':');
            if (colon > 0 && colon < word.Length - 1 && char.IsAsciiLetterOrDigit(word[^1]) && !word.Contains("SA-", StringComparison.Ordinal))
                found.Add(word);
        }
        return found;
    }

    private static Severity SeverityOf(JsonElement record, string? summary, List<string> cvss)
    {
        if (record.TryGetProperty("database_specific", out var specific) && specific.ValueKind == JsonValueKind.Object && specific.TryGetProperty("severity", out var word)
            && word.ValueKind == JsonValueKind.String && Word(word.GetString()) is { } said)
            return said;
        if (record.TryGetProperty("severity", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in list.EnumerateArray())
            {
                if (item.TryGetProperty("score", out var score) && score.ValueKind == JsonValueKind.String && Word(score.GetString()) is { } priority)
                    return priority;
            }
        }
        // AlmaLinux and Rocky begin the title with it.
        if (summary?.Split(':', 2)[0] is { } first && Word(first) is { } titled)
            return titled;
        return CvssScore.SeverityOf(cvss);
    }

    /// <summary>The words of GHSA, Red Hat and Ubuntu; null for what is none.</summary>
    internal static Severity? Word(string? word) => word?.ToUpperInvariant() switch
    {
        "NEGLIGIBLE" => Severity.Negligible,
        "LOW" => Severity.Low,
        "MODERATE" or "MEDIUM" => Severity.Medium,
        "IMPORTANT" or "HIGH" => Severity.High,
        "CRITICAL" => Severity.Critical,
        _ => null,
    };

    private static List<string> Cvss(JsonElement of) =>
        !of.TryGetProperty("severity", out var list) || list.ValueKind != JsonValueKind.Array
            ? []
            : [.. list.EnumerateArray()
                .Where(static s => s.TryGetProperty("type", out var type) && type.ValueEquals("CVSS_V4") || type.ValueEquals("CVSS_V3") || type.ValueEquals("CVSS_V2"))
                .OrderByDescending(static s => s.GetProperty("type").GetString(), StringComparer.Ordinal)
                .Select(static s => s.GetProperty("score").GetString()!)
                .Distinct(StringComparer.Ordinal)];

    private static List<string> LinksOf(JsonElement record) =>
        !record.TryGetProperty("references", out var list) || list.ValueKind != JsonValueKind.Array
            ? []
            : [.. list.EnumerateArray()
                .Where(static r => r.TryGetProperty("url", out _))
                .OrderBy(static r => r.TryGetProperty("type", out var type) && type.ValueEquals("ADVISORY") ? 0 : 1)
                .Select(static r => r.GetProperty("url").GetString()!)
                .Where(static url => url.Length <= 500)
                .Take(Advisory.MaxLinks)];

    internal static string? Short(string? text)
    {
        if (text is null)
            return null;
        var line = text.Trim().ReplaceLineEndings(" ");
        return line.Length <= Advisory.MaxSummary ? line : string.Concat(line.AsSpan(0, Advisory.MaxSummary - 3), "...");
    }

    private static IEnumerable<string> Strings(JsonElement of, string property) =>
        of.TryGetProperty(property, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(static s => s.ValueKind == JsonValueKind.String).Select(static s => s.GetString()!)
            : [];

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        try
        {
            using var stream = new BoundedStream(entry.Open(), MaxRecord);
            using var memory = new MemoryStream((int)entry.Length);
            stream.CopyTo(memory);
            return memory.ToArray();
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new InvalidDataException($"{entry.FullName} cannot be unpacked: {e.Message}", e);
        }
    }

    private static ZipArchive OpenZip(Stream stream)
    {
        try
        {
            return new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new InvalidDataException($"This is no whole zip: {e.Message}", e);
        }
    }
}
