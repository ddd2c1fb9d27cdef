using System.Globalization;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Debian's lists of security advisories, DSA/list and DLA/list of the tracker's repository (https://security-team.debian.org/security_tracker.html):
/// <code>
/// [29 Mar 2023] DSA-5380-1 xorg-server - security update
///     {CVE-2023-1393}
///     [bullseye] - xorg-server 2:1.20.11-1+deb11u6
///     NOTE: fixed in testing at time of DSA
/// </code>
/// Each version below the one that fixes is affected; where several advisories fix a CVE (the first fix was not whole), each says so for itself. An update that
/// mends no vulnerability is left out: what an earlier one broke (DSA-4539-3), new time zones.
/// </summary>
public static class DebianLists
{
    private const int MaxRows = 10_000; // of one advisory; the most that there are is 30
    private static readonly string[] s_otherUpdates = ["regression", "timezone", "bugfix", "new upstream version"];

    /// <exception cref="InvalidDataException">A line is too long to be one of such a list.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        Advisory? advisory = null;
        var affected = new List<Affected>();
        foreach (var line in Lines.Read(stream))
        {
            if (line.StartsWith('['))
            {
                if (Whole() is { } previous)
                    yield return previous;
                advisory = Head(line);
                affected = [];
                if (advisory is null)
                    problem?.Invoke($"{path}: not the head of an advisory: {Words.Summary(line)}");
            }
            else if (advisory is not null)
            {
                var said = line.Trim();
                if (said.StartsWith('{'))
                    advisory = advisory with { Fixes = [.. Cve.In(said)] };
                else if (said.StartsWith('[') && affected.Count < MaxRows)
                    AddRow(said);
            }
        }
        if (Whole() is { } last)
            yield return last;

        Advisory? Whole() => advisory is null || affected.Count == 0 || MendsNothing(advisory) ? null : advisory with { Affected = affected };

        void AddRow(string said)
        {
            if (Row(said) is { } row)
                affected.Add(row);
            else
                problem?.Invoke($"{path}: {advisory!.Id}: not understood: {Words.Summary(said)}");
        }
    }

    private static bool MendsNothing(Advisory advisory) =>
        advisory.Fixes.Count == 0 && Array.Exists(s_otherUpdates, word => advisory.Summary?.Contains(word, StringComparison.OrdinalIgnoreCase) == true);

    private static Advisory? Head(string line)
    {
        var end = line.IndexOf(']', StringComparison.Ordinal);
        var words = line[(end + 1)..].Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (end < 0 || words.Length < 2 || !Words.IsWord(words[0]))
            return null;
        return new Advisory
        {
            Id = words[0],
            Summary = Words.Summary($"{words[1]} {words.ElementAtOrDefault(2)}"),
            Links = [$"https://security-tracker.debian.org/tracker/{words[0]}"],
            Published = DateTimeOffset.TryParseExact(line.AsSpan(1, end - 1), "d MMM yyyy", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day)
                ? day
                : null,
            Affected = [],
        };
    }

    // [codename] - source version (note)
    private static Affected? Row(string said)
    {
        var end = said.IndexOf(']', StringComparison.Ordinal);
        var words = said[(end + 1)..].Split(' ', 4, StringSplitOptions.RemoveEmptyEntries);
        if (end < 0 || words is not ["-", var package, var version, ..] || !Words.IsWord(said[1..end]) || !Words.IsWord(package) || !Words.IsWord(version))
            return null;
        Status? status = version switch
        {
            "<not-affected>" => Status.NotAffected,
            "<end-of-life>" => Status.EndOfLife,
            "<ignored>" => Status.WontFix,
            "<undetermined>" => Status.UnderInvestigation,
            "<unfixed>" or "<no-dsa>" or "<postponed>" => Status.Affected,
            _ when version.StartsWith('<') => null,
            _ => Status.Affected,
        };
        return status is null ? null : new Affected
        {
            Ecosystem = DebianRelease.Ecosystem(said[1..end]),
            Name = package,
            Status = status.Value,
            Ranges = version.StartsWith('<') ? [] : [new VersionRange(null, version)],
            Note = words is [_, _, _, var note] ? Words.Summary(note.Trim('(', ')')) : null,
        };
    }
}
