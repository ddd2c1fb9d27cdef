namespace Wharf.Server.Hosting;

/// <summary>
/// What every answer says to browsers and caches unless its endpoint says otherwise: it is what its Content-Type says, it is no page
/// (runs nothing, loads nothing, stands in nobody's frame), and nobody keeps it, since most of them are personal and some hold secrets.
/// </summary>
internal static class InertAnswer
{
    public static void Set(HttpResponse response)
    {
        var headers = response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
    }
}
