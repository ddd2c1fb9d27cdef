namespace Wharf.Server.Audit;

/// <param name="Who">Null when the person was erased.</param>
/// <param name="GrantedBy">Who gave a robot the role that it used, as they are called now.</param>
/// <param name="Namespace">The namespace as it is called now; null for the registry's own entries.</param>
internal sealed record LogEntry(LogPlace Place, AuditLine Line, AuditPersonRow? Who, AuditPersonRow? About, (string Name, bool IsOrganization)? Namespace, string? GrantedBy);
