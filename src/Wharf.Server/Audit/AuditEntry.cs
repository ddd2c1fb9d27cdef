using Wharf.Oci;

namespace Wharf.Server.Audit;

/// <summary>One thing that happened, before it is written.</summary>
/// <param name="Kind">One of Quay's kinds (docs/audit.md), or one of ours in the same style.</param>
/// <param name="NamespaceId">Whose logs it belongs to; 0 for the registry's own.</param>
/// <param name="Who">Who did it.</param>
internal sealed record AuditEntry(string Kind, AuditClass Class, long AtMs, long NamespaceId, long? RepositoryId, AuditPerson Who)
{
    public const string Success = "success";

    /// <summary>success, or the status that was answered.</summary>
    public string Outcome { get; init; } = Success;

    public Digest? Digest { get; init; }

    /// <summary>Whom it was done to.</summary>
    public AuditPerson? About { get; init; }

    /// <summary>A JSON object of Quay's metadata, without what names a person; null for none.</summary>
    public string? Metadata { get; init; }
}
