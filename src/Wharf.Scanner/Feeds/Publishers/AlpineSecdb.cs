using System.Text.Json;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Alpine's secdb and what Wolfi and Chainguard serve in its form: for each origin the versions that fixed something (<c>secfixes</c>) and the names of what
/// they fixed; under the version "0" what it was never affected by (https://secdb.alpinelinux.org, https://packages.wolfi.dev/os/security.json). One advisory
/// per package and vulnerability.
/// </summary>
public static class AlpineSecdb
{
    /// <exception cref="InvalidDataException">It is not JSON, or neither the path nor the content says of which release it is.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        var ecosystem = EcosystemOf(path);
        foreach (var piece in JsonPieces.Read(stream, path, depth: 2))
        {
            if (piece is { Parent: null, Name: "distroversion" } && Json.Convert<string?>(piece, static p => [p.Value.Text()], problem) is [{ } release] && Words.IsWord(release))
                ecosystem = Ecosystem.Alpine(release.TrimStart('v'));
            if (piece.Parent != "packages")
                continue;

            var space = ecosystem ?? throw new InvalidDataException($"{path}: names no release of Alpine.");
            foreach (var advisory in Json.Convert(piece, p => Advisories(p, space, path, problem), problem))
                yield return advisory;
        }
    }

    // alpine/v3.18/main.json, wolfi/security.json
    private static string? EcosystemOf(string path)
    {
        foreach (var part in path.Split('/'))
        {
            if (part is Ecosystem.Wolfi or Ecosystem.Chainguard)
                return part;
            if (part == "edge" || (part is ['v', >= '0' and <= '9', ..] && Words.IsWord(part)))
                return Ecosystem.Alpine(part.TrimStart('v'));
        }
        return null;
    }

    private static IEnumerable<Advisory> Advisories(JsonPiece piece, string ecosystem, string path, Action<string>? problem)
    {
        var package = piece.Value.Member("pkg");
        var name = package?.Text("name");
        if (!Words.IsWord(name))
        {
            problem?.Invoke($"{path}: a package without a name");
            yield break;
        }

        var fixedIn = new Dictionary<string, List<string>>();
        var aliases = new Dictionary<string, HashSet<string>>(); // another name and the CVEs that it stands beside
        foreach (var version in package?.Member("secfixes")?.Members() ?? [])
        {
            if (!Words.IsWord(version.Name) || version.Value.ValueKind != JsonValueKind.Array)
            {
                problem?.Invoke($"{path}: {name}: not a version with a list: {Words.Summary(version.Name)}");
                continue;
            }
            foreach (var entry in version.Value.EnumerateArray())
                Add(entry.Text() ?? "", version.Name);
        }

        // Alpine names one of Xen's advisories beside each of the CVEs that it is of: that is no other name of any of them.
        var names = aliases.Where(static alias => alias.Value.Count == 1).ToLookup(static alias => alias.Value.Single(), static alias => alias.Key);
        foreach (var (id, versions) in fixedIn)
        {
            yield return new Advisory
            {
                Id = id,
                Aliases = [.. names[id]],
                Links = Cve.Is(id) && ecosystem.StartsWith("alpine:", StringComparison.Ordinal) ? [$"https://security.alpinelinux.org/vuln/{id}"] : [],
                Affected = [Row(versions)],
            };
        }

        void Add(string entry, string version)
        {
            string[] cves = [.. Cve.In(entry).Distinct()];
            string[] others = [.. OtherNames(entry)];
            foreach (var id in cves.Length > 0 ? cves : others)
            {
                if (!fixedIn.TryGetValue(id, out var versions))
                    fixedIn.Add(id, versions = []);
                versions.Add(version);
            }
            if (cves.Length == 0)
                return;
            foreach (var other in others)
            {
                if (!aliases.TryGetValue(other, out var of))
                    aliases.Add(other, of = []);
                of.UnionWith(cves);
            }
        }

        // What is fixed in two versions was not fixed by the first. "0" beside a version is a later word of the maintainer, and holds.
        Affected Row(List<string> versions) => new()
        {
            Ecosystem = ecosystem,
            Name = name!,
            Status = versions.Contains("0") ? Status.NotAffected : Status.Affected,
            Ranges = versions.Contains("0") ? [] : [.. versions.Select(static version => new VersionRange(null, version))],
        };
    }

    // XSA-254, GHSA-…, TALOS-2017-0488; no "CVE-????-?????", and nothing of a remark in parentheses
    private static IEnumerable<string> OtherNames(string entry) => entry.Split('(', 2)[0]
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Where(static word => Words.IsWord(word) && char.IsAsciiLetter(word[0]) && word.Contains('-', StringComparison.Ordinal)
            && word.AsSpan().ContainsAnyInRange('0', '9') && !word.StartsWith("CVE", StringComparison.OrdinalIgnoreCase));
}
