namespace Wharf.Scanner.Versions;

/// <summary>What comparators side by side ask of a version, each taken apart into lowest and highest versions.</summary>
internal sealed class NpmBounds(bool includePrerelease)
{
    // The lowest pre-release there is: with it a lower bound lets all pre-releases in, and an upper one lets none
    private const string Lowest = "0";

    private readonly List<(string Operator, ulong Major, ulong Minor, ulong Patch, string Pre)> _bounds = [];
    private readonly string _floor = includePrerelease ? Lowest : "";

    /// <summary>False for an operator that is none.</summary>
    public bool Add(ReadOnlySpan<char> comparator, NpmPartial partial)
    {
        switch (comparator)
        {
            case "" or "=":
                AddFrom(partial);
                AddUpTo(partial, partial.Patch is null ? Level.Last : Level.Exact);
                return true;
            case ">=":
                AddFrom(partial);
                return true;
            case "<=":
                AddUpTo(partial, partial.Patch is null ? Level.Last : Level.Exact);
                return true;
            case "~" or "~>":
                AddFrom(partial);
                AddUpTo(partial, partial.Minor is null ? Level.Major : Level.Minor);
                return true;
            case "^":
                AddFrom(partial);
                AddUpTo(partial, CaretLevel(partial));
                return true;
            case ">":
                AddAbove(partial);
                return true;
            case "<":
                _bounds.Add(("<", partial.Major ?? 0, partial.Minor ?? 0, partial.Patch ?? 0, partial.Patch is null ? Lowest : partial.Pre));
                return true;
            default:
                return false;
        }
    }

    /// <summary>All from <paramref name="lowest"/> up to and with <paramref name="highest"/>.</summary>
    public void AddHyphen(NpmPartial lowest, NpmPartial highest)
    {
        if (lowest.Patch is not null && lowest.Pre.Length == 0)
            lowest = lowest with { Pre = _floor };
        AddFrom(lowest);
        AddUpTo(highest, highest.Patch is null || (includePrerelease && highest.Pre.Length == 0) ? Level.Last : Level.Exact);
    }

    public bool Hold(NpmPartial version)
    {
        var text = Text(version.Major ?? 0, version.Minor ?? 0, version.Patch ?? 0, version.Pre);
        foreach (var (comparator, major, minor, patch, pre) in _bounds)
        {
            var order = SemanticVersions.Instance.Compare(text, Text(major, minor, patch, pre));
            if (!(comparator switch { ">=" => order >= 0, ">" => order > 0, "<" => order < 0, _ => order <= 0 }))
                return false;
        }
        return version.Pre.Length == 0 || includePrerelease
            || _bounds.Exists(b => b.Pre.Length > 0 && b.Major == version.Major && b.Minor == version.Minor && b.Patch == version.Patch);
    }

    private void AddFrom(NpmPartial p)
    {
        if (p.Major is { } major)
            _bounds.Add((">=", major, p.Minor ?? 0, p.Patch ?? 0, p.Patch is null ? _floor : p.Pre));
    }

    private void AddAbove(NpmPartial p)
    {
        if (p.Major is not { } major)
            _bounds.Add(("<", 0, 0, 0, Lowest)); // nothing is above all
        else if (p.Minor is not { } minor)
            _bounds.Add((">=", major + 1, 0, 0, _floor));
        else if (p.Patch is not { } patch)
            _bounds.Add((">=", major, minor + 1, 0, _floor));
        else
            _bounds.Add((">", major, minor, patch, p.Pre));
    }

    private void AddUpTo(NpmPartial p, Level level)
    {
        if (p.Major is not { } major)
            return;
        if (level == Level.Last)
            level = p.Minor is null ? Level.Major : p.Patch is null ? Level.Minor : Level.Patch;
        _bounds.Add(level switch
        {
            Level.Major => ("<", major + 1, 0, 0, Lowest),
            Level.Minor => ("<", major, (p.Minor ?? 0) + 1, 0, Lowest),
            Level.Patch => ("<", major, p.Minor ?? 0, (p.Patch ?? 0) + 1, Lowest),
            _ => ("<=", major, p.Minor ?? 0, p.Patch ?? 0, p.Pre),
        });
    }

    // The first number that is not 0 stays
    private static Level CaretLevel(NpmPartial p) => p.Major > 0 || p.Minor is null ? Level.Major
        : p.Minor > 0 || p.Patch is null ? Level.Minor
        : Level.Patch;

    private static string Text(ulong major, ulong minor, ulong patch, string pre) => pre.Length == 0 ? $"{major}.{minor}.{patch}" : $"{major}.{minor}.{patch}-{pre}";

    /// <summary>The number that an upper bound raises by one; <see cref="Last"/>: the last that is given.</summary>
    private enum Level { Exact, Major, Minor, Patch, Last }
}
