namespace Wharf.Server.Hosting.Logs;

/// <summary>One line of the log before it has a form; Values are the named ones of the message template.</summary>
internal readonly record struct LogEntry(
    DateTimeOffset At,
    LogLevel Level,
    string Category,
    string Message,
    IReadOnlyList<KeyValuePair<string, object?>>? Values,
    string? RequestId,
    Exception? Fault);
