using System.Text.Json;
using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Feeds;

/// <summary>The events of an OSV range as intervals (https://ossf.github.io/osv-schema/#evaluation).</summary>
internal static class OsvEvents
{
    public static IEnumerable<VersionRange> Read(JsonElement events, PackageType type)
    {
        var order = VersionOrder.Of(type);
        // Publishers list them in any order, but those of one version as they follow: nothing is between introduced and fixed in 2026.1.0, nor between fixed in
        // 2.0 and introduced in 2.0.
        var sorted = events.EnumerateArray()
            .SelectMany(static e => e.EnumerateObject())
            .Where(static p => p.Value.ValueKind == JsonValueKind.String && p.Name is "introduced" or "fixed" or "last_affected")
            .Select(static p => (Kind: p.Name, Version: p.Value.GetString()!))
            .Order(Comparer<(string Kind, string Version)>.Create((a, b) =>
                Rank(a) != Rank(b) ? Rank(a).CompareTo(Rank(b))
                : order.Compare(a.Version, b.Version)))
            .ToList();

        string? introduced = null;
        var open = false;
        foreach (var (kind, version) in sorted)
        {
            if (kind == "introduced")
            {
                if (!open)
                    introduced = version == "0" ? null : version;
                open = true;
            }
            else if (open)
            {
                yield return kind == "fixed" ? new VersionRange(introduced, version) : new VersionRange(introduced, LastAffected: version);
                open = false;
            }
        }
        if (open)
            yield return new VersionRange(introduced);

        // "0" is before every version, also where the order knows smaller ones (0~rc1, 0-alpha).
        static int Rank((string Kind, string Version) e) => e is ("introduced", "0") ? 0 : 1;
    }
}
