namespace Wharf.Server.Holds;

/// <summary>A legal hold.</summary>
/// <param name="OfOrganization">Whether admins of the organization set it, as their own affair; superusers set the others.</param>
/// <param name="Reason">Why, for those whose affair it is.</param>
/// <param name="SetBy">Null for the operator, at the command line.</param>
/// <param name="LiftedMs">Null: it holds.</param>
internal sealed record Hold(
    string Id, HoldKind Kind, bool OfOrganization, string? Namespace, string? Repository, string? Tag, long? FromMs, long? ToMs, string Reason, string CaseReference,
    long SetById, string? SetBy, long SetMs, string? LiftedBy, long? LiftedMs);
