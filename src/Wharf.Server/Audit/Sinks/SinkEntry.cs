namespace Wharf.Server.Audit.Sinks;

/// <param name="Id">The same each time that it is sent.</param>
/// <param name="Failed">Whether it tells of something that was refused.</param>
/// <param name="Json">One line of JSON, without line ends.</param>
internal sealed record SinkEntry(string Id, DateTimeOffset At, string Kind, bool Failed, string Json);
