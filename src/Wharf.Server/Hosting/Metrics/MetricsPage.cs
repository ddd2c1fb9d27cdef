using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Wharf.Server.Hosting.Metrics;

/// <summary>
/// Collects every meter of ours (<c>Wharf.</c>) and of the runtime, and writes them as Prometheus text
/// (exposition format 0.0.4). A slice makes a <see cref="Meter"/> whose name begins with <c>Wharf.</c>; nothing is to be registered.
/// </summary>
internal sealed class MetricsPage : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);

    public MetricsPage()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (!instrument.Meter.Name.StartsWith("Wharf.", StringComparison.Ordinal) && instrument.Meter.Name != "System.Runtime") return;
            var family = new MetricFamily(instrument);
            listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(family.Name, family));
        };
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => ((MetricFamily)family!).Record(value, tags));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, family) => ((MetricFamily)family!).Record((double)value, tags));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        WriteProcess(text);
        foreach (var (_, family) in _families.OrderBy(f => f.Key, StringComparer.Ordinal)) family.WriteTo(text);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void WriteProcess(StringBuilder text)
    {
        using var process = Process.GetCurrentProcess();
        Line("process_resident_memory_bytes", "gauge", "Resident memory.", Environment.WorkingSet);
        Line("process_cpu_seconds_total", "counter", "User and system CPU time spent.", Environment.CpuUsage.TotalTime.TotalSeconds);
        Line("process_open_fds", "gauge", "Open file descriptors.", Directory.GetFileSystemEntries("/proc/self/fd").Length);
        Line("process_start_time_seconds", "gauge", "Start of the process, seconds since 1970.", new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0);
        text.Append(CultureInfo.InvariantCulture,
            $"# HELP wharf_build_info Version and commit of this process.\n# TYPE wharf_build_info gauge\nwharf_build_info{{version=\"{MetricFamily.EscapeLabel(BuildInfo.Version)}\",commit=\"{MetricFamily.EscapeLabel(BuildInfo.Commit)}\"}} 1\n");

        void Line(string name, string type, string help, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value:R}\n");
    }
}
