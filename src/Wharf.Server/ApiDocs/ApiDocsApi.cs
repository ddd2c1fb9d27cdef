using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Server.Auth;

namespace Wharf.Server.ApiDocs;

/// <summary>The documents of the API, which are made of what the endpoints declare.</summary>
internal static class ApiDocsApi
{
    /// <summary>How openapi/wharf.json is written.</summary>
    public static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    public static void MapApiDocs(this WebApplication app)
    {
        app.MapGet("/api/v1/openapi.json", GetOpenApi).Requires(Permission.Open).WithName("getOpenApi")
            .Describe("Gives the description of this API in OpenAPI 3.1.").Gives(200, "application/json");
    }

    public static string OpenApi(EndpointDataSource endpoints) => OpenApiDocument.Create(ApiOperation.All(endpoints), HasOAuth(endpoints)).ToJsonString(Layout) + "\n";

    private static bool HasOAuth(EndpointDataSource endpoints) => endpoints.Endpoints.OfType<RouteEndpoint>().Any(static e => e.RoutePattern.RawText == "/oauth/authorize");

    private static FileContentHttpResult GetOpenApi(EndpointDataSource endpoints) => TypedResults.Bytes(Encoding.UTF8.GetBytes(OpenApi(endpoints)), "application/json");
}
