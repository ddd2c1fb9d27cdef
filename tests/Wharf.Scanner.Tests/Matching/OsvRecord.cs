using System.Text.Json;

namespace Wharf.Scanner.Tests.Matching;

/// <summary>As much of a record of OSV as says who is affected.</summary>
internal sealed record OsvRecord(string Id, IReadOnlyList<string> Names, string Summary, bool Withdrawn, IReadOnlyList<OsvRecord.Package> Affected)
{
    public static OsvRecord Of(JsonElement json) => new(
        json.GetProperty("id").GetString()!,
        [json.GetProperty("id").GetString()!, .. Strings(json, "aliases"), .. Strings(json, "upstream"), .. json.GetProperty("id").GetString()![1..4] is "LSA" or "SN-" ? Strings(json, "related") : []],
        json.TryGetProperty("summary", out var summary) ? summary.GetString()! : "",
        json.TryGetProperty("withdrawn", out _),
        [.. json.TryGetProperty("affected", out var affected) ? affected.EnumerateArray().Where(static a => a.TryGetProperty("package", out _)).Select(static a => new Package(
            a.GetProperty("package").GetProperty("ecosystem").GetString()!,
            a.GetProperty("package").GetProperty("name").GetString()!,
            [.. a.TryGetProperty("ranges", out var ranges) ? ranges.EnumerateArray().Where(static r => r.GetProperty("type").GetString() != "GIT").Select(static r => r.GetProperty("events").EnumerateArray()
                .SelectMany(static e => e.EnumerateObject()).Select(static e => (e.Name, e.Value.GetString()!)).ToList()) : []],
            [.. Strings(a, "versions")])) : []]);

    private static IEnumerable<string> Strings(JsonElement of, string name) =>
        of.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(static s => s.GetString()!) : [];

    internal sealed record Package(string Ecosystem, string Name, IReadOnlyList<List<(string Kind, string Version)>> Ranges, IReadOnlyList<string> Versions)
    {
        public IEnumerable<string> Boundaries => Ranges.SelectMany(static r => r).Select(static e => e.Version);

        public bool Holds(string version, IComparer<string> order) =>
            Versions.Any(v => order.Compare(v, version) == 0) || Ranges.Any(range => IsIn(version, range, order));

        private static bool IsIn(string version, List<(string Kind, string Version)> events, IComparer<string> order)
        {
            var affected = false;
            foreach (var (kind, at) in events.OrderBy(static e => e.Version == "0" ? 0 : 1).ThenBy(static e => e.Version, order))
            {
                var compared = at == "0" ? 1 : order.Compare(version, at);
                affected = kind switch
                {
                    "introduced" when compared >= 0 => true,
                    "fixed" when compared >= 0 => false,
                    "last_affected" when compared > 0 => false,
                    _ => affected,
                };
            }
            return affected;
        }
    }
}
