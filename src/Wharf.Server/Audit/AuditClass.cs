namespace Wharf.Server.Audit;

/// <summary>Why an entry is there; kept as a number.</summary>
internal enum AuditClass
{
    /// <summary>Something was read, a pull before all.</summary>
    Read = 0,

    /// <summary>Something was changed.</summary>
    Change = 1,

    /// <summary>Somebody signed in or out, or was refused.</summary>
    Access = 2,
}
