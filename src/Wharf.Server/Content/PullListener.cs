using Wharf.Oci;
using Wharf.Server.Auth;

namespace Wharf.Server.Content;

/// <summary>What a slice does about each pull before it is answered; registered as a singleton. Its fault fails the pull.</summary>
/// <param name="OnManifest">By whom, from where, which, by what tag (null: by its digest), its media type.</param>
/// <param name="OnBlob">By whom, from where, which.</param>
internal sealed record PullListener(
    Func<Principal, RepositoryAccess, Digest, string?, string, CancellationToken, Task> OnManifest,
    Func<Principal, RepositoryAccess, Digest, CancellationToken, Task> OnBlob);
