namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Gathers what a CSAF document says of one vulnerability, product by product and architecture by architecture, into as few rows as say the same.
/// </summary>
internal sealed class CsafRows
{
    private readonly Dictionary<Row, Fixes> _rows = [];
    private readonly Dictionary<(string Cpe, string? Module, Status Status), SortedSet<string>> _binaries = [];
    private readonly List<(CsafComponent Component, Status Status, Severity Severity, string? Note, bool Fixed)> _sources = [];

    /// <summary>A component of a status; of one that is fixed, <paramref name="isFixed"/>, the version is the first that is.</summary>
    public void Add(CsafComponent component, Status status, Severity severity, string? note, bool isFixed = false)
    {
        if (component.IsDebug || (isFixed && component.Rpm.Version is null))
            return;
        if (component.IsSource)
        {
            _sources.Add((component, status, severity, note, isFixed));
            return;
        }
        if (!_binaries.TryGetValue((component.Cpe, component.Module, status), out var names))
            _binaries.Add((component.Cpe, component.Module, status), names = new SortedSet<string>(StringComparer.Ordinal));
        names.Add(component.Rpm.Name);
        Put(component, status, severity, note, isFixed);
    }

    /// <param name="isWhole">The document says all that there is of the vulnerability: what it fixes for extended life alone is not fixed for others.</param>
    public IReadOnlyList<Affected> Build(Severity usual, bool isWhole)
    {
        foreach (var (component, status, severity, note, isFixed) in _sources)
        {
            if (!HasBinaries(component, status))
                Put(component, status, severity, note, isFixed);
        }
        if (isWhole)
            AddEndOfLife();
        return [.. _rows.SelectMany(row => row.Value.Ranges().Select(range => new Affected
        {
            Ecosystem = Feeds.Ecosystem.RedHat(row.Key.Major),
            Name = row.Key.Name,
            OfSource = row.Key.OfSource,
            Cpe = row.Key.Cpe,
            Module = row.Key.Module,
            Status = row.Key.Status,
            Severity = row.Key.Severity == usual ? null : row.Key.Severity,
            Note = row.Value.Note,
            Arch = range.Arch,
            Ranges = range.Ranges,
        }))];
    }

    private void AddEndOfLife()
    {
        var spokenOf = _rows.Keys.Where(static row => row.Cpe?.Contains(":rhel_", StringComparison.Ordinal) != true).Select(static row => (row.Major, row.Name, row.Module)).ToHashSet();
        foreach (var (row, fixes) in _rows.Where(row => row.Value.ForExtendedLife && !spokenOf.Contains((row.Key.Major, row.Key.Name, row.Key.Module))).ToList())
            _rows.TryAdd(row with { Cpe = null, Status = Status.EndOfLife }, fixes);
    }

    // Newer files name the packages that are built of a source beside it, older ones only the source.
    private bool HasBinaries(CsafComponent source, Status status) =>
        _binaries.TryGetValue((source.Cpe, source.Module, status), out var names)
        && (names.Contains(source.Rpm.Name) || names.GetViewBetween(source.Rpm.Name + '-', source.Rpm.Name + '.').Count > 0);

    private void Put(CsafComponent component, Status status, Severity severity, string? note, bool isFixed)
    {
        foreach (var major in component.Majors)
        {
            var row = new Row(major, component.Rpm.Name, component.IsSource, component.Scope, component.Module, status, severity, isFixed);
            if (!_rows.TryGetValue(row, out var fixes))
                _rows.Add(row, fixes = new Fixes(note));
            if (isFixed)
                fixes.Add(component);
            fixes.ForExtendedLife |= isFixed && component.IsExtendedLife;
        }
    }

    private sealed record Row(string Major, string Name, bool OfSource, string? Cpe, string? Module, Status Status, Severity Severity, bool Fixed);

    /// <summary>The versions that fixed one row, by architecture.</summary>
    private sealed class Fixes(string? note)
    {
        private readonly SortedDictionary<string, SortedSet<string>> _byArch = new(StringComparer.Ordinal);

        public string? Note => note;

        public bool ForExtendedLife { get; set; }

        public void Add(CsafComponent component)
        {
            var arch = component.Rpm.Arch ?? "";
            if (!_byArch.TryGetValue(arch, out var versions))
                _byArch.Add(arch, versions = new SortedSet<string>(StringComparer.Ordinal));
            versions.Add(component.Rpm.Version!);
        }

        public IEnumerable<(string? Arch, IReadOnlyList<VersionRange> Ranges)> Ranges()
        {
            if (_byArch.Count == 0)
                return [(null, [])];
            var first = _byArch.Values.First();
            return _byArch.Values.All(first.SetEquals)
                ? [(null, RpmStreams.Ranges(first))]
                : _byArch.Select(static arch => (arch.Key.Length == 0 ? null : arch.Key, RpmStreams.Ranges(arch.Value)));
        }
    }
}
