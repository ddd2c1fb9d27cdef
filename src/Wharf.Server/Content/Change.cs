using Wharf.Oci;
using Wharf.Server.Auth;

namespace Wharf.Server.Content;

/// <summary>A change of a repository's content that is about to be made, as the rules see it (<see cref="IChangeRule"/>).</summary>
/// <param name="Access">The repository; for a push it may not exist yet.</param>
internal sealed record Change(ChangeKind Kind, Principal By, RepositoryAccess Access)
{
    /// <summary>The tags that begin, move, end or are purged.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>What the tags are to name, or the manifest or blob that comes or goes; null where there is none, or more than one.</summary>
    public Digest? Digest { get; init; }

    /// <summary>Whether the time at which the tags end is set or taken away.</summary>
    public bool SetsExpiry { get; init; }

    /// <summary>How large the content is that comes.</summary>
    public long Bytes { get; init; }
}

internal enum ChangeKind
{
    /// <summary>The bytes of a blob are about to come, or go on coming. Nothing is changed yet.</summary>
    Upload,

    /// <summary>A blob is uploaded or mounted.</summary>
    LinkBlob,

    /// <summary>A manifest is pushed, with or without tags.</summary>
    PutManifest,

    /// <summary>A tag is pointed at a manifest of the repository, by the API or by a restoration.</summary>
    MoveTag,
    EndTag,

    /// <summary>The time at which a tag ends is set or taken away.</summary>
    ExpireTag,

    /// <summary>What a tag named goes for good, out of the time machine.</summary>
    PurgeTag,

    DeleteManifest,
    DeleteBlob,

    /// <summary>Many tags go back to where they were at a time.</summary>
    Rewind,

    /// <summary>A policy ends tags.</summary>
    Prune,
}
