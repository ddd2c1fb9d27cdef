using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace Wharf.Server.Hosting.Logs;

/// <summary>Writes the log to standard error, a whole line at a time, before the call returns: the last words of a process are not lost.</summary>
internal sealed class LogWriter : ILoggerProvider
{
    private readonly Lock _line = new();
    private readonly Stream _to;
    private readonly LogLevel _level;
    private readonly Func<LogEntry, string> _format;
    private readonly TimeProvider _time;

    public LogWriter(LoggingOptions options, TimeProvider time)
        : this(Console.OpenStandardError(), options.Level, Formatter(options.Format), time)
    {
    }

    internal LogWriter(Stream to, LogLevel level, Func<LogEntry, string> format, TimeProvider time) => (_to, _level, _format, _time) = (to, level, format, time);

    public ILogger CreateLogger(string categoryName)
    {
        var framework = categoryName.StartsWith("Microsoft.", StringComparison.Ordinal) || categoryName.StartsWith("System.", StringComparison.Ordinal);
        var level = framework && _level == LogLevel.Information ? LogLevel.Warning : _level;
        // It tells of each request with its query, where clients put secrets; the access log has the path.
        if (categoryName == "Microsoft.AspNetCore.Hosting.Diagnostics" && level < LogLevel.Warning) level = LogLevel.Warning;
        return level == LogLevel.None ? NullLogger.Instance : new Category(this, categoryName, level);
    }

    public void Dispose() => _to.Dispose();

    private static Func<LogEntry, string> Formatter(LogFormat format)
    {
        if (format == LogFormat.Json || (format == LogFormat.Auto && Console.IsErrorRedirected)) return JsonLine.Format;
        var color = !Console.IsErrorRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return entry => TextLine.Format(entry, color);
    }

    private void Write(in LogEntry entry)
    {
        var bytes = Encoding.UTF8.GetBytes(_format(entry));
        try
        {
            lock (_line) _to.Write(bytes);
        }
        catch (IOException)
        {
            // Whoever read our standard error is gone; there is nowhere left to say so.
        }
    }

    private sealed class Category(LogWriter writer, string name, LogLevel level) : ILogger
    {
        private readonly string _name = name[(name.LastIndexOf('.') + 1)..];

        public bool IsEnabled(LogLevel logLevel) => logLevel >= level && logLevel != LogLevel.None;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            writer.Write(new LogEntry(writer._time.GetUtcNow(), logLevel, _name, formatter(state, exception),
                state as IReadOnlyList<KeyValuePair<string, object?>>, Origin.Current?.RequestId, exception));
        }
    }
}
