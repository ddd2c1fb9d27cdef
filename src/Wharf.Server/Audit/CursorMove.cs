namespace Wharf.Server.Audit;

/// <summary>A reader that goes on together with what it writes.</summary>
internal readonly record struct CursorMove(string Name, long From, long To);
