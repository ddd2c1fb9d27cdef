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

    /// <summary>
    /// Says in a 401 of the API how to sign in; not to a script of a page, for which the browser would hold the answer back and ask
    /// for a name and password itself. Such a script says X-Requested-With, as Quay's pages do; one that reads a stream can say nothing, and is known by what it takes.
    /// </summary>
    public static void ChallengeBasic(this HttpContext http)
    {
        if (!http.Request.Headers.ContainsKey("X-Requested-With") && http.Request.Headers.Accept != "text/event-stream")
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"wharf\", charset=\"UTF-8\"";
    }
}
