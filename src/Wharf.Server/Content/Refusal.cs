using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>Why a change of content was not made. Nothing of it is visible then.</summary>
/// <param name="Digest">The content that the refusal is about, where there is one.</param>
/// <param name="Message">For kinds that need more than their name: what is wrong, for a person.</param>
internal sealed record Refusal(RefusalKind Kind, Digest Digest = default, string? Message = null)
{
    public static readonly Refusal NamespaceGone = new(RefusalKind.NamespaceGone);
    public static readonly Refusal ReadOnly = new(RefusalKind.ReadOnly);
    /// <summary>What a rule remembered is not so any more; it looks again (<see cref="IChangeRule"/>).</summary>
    public static readonly Refusal RuleChanged = new(RefusalKind.RuleChanged);
    public static readonly Refusal UploadTaken = new(RefusalKind.UploadTaken);

    /// <summary>Quay's words, and what would be right.</summary>
    /// <param name="operation">What was to be done with the tag: delete, overwrite, set expiration on.</param>
    public static Refusal Immutable(string operation, string? tag) => new(RefusalKind.Immutable, default,
        $"Cannot {operation} immutable tag{(tag is null ? "" : $" '{tag}'")}. An administrator of the repository can make it changeable.");
}

internal enum RefusalKind
{
    /// <summary>The namespace has gone, or the name has become someone else's, since permission was decided.</summary>
    NamespaceGone,

    /// <summary>The repository's state lets nobody change its content.</summary>
    ReadOnly,

    /// <summary>Another request has claimed the upload since.</summary>
    UploadTaken,

    BlobUnknown,

    /// <summary>A manifest names a blob that the repository does not have.</summary>
    ReferencedBlobUnknown,

    /// <summary>An index names a manifest that the repository does not have.</summary>
    ChildUnknown,

    /// <summary>A descriptor's size is not the one of the stored content.</summary>
    SizeMismatch,

    ManifestUnknown,
    TagUnknown,

    /// <summary>A manifest of the repository still names the blob.</summary>
    StillReferenced,

    /// <summary>There are as many of them as there can be.</summary>
    TooMany,

    /// <summary>Somebody has a lease on the manifest.</summary>
    Leased,

    /// <summary>A tag was to end at a time that is over.</summary>
    ExpiryPassed,

    /// <summary>A rule about the change changed while it was made, again and again.</summary>
    RuleChanged,

    /// <summary>The tag is immutable, or the manifest is one that an immutable tag names.</summary>
    Immutable,

    /// <summary>The tag expires, and so cannot become immutable.</summary>
    Expiring,

    /// <summary>What was asked for is for administrators of the repository.</summary>
    NotAdministrator,

    /// <summary>There is no room in a quota.</summary>
    OverQuota,

    /// <summary>Somebody has a legal hold on it.</summary>
    Held,

    LabelUnknown,

    /// <summary>The label is the image's own, and stays as long as it does.</summary>
    LabelOfImage,
}
