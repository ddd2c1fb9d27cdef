using Microsoft.AspNetCore.Http.Features;

namespace Wharf.Server.Auth;

/// <summary>What the gate found out about a request before it let it through.</summary>
internal static class HttpContextExtensions
{
    /// <summary>What was decided for the repository of this request.</summary>
    public static RepositoryAccess Access(this HttpContext http) => http.Features.GetRequiredFeature<RepositoryAccess>();

    /// <summary>What was decided for the organization of this request.</summary>
    public static NamespaceAccess Organization(this HttpContext http) => http.Features.GetRequiredFeature<NamespaceAccess>();

    public static Caller Caller(this HttpContext http) => http.Features.GetRequiredFeature<Caller>();
}
