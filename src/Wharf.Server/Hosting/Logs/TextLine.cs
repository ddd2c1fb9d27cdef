using System.Globalization;
using System.Text;

namespace Wharf.Server.Hosting.Logs;

/// <summary>The log as a person reads it: <c>12:00:00.123 info  Content: Stored ... [request]</c>.</summary>
internal static class TextLine
{
    public static string Format(LogEntry entry, bool color)
    {
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"{entry.At.ToLocalTime():HH:mm:ss.fff} ");
        var (name, paint) = entry.Level switch
        {
            LogLevel.Trace => ("trace", "90"),
            LogLevel.Debug => ("debug", "90"),
            LogLevel.Information => ("info ", "32"),
            LogLevel.Warning => ("warn ", "33"),
            LogLevel.Error => ("error", "31"),
            _ => ("fatal", "35"),
        };
        line.Append(color ? $"\u001b[{paint}m{name}\u001b[0m " : name + " ");
        line.Append(entry.Category).Append(": ");
        AppendSafe(line, entry.Message);
        if (entry.RequestId is { } id) line.Append(" [").Append(id).Append(']');
        line.Append('\n');
        if (entry.Fault is { } fault)
        {
            foreach (var part in fault.ToString().Split('\n'))
            {
                line.Append("    ");
                AppendSafe(line, part.TrimEnd('\r'));
                line.Append('\n');
            }
        }

        return line.ToString();
    }

    // Messages hold what clients sent: a line feed would forge a line, an escape would command the terminal (CWE-117, CWE-150).
    private static void AppendSafe(StringBuilder line, string text)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029' || DirectionMarks.All.Contains(c)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else line.Append(c);
        }
    }
}
