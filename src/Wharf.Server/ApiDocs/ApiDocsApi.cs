using System.Net;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Network;
using Wharf.Server.QuayApi;

namespace Wharf.Server.ApiDocs;

/// <summary>What the API says of itself, to programs and to people. All of it is open: it is the same for everyone.</summary>
internal static class ApiDocsApi
{
    // Nothing of the page runs or loads but the two files beside it.
    private const string PagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    private static readonly Lazy<byte[]> s_css = new(() => Asset("docs.css")), s_js = new(() => Asset("docs.js"));

    public static void AddApiDocs(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ApiDocuments>();

    public static void MapApiDocs(this WebApplication app)
    {
        app.MapGet("/api/v1/openapi.json", GetOpenApi).Requires(Permission.Open).WithName("getOpenApi")
            .Describe("Gives the description of this API in OpenAPI 3.1.").Gives(200, "application/json");
        app.MapGet("/api/v1/discovery", Discover).Requires(Permission.Open).WithName("discovery")
            .Describe("Lists the operations of this API in Swagger 2.0, as Quay does.")
            .Query("internal", "Also those that Quay has for its own pages.", "boolean").Gives(200, "application/json");
        app.MapGet("/api/v1/error/{error_type}", GetError).Requires(Permission.Open).WithName("getErrorDescription")
            .Describe("Says what an error_type means; to browsers as a page.").Gives(ApiDocsJson.Default.ErrorDescription).Gives(200, "text/html");
        app.MapGet("/api/v1/registry/capabilities", GetCapabilities).Requires(Permission.Open).WithName("getRegistryCapabilities")
            .Describe("Says what this registry can do with manifests and mirrors.").Gives(ApiDocsJson.Default.Capabilities);
        app.MapGet("/api/docs", GetPage).Requires(Permission.Open).WithName("getDocs");
        app.MapGet("/api/docs/docs.css", GetCss).Requires(Permission.Open).WithName("getDocsStyle");
        app.MapGet("/api/docs/docs.js", GetJs).Requires(Permission.Open).WithName("getDocsScript");
        app.MapGet("/robots.txt", GetRobots).Requires(Permission.Open).WithName("getRobotsTxt");
    }

    private static FileContentHttpResult GetOpenApi(ApiDocuments documents) => TypedResults.Bytes(documents.OpenApi, "application/json");

    private static ContentHttpResult Discover(HttpContext http, ApiDocuments documents, PublicAddress address) =>
        TypedResults.Text(documents.Discovery(http.Request.Query.IsTrue("internal")).For(address.BaseUrl(http)), "application/json");

    private static IResult GetError(HttpContext http, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "error_type")] string type, PublicAddress address)
    {
        if (!ErrorTypes.All.TryGetValue(type, out var description))
            return Problem.NotFound("There is no error of this type.");
        http.Response.Headers.Vary = "Accept";
        return http.Request.GetTypedHeaders().Accept.Any(static a => a.MediaType == "text/html")
            ? Page(http, ErrorPage(type, description))
            : TypedResults.Json(new ErrorDescription($"{address.BaseUrl(http)}/api/v1/error/{type}", type, description), ApiDocsJson.Default.ErrorDescription);
    }

    // An index may name only manifests that are there, and nothing is mirrored.
    private static JsonHttpResult<Capabilities> GetCapabilities() => TypedResults.Json(new Capabilities(new SparseManifests(false, [], false), []), ApiDocsJson.Default.Capabilities);

    private static ContentHttpResult GetPage(HttpContext http, ApiDocuments documents)
    {
        var search = http.Request.Query["q"].ToString();
        return Page(http, documents.Page.Render(search.Length > DocsPage.MaxSearch ? search[..DocsPage.MaxSearch] : search));
    }

    private static FileContentHttpResult GetCss() => TypedResults.Bytes(s_css.Value, "text/css; charset=utf-8");

    private static FileContentHttpResult GetJs() => TypedResults.Bytes(s_js.Value, "text/javascript; charset=utf-8");

    // A registry's pages are of no use in a search engine, and crawling them costs.
    private static ContentHttpResult GetRobots() => TypedResults.Text("User-agent: *\nDisallow: /\n", "text/plain");

    private static ContentHttpResult Page(HttpContext http, string html)
    {
        http.Response.Headers.ContentSecurityPolicy = PagePolicy;
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        return TypedResults.Content(html, "text/html; charset=utf-8");
    }

    private static string ErrorPage(string type, string description) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{type} - Wharf API</title>
        <link rel="stylesheet" href="/api/docs/docs.css">
        </head>
        <body>
        <main>
        <h1>{type}</h1>
        <p>{WebUtility.HtmlEncode(description)}</p>
        <p><a href="/api/docs">All of the API</a></p>
        </main>
        </body>
        </html>

        """;

    private static byte[] Asset(string name)
    {
        using var stream = typeof(ApiDocsApi).Assembly.GetManifestResourceStream($"Wharf.Server.ApiDocs.Assets.{name}") ?? throw new InvalidOperationException($"The program lacks {name}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd());
    }
}

/// <param name="Type">The address of this description, as errors have it.</param>
internal sealed record ErrorDescription(string Type, string Title, string Description);

internal sealed record Capabilities(SparseManifests SparseManifests, IReadOnlyList<string> MirrorArchitectures);

internal sealed record SparseManifests(bool Supported, IReadOnlyList<string> RequiredArchitectures, bool OptionalArchitecturesAllowed);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorDescription))]
[JsonSerializable(typeof(Capabilities))]
internal sealed partial class ApiDocsJson : JsonSerializerContext;
