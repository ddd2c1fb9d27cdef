using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Wharf.Server.Hosting.Metrics;

namespace Wharf.Tests.Hosting;

public sealed class MetricsTests : IDisposable
{
    private readonly Meter _meter = new("Wharf.Test");
    private readonly MetricsPage _page = new();

    public void Dispose()
    {
        _page.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Each_kind_of_instrument_is_written_in_prometheus_words()
    {
        _meter.CreateCounter<long>("wharf.test.things", "By", "Things\nof \\ all kinds.").Add(3, new("kind", "a"), new("state", 2));
        _meter.CreateUpDownCounter<int>("wharf.test.open").Add(-2);
        _meter.CreateObservableGauge("wharf.test.depth", () => new Measurement<double>(1.5, new KeyValuePair<string, object?>("queue", "gc")));
        _meter.CreateObservableCounter("wharf.test.total", () => 42L);
        var histogram = _meter.CreateHistogram("wharf.test.time", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.1, 0.5, 7 }) histogram.Record(value);

        var text = _page.Write();

        Assert.Contains("# HELP wharf_test_things_bytes_total Things\\nof \\\\ all kinds.\n# TYPE wharf_test_things_bytes_total counter\nwharf_test_things_bytes_total{kind=\"a\",state=\"2\"} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE wharf_test_open gauge\nwharf_test_open -2\n", text, StringComparison.Ordinal);
        Assert.Contains("wharf_test_depth{queue=\"gc\"} 1.5\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE wharf_test_total counter\nwharf_test_total 42\n", text, StringComparison.Ordinal);
        Assert.Contains("""
            # TYPE wharf_test_time_seconds histogram
            wharf_test_time_seconds_bucket{le="0.1"} 1
            wharf_test_time_seconds_bucket{le="1"} 2
            wharf_test_time_seconds_bucket{le="+Inf"} 3
            wharf_test_time_seconds_sum 7.6
            wharf_test_time_seconds_count 3

            """, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Label_values_are_escaped()
    {
        _meter.CreateCounter<long>("wharf.test.escaped").Add(1, new KeyValuePair<string, object?>("a.b-c", "quote \" slash \\ line\nend"));

        Assert.Contains("wharf_test_escaped_total{a_b_c=\"quote \\\" slash \\\\ line\\nend\"} 1\n", _page.Write(), StringComparison.Ordinal);
    }

    [Fact]
    public void Series_are_bounded_and_nothing_is_lost_beyond()
    {
        var counter = _meter.CreateCounter<long>("wharf.test.many");
        for (var i = 0; i < MetricFamily.MaxSeries + 500; i++) counter.Add(1, new KeyValuePair<string, object?>("id", i));

        var lines = _page.Write().Split('\n').Where(l => l.StartsWith("wharf_test_many_total{", StringComparison.Ordinal)).ToArray();

        Assert.Equal(MetricFamily.MaxSeries + 1, lines.Length);
        Assert.Contains("wharf_test_many_total{id=\"other\"} 500", lines);
    }

    [Fact]
    public async Task Parallel_measurements_are_all_counted()
    {
        var counter = _meter.CreateCounter<long>("wharf.test.parallel");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 25_000; i++) counter.Add(1, new KeyValuePair<string, object?>("of", i % 10));
        })));

        var sum = _page.Write().Split('\n').Where(l => l.StartsWith("wharf_test_parallel_total{", StringComparison.Ordinal)).Sum(l => long.Parse(l.Split(' ')[1], CultureInfo.InvariantCulture));
        Assert.Equal(100_000, sum);
    }

    [Fact]
    public async Task Requests_are_counted_by_route_template_whatever_clients_send()
    {
        await using var wharf = await HostedWharf.StartAsync(app => app.MapMethods("/things/{id}", ["GET"], (RequestDelegate)(http => http.Response.WriteAsync("here"))));
        for (var i = 0; i < 3; i++) await wharf.Client.GetStringAsync($"/things/{i}", TestContext.Current.CancellationToken);
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(new HttpMethod($"ODD{i}"), $"/nothing/{i}");
            using var answer = await wharf.Client.SendAsync(request, TestContext.Current.CancellationToken);
        }

        // The count of a request is written after its answer.
        await Eventually.IsTrueAsync(async () =>
        {
            var text = await wharf.Client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
            return text.Contains("wharf_http_requests_total{method=\"GET\",route=\"/things/{id}\",status=\"200\"} 3\n", StringComparison.Ordinal)
                && text.Contains("wharf_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 3\n", StringComparison.Ordinal)
                && text.Contains("wharf_http_request_duration_seconds_count{method=\"GET\",route=\"/things/{id}\"} 3\n", StringComparison.Ordinal);
        }, "the requests are counted");
    }

    [Fact]
    public async Task The_page_is_the_text_format_and_shows_the_process()
    {
        await using var wharf = await RunningWharf.StartAsync();

        using var answer = await wharf.Client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        foreach (var name in new[] { "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_start_time_seconds", "wharf_build_info", "dotnet_gc_collections_total" })
        {
            Assert.Contains($"\n# TYPE {name} ", text, StringComparison.Ordinal);
        }

        Assert.All(text.TrimEnd('\n').Split('\n'), line => Assert.Matches(@"^(# (HELP|TYPE) [a-zA-Z_][a-zA-Z0-9_]* .+|[a-zA-Z_][a-zA-Z0-9_]*(\{([a-zA-Z_][a-zA-Z0-9_]*=""([^""\\\n]|\\.)*"",?)+\})? -?([0-9.]+(E[+-]?[0-9]+)?|Inf|NaN))$", line));
        Assert.Equal(text.Split('\n').Count(l => l.StartsWith("# TYPE", StringComparison.Ordinal)), text.Split('\n').Where(l => l.StartsWith("# TYPE", StringComparison.Ordinal)).Distinct().Count());
    }
}
