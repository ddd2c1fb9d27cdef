using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace Wharf.Server.Content;

/// <summary>The section <c>Storage</c>: where the bytes of blobs are.</summary>
internal sealed partial class StorageOptions : IValidatableObject
{
    /// <summary>The name of the one location where none is named.</summary>
    public const string Local = "local";

    /// <summary>A directory on a local disk, where no locations are named; <c>storage</c> in the data directory when empty. Servers of one machine that share a PostgreSQL database may share it.</summary>
    public string Directory { get; set; } = "";

    /// <summary>The places, by the names that the database has for them: they stay as they are when a place moves.</summary>
    public Dictionary<string, LocationOptions> Locations { get; set; } = [];

    /// <summary>Which of them is asked first, and gets new blobs: the first. The others follow in the order of their names.</summary>
    public List<string> Prefer { get; set; } = [];

    /// <summary>To which of them every blob is copied, once there is replication; until then it may only name the preferred one.</summary>
    public List<string> Replicate { get; set; } = [];

    /// <summary>
    /// How old bytes that no row of the database names must be before they are deleted, in hours. More than any push takes; after the
    /// database was restored from a backup, longer than the backup is old, so that nothing is deleted that an import may want back.
    /// </summary>
    [Range(0, 24 * 365)] public int OrphanHours { get; set; } = 7 * 24;

    /// <summary>Their names in the order of preference.</summary>
    public IReadOnlyList<string> Order() => Locations.Count == 0 ? [Local]
        : [.. Prefer.Select(p => Locations.Keys.First(n => n.Equals(p, StringComparison.OrdinalIgnoreCase))).Concat(Locations.Keys.Order(StringComparer.Ordinal)).Distinct(StringComparer.OrdinalIgnoreCase)];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Directory.Length > 0 && Locations.Count > 0)
            yield return new("is for a registry without named locations: give it as Path of one of them", [nameof(Directory)]);
        foreach (var name in Locations.Keys.Where(static n => !Name().IsMatch(n)))
            yield return new($"has a name that is none: '{name}'. Names are up to 40 small letters, digits and '-'", [nameof(Locations)]);
        foreach (var same in Locations.GroupBy(static l => l.Value.Place, static l => l.Key).Where(static g => g.Count() > 1))
            yield return new($"has one place under several names: {string.Join(", ", same)}. Each would delete what only the other knows: take all but one out, or give each a Prefix or Path of its own", [nameof(Locations)]);
        foreach (var (setting, names) in ((string, List<string>)[])[(nameof(Prefer), Prefer), (nameof(Replicate), Replicate)])
            foreach (var name in names.Where(n => !Locations.ContainsKey(n)))
                yield return new($"names '{name}', which is not among Locations", [setting]);
        if (Locations.Count > 1 && Prefer.Count == 0)
            yield return new("must say which of several locations gets new blobs", [nameof(Prefer)]);
        if (Replicate.Exists(n => !n.Equals(Prefer.FirstOrDefault() ?? Locations.Keys.FirstOrDefault(), StringComparison.OrdinalIgnoreCase)))
            yield return new("names more than the preferred location; blobs are not copied between locations yet (wharf storage migrate moves them)", [nameof(Replicate)]);
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,39}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();
}
