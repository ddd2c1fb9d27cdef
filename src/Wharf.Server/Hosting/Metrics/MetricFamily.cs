using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Wharf.Server.Hosting.Metrics;

/// <summary>All series of one instrument, in Prometheus' words. At most <see cref="MaxSeries"/>: what comes after is summed as <c>other</c>.</summary>
internal sealed class MetricFamily
{
    public const int MaxSeries = 2000;

    private static readonly double[] s_buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series> _series = new(TagsComparer.Instance);
    private readonly ConcurrentDictionary<KeyValuePair<string, object?>[], Series>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _bySpan;
    private readonly double[] _bounds = [];
    private readonly string _type;
    private readonly string? _help;
    private readonly bool _absolute;

    public MetricFamily(Instrument instrument)
    {
        _bySpan = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        var generic = instrument.GetType().IsGenericType ? instrument.GetType().GetGenericTypeDefinition() : null;
        var counts = generic == typeof(Counter<>) || generic == typeof(ObservableCounter<>);
        var measures = generic == typeof(Histogram<>);
        _type = counts ? "counter" : measures ? "histogram" : "gauge";
        // Observed instruments and gauges tell their value, the others how much it changed.
        _absolute = instrument.IsObservable || generic == typeof(Gauge<>);
        _help = instrument.Description;
        Name = NameOf(instrument, counts);
        if (measures) _bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } ? [.. advised] : s_buckets;
    }

    public string Name { get; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(tags);
        lock (series)
        {
            if (_type == "histogram")
            {
                var bucket = Array.FindIndex(_bounds, b => value <= b);
                series.Buckets[bucket < 0 ? _bounds.Length : bucket]++;
                series.Count++;
                series.Value += value;
            }
            else
            {
                series.Value = _absolute ? value : series.Value + value;
            }
        }
    }

    public void WriteTo(StringBuilder text)
    {
        if (_series.IsEmpty) return;
        if (!string.IsNullOrEmpty(_help)) text.Append("# HELP ").Append(Name).Append(' ').Append(EscapeHelp(_help)).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(_type).Append('\n');
        foreach (var series in _series.Values.OrderBy(s => s.Labels, StringComparer.Ordinal))
        {
            lock (series)
            {
                if (_type == "histogram") WriteHistogram(text, series);
                else WriteLine(text, "", series.Labels, series.Value);
            }
        }
    }

    internal static string EscapeLabel(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string EscapeHelp(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (_bySpan.TryGetValue(tags, out var known)) return known;
        var key = tags.ToArray();
        if (_series.Count >= MaxSeries)
        {
            for (var i = 0; i < key.Length; i++) key[i] = new(key[i].Key, "other");
        }

        return _series.GetOrAdd(key, static (tags, buckets) => new Series(Labels(tags), buckets), _type == "histogram" ? _bounds.Length + 1 : 0);
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0) return "";
        var labels = new StringBuilder();
        foreach (var (name, value) in tags)
        {
            if (labels.Length > 0) labels.Append(',');
            labels.Append(Sanitize(name)).Append("=\"").Append(EscapeLabel(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "")).Append('"');
        }

        return labels.ToString();
    }

    private void WriteHistogram(StringBuilder text, Series series)
    {
        var labels = series.Labels;
        var separator = labels.Length > 0 ? "," : "";
        var sum = 0L;
        for (var i = 0; i <= _bounds.Length; i++)
        {
            sum += series.Buckets[i];
            var bound = i < _bounds.Length ? _bounds[i].ToString("R", CultureInfo.InvariantCulture) : "+Inf";
            WriteLine(text, "_bucket", $"{labels}{separator}le=\"{bound}\"", sum);
        }

        WriteLine(text, "_sum", labels, series.Value);
        WriteLine(text, "_count", labels, series.Count);
    }

    private void WriteLine(StringBuilder text, string suffix, string labels, double value)
    {
        text.Append(Name).Append(suffix);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string NameOf(Instrument instrument, bool counts)
    {
        var name = Sanitize(instrument.Name);
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (unit.Length > 0 && !name.EndsWith(unit, StringComparison.Ordinal)) name += unit;
        return counts && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static string Sanitize(string name) =>
        string.Concat(name.Select((c, i) => char.IsAsciiLetter(c) || c == '_' || (char.IsAsciiDigit(c) && i > 0) ? c : '_'));

    private sealed class Series(string labels, int buckets)
    {
        public string Labels => labels;

        public long[] Buckets { get; } = new long[buckets];

        public long Count { get; set; }

        public double Value { get; set; }
    }
}
