namespace Wharf.Server.Hosting.Logs;

internal enum LogFormat
{
    /// <summary>Text on a terminal, JSON elsewhere.</summary>
    Auto,

    /// <summary>A line that reads well.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}
