namespace Wharf.Server.Content;

/// <summary>Which part of the history of tags somebody wants to see, the last change first.</summary>
/// <param name="Count">How many rows, at most 101; there may come more than asked for.</param>
/// <param name="Name">Of this tag only.</param>
/// <param name="Part">Of tags whose names have this in them, in upper or lower case.</param>
/// <param name="LiveOnly">Only what is so now.</param>
/// <param name="After">The last row of the page before.</param>
/// <param name="Skip">How many rows of the list to pass over, for clients that count pages.</param>
internal sealed record TagQuery(int Count, string? Name = null, string? Part = null, bool LiveOnly = false, (long StartedMs, string Name)? After = null, long Skip = 0);
