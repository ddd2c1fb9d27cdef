using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;

namespace Wharf.Server.Distribution;

/// <summary>The OCI distribution protocol (distribution-spec 1.1.1 and what its development version adds) and Docker's token endpoint.</summary>
internal static class DistributionApi
{
    public static void AddDistribution(this WebApplicationBuilder builder) => builder.Services.AddSingleton<TokenIssuer>();

    public static void MapDistribution(this WebApplication app)
    {
        app.MapGet("/v2/", Ping).Requires(Permission.Authenticated).WithName("pingRegistry")
            .Describe("Says that this is a registry, and whether the credential is good.").Gives(200, "application/json");
        TokenApi.Map(app);
        Catalog.Map(app);
        Manifests.Map(app);
        Blobs.Map(app);
        BlobUploads.Map(app);
        Tags.Map(app);
        Referrers.Map(app);
        // A known resource with a method that it does not have, and anything else that came through the grammar.
        app.Map("/v2/{**rest}", Unknown).Requires(Permission.Open);
    }

    // distribution-spec#determining-support (end-1)
    private static ContentHttpResult Ping() => TypedResults.Text("{}", "application/json");

    private static OciError Unknown(HttpContext http) => http.Request.Path.StartsWithSegments("/v2/-", StringComparison.Ordinal)
        ? OciError.Unsupported($"The resource does not take the method {(http.Request.Method.Length > 20 ? "given" : http.Request.Method)}.")
        : OciError.RouteUnknown();
}
