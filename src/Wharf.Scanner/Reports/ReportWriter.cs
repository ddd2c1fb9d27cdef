using System.Text.Encodings.Web;
using System.Text.Json;
using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Reports;

/// <summary>Writes what a scan says. The same report and time give the same bytes.</summary>
public static class ReportWriter
{
    // Nothing is put into HTML here; + of versions stays as it is
    private static readonly JsonWriterOptions s_options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="to">Stays open.</param>
    /// <param name="now">When the scan was; CycloneDX and SPDX say it.</param>
    /// <param name="colour">Only of the table: with the escape codes of terminals.</param>
    public static void Write(ScanReport report, ReportFormat format, Stream to, DateTimeOffset now, bool colour = false)
    {
        if (format == ReportFormat.Table)
        {
            using var text = new StreamWriter(to, leaveOpen: true) { NewLine = "\n" };
            TableReport.Write(report, text, colour);
            return;
        }

        using (var json = new Utf8JsonWriter(to, s_options))
        {
            switch (format)
            {
                case ReportFormat.Json:
                    JsonReport.Write(report, json);
                    break;
                case ReportFormat.Sarif:
                    SarifReport.Write(report, json);
                    break;
                case ReportFormat.CycloneDx:
                    CycloneDxReport.Write(report, json, now);
                    break;
                case ReportFormat.Spdx:
                    SpdxReport.Write(report, json, now);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(format), format, null);
            }
        }
        to.WriteByte((byte)'\n');
    }
}
