using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>Gathers what one advisory says of rpms, architecture by architecture, into as few rows as say the same.</summary>
internal sealed class RpmRows
{
    private readonly Dictionary<(string Ecosystem, string Name, string? Module, Status Status), SortedDictionary<string, VersionRange>> _rows = [];
    private readonly Dictionary<string, HashSet<string>> _archs = [];

    /// <param name="arch">Of the systems that it is for; null for all.</param>
    /// <param name="range">Of several for one package and architecture the one counts that was fixed last, since all must hold for a package to be fixed.</param>
    public void Add(string ecosystem, string name, string? module, string? arch, VersionRange range, Status status = Status.Affected)
    {
        if (name.EndsWith("-debuginfo", StringComparison.Ordinal) || name.EndsWith("-debugsource", StringComparison.Ordinal))
            return;
        if (!_rows.TryGetValue((ecosystem, name, module, status), out var byArch))
            _rows.Add((ecosystem, name, module, status), byArch = new SortedDictionary<string, VersionRange>(StringComparer.Ordinal));
        if (!_archs.TryGetValue(ecosystem, out var archs))
            _archs.Add(ecosystem, archs = []);
        if (arch is not null)
            archs.Add(arch);
        if (!byArch.TryGetValue(arch ?? "", out var known) || RpmVersions.Instance.Compare(known.Fixed, range.Fixed) < 0)
            byArch[arch ?? ""] = range;
    }

    /// <summary>
    /// What is affected in some product of a release is not what is not affected in another. A package that is fixed alike on every architecture of the
    /// advisory has one row, others one for each.
    /// </summary>
    public IReadOnlyList<Affected> Build() =>
        [.. from row in _rows
            where row.Key.Status != Status.NotAffected || !_rows.ContainsKey((row.Key.Ecosystem, row.Key.Name, row.Key.Module, Status.Affected))
            let everywhere = row.Value.ContainsKey("") || row.Value.Count == _archs[row.Key.Ecosystem].Count
            let alike = everywhere && row.Value.Values.Distinct().Count() == 1
            from arch in alike ? row.Value.Take(1) : row.Value
            select new Affected
            {
                Ecosystem = row.Key.Ecosystem,
                Name = row.Key.Name,
                Module = row.Key.Module,
                Status = row.Key.Status,
                Arch = alike || arch.Key.Length == 0 ? null : arch.Key,
                Ranges = arch.Value == default ? [] : [arch.Value],
            }];
}
