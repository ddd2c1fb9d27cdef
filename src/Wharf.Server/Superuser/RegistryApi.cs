using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Superuser;

/// <summary>What superusers ask about the registry as a whole, as in Quay. Quay's shutdown is not here: whoever started the server stops it (SIGTERM).</summary>
internal static class RegistryApi
{
    public static void MapRegistry(this WebApplication app)
    {
        StorageApi.Map(app);
        // Open: it is what a setup asks before there is anybody who could sign in.
        app.MapGet("/api/v1/superuser/registrystatus", GetStatus).Requires(Permission.Open).WithName("scRegistryStatus")
            .Describe("Says whether the registry is set up.").Gives(RegistryJson.Default.RegistryStatus).Internal();
        app.MapGet("/api/v1/superuser/changelog/", GetChangeLog).Requires(Permission.InspectRegistry, fresh: true).WithName("getChangeLog")
            .Describe("Shows what is new in each version, in Markdown.").Gives(RegistryJson.Default.ChangeLog).Internal();
        app.MapGet("/api/v1/superuser/config", GetConfig).Requires(Permission.InspectRegistry, fresh: true).WithName("getRegistryConfig")
            .Describe("Shows the settings in force, with the default and the source of each, and without secrets.").Gives(200, "application/json").Internal();
        app.MapGet("/api/v1/superuser/registrysize/", GetSize).Requires(Permission.InspectRegistry, fresh: true).WithName("getRegistrySize")
            .Describe("Shows how many bytes all blobs have together, as it was counted last.").Gives(RegistryJson.Default.ShownSize).Internal();
        app.MapPost("/api/v1/superuser/registrysize/", QueueSize).Requires(Permission.Superuser, fresh: true).WithName("queueRegistrySizeCalculation")
            .Describe("Has the size of the registry counted anew; 202 where that was asked for already.").Gives(201).Gives(202).Internal();
    }

    private static async Task<IResult> GetStatus(AccountStore accounts, CancellationToken ct) =>
        TypedResults.Json(new RegistryStatus("wharf", await accounts.AnyAsync(ct) ? "ready" : "setup-incomplete"), RegistryJson.Default.RegistryStatus);

    private static async Task<IResult> GetChangeLog(CancellationToken ct)
    {
        using var reader = new StreamReader(typeof(RegistryApi).Assembly.GetManifestResourceStream("CHANGELOG.md")!);
        return TypedResults.Json(new ChangeLog(await reader.ReadToEndAsync(ct)), RegistryJson.Default.ChangeLog);
    }

    private static ContentHttpResult GetConfig(SettingsDump dump) => TypedResults.Text(dump.ToJson().ToJsonString(), "application/json");

    private static async Task<IResult> GetSize(RegistrySizeStore sizes, CancellationToken ct)
    {
        var size = await sizes.GetAsync(ct);
        return TypedResults.Json(new ShownSize(size.Bytes, size.CountedMs, size.Queued, size.Running), RegistryJson.Default.ShownSize);
    }

    private static async Task<IResult> QueueSize(HttpContext http, RegistrySizeStore sizes, CancellationToken ct) =>
        TypedResults.StatusCode(await sizes.QueueAsync(http.Caller().Principal, ct) ? 201 : 202);
}

internal sealed record RegistryStatus(string ProviderId, string Status);

internal sealed record ChangeLog(string Log);

internal sealed record ShownSize(long SizeBytes, long? LastRan, bool Queued, bool Running);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RegistryStatus))]
[JsonSerializable(typeof(ChangeLog))]
[JsonSerializable(typeof(ShownSize))]
internal sealed partial class RegistryJson : JsonSerializerContext;
