using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Reports;

/// <summary>Text for people: the worst first, then what a reader must know, then the count of all.</summary>
internal static class TableReport
{
    private const int WidestColumn = 60;
    private static readonly string[] s_head = ["SEVERITY", "VULNERABILITY", "PACKAGE", "INSTALLED", "FIXED IN", "STATUS", "FEED"];

    public static void Write(ScanReport report, TextWriter to, bool colour)
    {
        var distro = report.Inventory.Distro;
        to.WriteLine($"Target  {Plain(report.Target)}");
        to.WriteLine($"Distro  {(distro is null ? "unknown" : Plain(distro.Name ?? distro.ToString()))}");
        to.WriteLine();

        var findings = report.Result.Findings
            .OrderByDescending(static f => f.Severity)
            .ThenByDescending(static f => f.Known?.Exploited is not null)
            .ThenBy(static f => f.Component.Package.Name, StringComparer.Ordinal)
            .ThenBy(static f => f.Id, StringComparer.Ordinal)
            .ToList();
        if (findings.Count > 0)
        {
            WriteRows([.. findings.Select(static f => (f.Severity, Cells(f)))], to, colour);
            to.WriteLine();
        }
        foreach (var warning in report.Result.Warnings)
            to.WriteLine($"Warning: {Plain(warning)}");
        foreach (var problem in report.Inventory.Problems)
            to.WriteLine($"Not read: {Plain(problem)}");
        to.WriteLine(Summary(report, findings));
    }

    private static string[] Cells(Finding finding) =>
    [
        finding.Severity.ToString(),
        finding.Id + (finding.Known?.Exploited is null ? "" : " (exploited)"),
        finding.Component.Package.Name,
        finding.Component.Package.Version,
        finding.FixedIn ?? "-",
        ReportWords.Of(finding.Status).Replace('_', ' '),
        finding.Feed,
    ];

    private static void WriteRows(List<(Severity Severity, string[] Cells)> rows, TextWriter to, bool colour)
    {
        foreach (var (_, cells) in rows)
        {
            for (var i = 0; i < cells.Length; i++)
                cells[i] = Plain(cells[i]);
        }
        var widths = s_head.Select((head, i) => Math.Min(WidestColumn, rows.Max(r => r.Cells[i].Length) is var widest && widest > head.Length ? widest : head.Length)).ToArray();
        to.WriteLine(Line(s_head));
        foreach (var (severity, cells) in rows)
        {
            var line = Line(cells);
            to.WriteLine(colour ? $"\e[{Colour(severity)}m{line[..widths[0]]}\e[0m{line[widths[0]..]}" : line);
        }

        string Line(string[] cells) => string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd();
    }

    private static string Summary(ScanReport report, List<Finding> findings)
    {
        var counts = findings.GroupBy(static f => f.Severity).OrderByDescending(static g => g.Key).Select(static g => $"{g.Count()} {g.Key.ToString().ToLowerInvariant()}");
        var suppressed = report.Result.Suppressed.Count;
        var packages = report.Inventory.Components.Count;
        return $"{findings.Count} {(findings.Count == 1 ? "vulnerability" : "vulnerabilities")} in {packages} {(packages == 1 ? "package" : "packages")}"
            + (findings.Count > 0 ? $": {string.Join(", ", counts)}" : "")
            + (suppressed > 0 ? $"; {suppressed} suppressed" : "");
    }

    private static string Colour(Severity severity) => severity switch
    {
        Severity.Critical => "1;31",
        Severity.High => "31",
        Severity.Medium => "33",
        Severity.Low => "36",
        _ => "90",
    };

    // Names come from images: they must not steer the terminal
    private static string Plain(string text) => string.Create(text.Length, text, static (plain, text) =>
    {
        for (var i = 0; i < plain.Length; i++)
            plain[i] = char.IsControl(text[i]) || char.GetUnicodeCategory(text[i]) == System.Globalization.UnicodeCategory.Format ? '?' : text[i];
    });
}
