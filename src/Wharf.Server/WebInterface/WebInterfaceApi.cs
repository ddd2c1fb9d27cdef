using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;

namespace Wharf.Server.WebInterface;

/// <summary>
/// The web interface: the files that Vite made of web/, and the addresses of its pages, which are Quay's and all the same document.
/// It has no rights of its own; what it shows comes from the API with the session of who looks.
/// </summary>
internal static class WebInterfaceApi
{
    // Pages of the interface itself. What stands behind them is for its own router to tell.
    private static readonly string[] s_pages =
    [
        "/", "/signin", "/createaccount", "/setup", "/welcome", "/account", "/search", "/security", "/superuser",
        "/organization", "/organization/{**page}", "/user/{**page}", "/repository", "/repository/{**page}",
    ];

    private static readonly string[] s_files = ["/theme.js", "/wharf.svg", "/third-party.txt"];

    // Only our own files run or are loaded; no other page can frame them, and forms go nowhere else.
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    private static readonly string s_root = Path.Combine(AppContext.BaseDirectory, "wwwroot");
    private static readonly FileExtensionContentTypeProvider s_types = new();

    public static void MapWebInterface(this WebApplication app)
    {
        foreach (var page in s_pages)
            app.MapMethods(page, [HttpMethods.Get, HttpMethods.Head], GetPage).Requires(Permission.Open);
        app.MapMethods("/assets/{name}", [HttpMethods.Get, HttpMethods.Head], GetAsset).Requires(Permission.Open);
        foreach (var file in s_files)
            app.MapMethods(file, [HttpMethods.Get, HttpMethods.Head], GetFile).Requires(Permission.Open);
    }

    private static IResult GetPage(HttpContext http)
    {
        if (Find(http, "index.html") is not { } file)
            return new HtmlPage("There are no pages here", 404).Text("This server was built without its web interface: Node.js was not there. The API is described at /api/docs; docker, podman and the like work as ever.");
        http.Response.Headers.ContentSecurityPolicy = PagePolicy;
        http.Response.Headers["Referrer-Policy"] = "same-origin";
        http.Response.Headers.CacheControl = "no-cache";
        return file;
    }

    // The name of an asset has a hash of its content: what was read once is right for ever.
    private static IResult GetAsset(HttpContext http, string name)
    {
        if (Find(http, Path.Combine("assets", name)) is not { } file)
            return TypedResults.NotFound();
        http.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return file;
    }

    private static IResult GetFile(HttpContext http)
    {
        if (Find(http, http.Request.Path.Value!.TrimStart('/')) is not { } file)
            return TypedResults.NotFound();
        http.Response.Headers.CacheControl = "no-cache";
        return file;
    }

    /// <summary>A file of the interface as the client takes it: what the build has compressed is sent so.</summary>
    private static PhysicalFileHttpResult? Find(HttpContext http, string name)
    {
        // Route values are decoded: a name may hold a slash, and then is none of ours.
        var path = Path.GetFullPath(Path.Combine(s_root, name));
        if (!path.StartsWith(s_root + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !File.Exists(path))
            return null;
        var type = s_types.TryGetContentType(path, out var known) ? known : "application/octet-stream";
        if (type is "text/html" or "text/javascript" or "text/css" or "text/plain")
            type += "; charset=utf-8";
        http.Response.Headers.Vary = HeaderNames.AcceptEncoding;
        foreach (var (coding, ending) in (ReadOnlySpan<(string, string)>)[("br", ".br"), ("gzip", ".gz")])
        {
            if (!Takes(http.Request, coding) || !File.Exists(path + ending)) continue;
            http.Response.Headers.ContentEncoding = coding;
            path += ending;
            break;
        }
        var written = File.GetLastWriteTimeUtc(path);
        return TypedResults.PhysicalFile(path, type, lastModified: written, entityTag: new EntityTagHeaderValue($"\"{written.Ticks:x}-{new FileInfo(path).Length:x}\""));
    }

    private static bool Takes(HttpRequest request, string coding) =>
        request.GetTypedHeaders().AcceptEncoding.Any(each => each.Value.Equals(coding, StringComparison.OrdinalIgnoreCase) && each.Quality is null or > 0);
}
