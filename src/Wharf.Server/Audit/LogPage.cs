namespace Wharf.Server.Audit;

/// <param name="Next">What <see cref="LogQuery.Before"/> is for the next page; null on the last one.</param>
internal sealed record LogPage(IReadOnlyList<LogEntry> Entries, LogPlace? Next);
