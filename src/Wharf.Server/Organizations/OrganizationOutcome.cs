namespace Wharf.Server.Organizations;

/// <summary>What became of a change to an organization: done, or why not, in words for a person.</summary>
/// <param name="Problem">Null when it was done.</param>
/// <param name="Unknown">Whether what it was about does not exist, rather than the change being refused.</param>
internal readonly record struct OrganizationOutcome(string? Problem, bool Unknown)
{
    public static readonly OrganizationOutcome Done;

    /// <summary>Deleted since the gate let the request through.</summary>
    public static readonly OrganizationOutcome Gone = NotFound("The organization has been deleted.");

    public static readonly OrganizationOutcome LastAdmin = Refused("The organization would be left without an admin; make somebody else one first.");

    public static OrganizationOutcome NotFound(string what) => new(what, true);

    public static OrganizationOutcome Refused(string why) => new(why, false);
}
