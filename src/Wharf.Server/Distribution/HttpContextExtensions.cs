using Microsoft.AspNetCore.Http.Features;
using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

internal static class HttpContextExtensions
{
    /// <summary>What the access middleware decided for the repository of this request.</summary>
    public static RepositoryAccess Access(this HttpContext http) => http.Features.GetRequiredFeature<RepositoryAccess>();

    public static Caller Caller(this HttpContext http) => http.Features.GetRequiredFeature<Caller>();

    public static OciError ToError(this Refusal refusal, RepositoryAccess access) => refusal.Kind switch
    {
        RefusalKind.BlobUnknown => OciError.BlobUnknown(refusal.Digest),
        RefusalKind.ReferencedBlobUnknown => OciError.ManifestBlobUnknown(refusal.Digest),
        RefusalKind.ChildUnknown => OciError.ManifestChildUnknown(refusal.Digest),
        RefusalKind.SizeMismatch => OciError.SizeInvalid(refusal.Message!),
        RefusalKind.ManifestUnknown => OciError.ManifestUnknown(refusal.Digest.ToString()),
        RefusalKind.TagUnknown => OciError.ManifestUnknown("tag"),
        RefusalKind.StillReferenced => OciError.Unsupported($"The manifest {refusal.Digest} of this repository still names the blob. Delete the manifest first."),
        _ => OciError.NameUnknown(access.Name),
    };
}
