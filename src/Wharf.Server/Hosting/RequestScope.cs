using System.Diagnostics;
using System.Globalization;
using System.Net;
using Wharf.Server.Hosting.Logs;
using Wharf.Server.Hosting.Metrics;

namespace Wharf.Server.Hosting;

/// <summary>
/// Around every request: gives it an id (for the answer's X-Request-Id, its log lines and error bodies; a client's own is never
/// taken), counts and times it, writes the access log, and lets a shutdown wait for it.
/// </summary>
internal sealed partial class RequestScope(RequestDelegate next, Drain drain, HttpMetrics metrics, LoggingOptions logging, ILogger<RequestScope> logger)
{
    public const string Header = "X-Request-Id";

    public async Task InvokeAsync(HttpContext http)
    {
        var began = Stopwatch.GetTimestamp();
        http.TraceIdentifier = Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
        http.Response.Headers[Header] = http.TraceIdentifier;
        InertAnswer.Set(http.Response);
        if (http.Connection.RemoteIpAddress is { IsIPv4MappedToIPv6: true } mapped) http.Connection.RemoteIpAddress = mapped.MapToIPv4();
        Origin.Current = new Origin(http.TraceIdentifier, http.Connection.RemoteIpAddress, http.Request.Headers.UserAgent);

        var flight = drain.Enter();
        if (drain.Started && HttpProtocol.IsHttp11(http.Request.Protocol)) http.Response.Headers.Connection = "close";
        try
        {
            await next(http);
        }
        finally
        {
            flight.Leave();
            var elapsed = Stopwatch.GetElapsedTime(began);
            metrics.Record(http, elapsed);
            var level = logging.AccessLog ? LogLevel.Information : LogLevel.Debug;
            if (logger.IsEnabled(level)) Log.Access(logger, level, http.Request.Method, http.Request.Path, http.Response.StatusCode, elapsed.TotalMilliseconds, http.Connection.RemoteIpAddress);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "{Method} {Path} {Status} in {Milliseconds:F1} ms for {Address}")]
        public static partial void Access(ILogger logger, LogLevel level, string method, PathString path, int status, double milliseconds, IPAddress? address);
    }
}
