namespace Wharf.Server.Hosting.Logs;

/// <summary>The section <c>Logging</c>. Logs go to standard error.</summary>
internal sealed class LoggingOptions
{
    /// <summary>The least important level that is written. The framework's own lines appear from Warning on, or with Debug and Trace.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;

    public LogFormat Format { get; set; }

    /// <summary>Whether each request is one line at Information; otherwise it is one at Debug.</summary>
    public bool AccessLog { get; set; }
}
