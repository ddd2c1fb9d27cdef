using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Wharf.Server.Hosting.Logs;

/// <summary>The log as programs read it: one object a line with <c>at</c>, <c>level</c>, <c>category</c>, <c>message</c>, <c>request</c>, <c>values</c> and <c>fault</c>.</summary>
internal static class JsonLine
{
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static string Format(LogEntry entry)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            json.WriteString("at", entry.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("level", entry.Level switch
            {
                LogLevel.Information => "info",
                LogLevel.Warning => "warn",
                LogLevel.Critical => "fatal",
                var other => other.ToString().ToLowerInvariant(),
            });
            json.WriteString("category", entry.Category);
            json.WriteString("message", entry.Message);
            if (entry.RequestId is { } id) json.WriteString("request", id);
            if (entry.Values is { Count: > 1 } values) WriteValues(json, values);
            if (entry.Fault is { } fault) json.WriteString("fault", fault.ToString());
            json.WriteEndObject();
        }

        var line = Encoding.UTF8.GetString(buffer.WrittenSpan);
        return (line.AsSpan().ContainsAny(DirectionMarks.All) ? Escape(line) : line) + "\n";
    }

    // They stand in strings only, and an escape there is the same text.
    private static string Escape(string line)
    {
        var escaped = new StringBuilder();
        foreach (var c in line)
        {
            if (DirectionMarks.All.Contains(c)) escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else escaped.Append(c);
        }
        return escaped.ToString();
    }

    private static void WriteValues(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        json.WriteStartObject("values");
        foreach (var (name, value) in values)
        {
            if (name == "{OriginalFormat}") continue;
            switch (value)
            {
                case null: json.WriteNull(name); break;
                case bool flag: json.WriteBoolean(name, flag); break;
                case int number: json.WriteNumber(name, number); break;
                case long number: json.WriteNumber(name, number); break;
                case double number when double.IsFinite(number): json.WriteNumber(name, number); break;
                default: json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture)); break;
            }
        }

        json.WriteEndObject();
    }
}
