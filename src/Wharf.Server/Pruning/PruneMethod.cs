namespace Wharf.Server.Pruning;

internal enum PruneMethod
{
    /// <summary>All but the newest so many.</summary>
    NumberOfTags,

    /// <summary>Tags that have named what they name for so long.</summary>
    CreationDate,

    /// <summary>Tags that nobody has pulled for so long, and that are not younger.</summary>
    LastPulled,

    /// <summary>Manifests that have had no tag for so long.</summary>
    Untagged,
}
