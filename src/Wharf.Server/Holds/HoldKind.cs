namespace Wharf.Server.Holds;

/// <summary>What a legal hold is on.</summary>
internal enum HoldKind
{
    /// <summary>All that a tag names and has named.</summary>
    Tag,

    Repository,

    Organization,

    /// <summary>An account with its own namespace, and what names it in the audit trail.</summary>
    Person,

    /// <summary>A time of the audit trail.</summary>
    Audit,
}
