using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.QuayApi;

namespace Wharf.Server.GarbageCollection;

/// <summary>What the collector does, and why a manifest or blob is alive. Quay has nothing like it.</summary>
internal static class GarbageCollectionApi
{
    public static void Map(WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/gc/{digest}", Explain).Requires(Permission.Pull).WithName("explainContent")
            .Describe("Tells why a manifest or blob of a repository is alive, who holds it, and when it goes.").Gives(GarbageCollectionJson.Default.ContentExplanation);
        app.MapGet("/api/v1/superuser/gc", Status).Requires(Permission.InspectRegistry).WithName("getGarbageStatus")
            .Describe("Shows what waits for the collector, what it will free and what it has freed.").Gives(GarbageCollectionJson.Default.GarbageStatus);
        app.MapGet("/api/v1/superuser/gc/{digest}", ExplainAnywhere).Requires(Permission.InspectRegistry).WithName("explainContentAnywhere")
            .Describe("Tells why a manifest or blob is alive in whichever repository.").Gives(GarbageCollectionJson.Default.ContentExplanation);
    }

    private static async Task<IResult> Explain(HttpContext http, string digest, Explanations explanations, CancellationToken ct) =>
        !http.Access().Exists ? Problem.NotFound("There is no such repository.") : await ExplainAsync(digest, http.Access(), explanations, ct);

    private static Task<IResult> ExplainAnywhere(string digest, Explanations explanations, CancellationToken ct) => ExplainAsync(digest, null, explanations, ct);

    private static async Task<IResult> Status(Database db, CancellationToken ct) => TypedResults.Json(await GarbageStatus.ReadAsync(db, ct), GarbageCollectionJson.Default.GarbageStatus);

    private static async Task<IResult> ExplainAsync(string digest, RepositoryAccess? only, Explanations explanations, CancellationToken ct) =>
        !Digest.TryParse(digest, out var parsed) ? Problem.InvalidRequest("The digest is malformed; it is sha256: and 64 hexadecimal digits in lower case.")
        : await explanations.ExplainAsync(parsed, only, ct) is { } explained ? TypedResults.Json(explained, GarbageCollectionJson.Default.ContentExplanation)
        : Problem.NotFound(only is null ? "There is nothing here with this digest." : "The repository has neither a manifest nor a blob with this digest.");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ContentExplanation))]
[JsonSerializable(typeof(GarbageStatus))]
[JsonSerializable(typeof(RoundTotals))]
[JsonSerializable(typeof(NewLease))]
[JsonSerializable(typeof(LeaseTime))]
[JsonSerializable(typeof(ShownLease))]
[JsonSerializable(typeof(ShownLeases))]
internal sealed partial class GarbageCollectionJson : JsonSerializerContext;
