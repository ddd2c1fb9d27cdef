namespace Wharf.Scanner.Reports;

internal sealed record JsonFeed(string Name, string Revision, DateTimeOffset Date);
