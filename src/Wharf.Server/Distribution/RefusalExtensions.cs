using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

internal static class RefusalExtensions
{
    public static OciError ToError(this Refusal refusal, RepositoryAccess access) => refusal.Kind switch
    {
        RefusalKind.BlobUnknown => OciError.BlobUnknown(refusal.Digest),
        RefusalKind.ReferencedBlobUnknown => OciError.ManifestBlobUnknown(refusal.Digest),
        RefusalKind.ChildUnknown => OciError.ManifestChildUnknown(refusal.Digest),
        RefusalKind.SizeMismatch => OciError.SizeInvalid(refusal.Message!),
        RefusalKind.ManifestUnknown => OciError.ManifestUnknown(refusal.Digest.ToString()),
        RefusalKind.TagUnknown => OciError.ManifestUnknown("tag"),
        RefusalKind.StillReferenced => OciError.Unsupported($"The manifest {refusal.Digest} of this repository still names the blob. Delete the manifest first."),
        RefusalKind.Leased => new OciError(409, "DENIED", $"Somebody needs the manifest {refusal.Digest} by its digest and has a lease on it. See /api/v1/repository/{access.Name}/lease for who, and until when."),
        RefusalKind.Immutable => new OciError(409, "TAG_IMMUTABLE", refusal.Message ?? "The tag is immutable."),
        RefusalKind.OverQuota => OciError.Denied(refusal.Message ?? "There is no room in the quota."),
        RefusalKind.Held => new OciError(409, "DENIED", refusal.Message ?? "There is a legal hold on it."),
        RefusalKind.RuleChanged => OciError.Unavailable("A rule about this repository is being changed. Try again."),
        RefusalKind.ReadOnly => OciError.Denied("The repository is read-only."),
        _ => OciError.NameUnknown(access.Name),
    };
}
