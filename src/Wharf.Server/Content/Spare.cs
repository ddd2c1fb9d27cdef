namespace Wharf.Server.Content;

/// <summary>Tags that no policy ends, whatever it says.</summary>
/// <param name="Why">For a person; a constant of the program without quotes.</param>
/// <param name="Condition">SQL over the row <c>t</c> of the table tag, which may use @ns and @repo.</param>
internal sealed record Spare(string Why, string Condition, (string Name, object? Value)[] Args);
