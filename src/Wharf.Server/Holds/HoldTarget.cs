namespace Wharf.Server.Holds;

/// <summary>What a legal hold is to be on. The syntax of the names is checked.</summary>
/// <param name="Namespace">Empty for a time of the audit trail.</param>
/// <param name="FromMs">Of the audit trail, from this time up to, and without, <paramref name="ToMs"/>.</param>
internal sealed record HoldTarget(HoldKind Kind, string Namespace = "", string? Repository = null, string? Tag = null, long? FromMs = null, long? ToMs = null);
