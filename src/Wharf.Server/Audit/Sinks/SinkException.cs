namespace Wharf.Server.Audit.Sinks;

/// <summary>A delivery failed; the message is for the log and names no secret.</summary>
internal sealed class SinkException(string message, Exception? inner = null) : Exception(message, inner);
