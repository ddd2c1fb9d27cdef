namespace Wharf.Server.Repositories;

internal enum RestoreOutcome
{
    Restored,

    /// <summary>Nothing of that name was deleted, or so long ago that it cannot be had back.</summary>
    Unknown,

    /// <summary>A new repository has the name.</summary>
    NameTaken,
}
