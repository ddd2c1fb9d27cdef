namespace Wharf.Server.Audit;

/// <summary>An entry as its row has it: the line, and what of it the database looks up by.</summary>
internal sealed record AuditRow(long N, int I, long AtMs, int Class, string Kind, long NamespaceId, long? RepositoryId, long PerformerId, long? AboutId, long? DigestKey, byte[] Line, int Day);
