namespace Wharf.Server.Accounts;

/// <summary>What people say of themselves (Quay's user metadata). Nobody else is shown it; null: nothing. In a change null stays as it is, and empty takes away.</summary>
internal sealed record Profile(string? GivenName = null, string? FamilyName = null, string? Company = null, string? Location = null)
{
    // Quay's columns.
    private const int MaxLength = 255;

    /// <summary>What is wrong with it, or null.</summary>
    public string? Problem => new[] { GivenName, FamilyName, Company, Location }.Any(static text => text is not null && (text.Length > MaxLength || text.Any(char.IsControl)))
        ? $"given_name, family_name, company and location have at most {MaxLength} characters each, without control characters."
        : null;

    /// <summary>What it is after a change.</summary>
    public Profile With(Profile change) => new(Of(change.GivenName, GivenName), Of(change.FamilyName, FamilyName), Of(change.Company, Company), Of(change.Location, Location));

    private static string? Of(string? change, string? former) => change is null ? former : change.Trim() is { Length: > 0 } text ? text : null;
}
