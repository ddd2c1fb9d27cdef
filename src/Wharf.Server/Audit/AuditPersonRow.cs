namespace Wharf.Server.Audit;

/// <param name="Ref">The hash of all the others, which is what lines hold.</param>
/// <param name="Value">JSON: name, ip, ua.</param>
internal sealed record AuditPersonRow(byte[] Ref, long AccountId, byte[] Salt, string Value);
