using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Wharf.Server.ApiDocs;

/// <summary>The documents of the API, each made when it is first asked for: a start has no time for them.</summary>
internal sealed class ApiDocuments
{
    /// <summary>How openapi/wharf.json is written.</summary>
    private static readonly JsonSerializerOptions s_layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    private readonly Lazy<byte[]> _openApi;
    private readonly Lazy<Discovery>[] _discovery;
    private readonly Lazy<DocsPage> _page;

    public ApiDocuments(EndpointDataSource endpoints)
    {
        var operations = new Lazy<IReadOnlyList<ApiOperation>>(() => ApiOperation.All(endpoints));
        var hasOAuth = new Lazy<bool>(() => endpoints.Endpoints.OfType<RouteEndpoint>().Any(static e => e.RoutePattern.RawText == "/oauth/authorize"));
        _openApi = new(() => Encoding.UTF8.GetBytes(OpenApiDocument.Create(operations.Value, hasOAuth.Value).ToJsonString(s_layout) + "\n"));
        _discovery = [new(() => new Discovery(operations.Value, hasOAuth.Value, withInternal: false)), new(() => new Discovery(operations.Value, hasOAuth.Value, withInternal: true))];
        _page = new(() => new DocsPage(operations.Value, OpenApiDocument.Create(operations.Value, hasOAuth.Value)));
    }

    /// <summary>The OpenAPI document, as it is checked in.</summary>
    public byte[] OpenApi => _openApi.Value;

    /// <summary>Quay's document of the API.</summary>
    public Discovery Discovery(bool withInternal) => _discovery[withInternal ? 1 : 0].Value;

    public DocsPage Page => _page.Value;
}
