namespace Wharf.Server.Recovery;

/// <summary>A line of the journal: a row as it is now, or a condition whose rows went.</summary>
internal readonly record struct JournalEntry(JournalTable Table, object?[]? Row, (string Column, object Value)[]? Cleared);
