using System.Diagnostics.Metrics;
using System.Globalization;

namespace Wharf.Server.Hosting.Metrics;

/// <summary>Counts and times requests by method, route template and status: none of these grows with what clients send.</summary>
internal sealed class HttpMetrics : IDisposable
{
    private static readonly string[] s_methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    private readonly Meter _meter = new("Wharf.Http");
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _durations;

    public HttpMetrics()
    {
        _requests = _meter.CreateCounter<long>("wharf.http.requests", description: "Requests answered.");
        _durations = _meter.CreateHistogram("wharf.http.request.duration", "s", "Time from the request line to the end of the answer.", advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
        });
    }

    public void Record(HttpContext http, TimeSpan elapsed)
    {
        var method = new KeyValuePair<string, object?>("method", Array.Find(s_methods, http.Request.Method.Equals) ?? "other");
        var route = new KeyValuePair<string, object?>("route", (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none");
        _requests.Add(1, method, route, new("status", http.Response.StatusCode.ToString(CultureInfo.InvariantCulture)));
        _durations.Record(elapsed.TotalSeconds, method, route);
    }

    public void Dispose() => _meter.Dispose();
}
