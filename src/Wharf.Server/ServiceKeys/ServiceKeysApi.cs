using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.ServiceKeys;

/// <summary>Keys of services, for superusers, as in Quay.</summary>
internal static class ServiceKeysApi
{
    private const int PageSize = 100;
    private const int MaxText = 255;
    private const int MaxNotes = 4096;
    private const int MaxMetadata = 8192;
    private const double LastSecond = 253_402_300_799; // of the year 9999

    public static void MapServiceKeys(this WebApplication app)
    {
        app.MapGet("/api/v1/superuser/keys", List).Requires(Permission.InspectRegistry).WithName("listServiceKeys")
            .Describe("Lists the public keys of services.").Paged().Gives(ServiceKeysJson.Default.ServiceKeyList);
        app.MapPost("/api/v1/superuser/keys", Create).Requires(Permission.Superuser, fresh: true).WithName("createServiceKey")
            .Describe("Makes a key for a service, approved from the start.", "The answer has the private key, which is kept nowhere.").Takes(ServiceKeysJson.Default.NewServiceKey)
            .Gives(ServiceKeysJson.Default.CreatedServiceKey);
        app.MapGet("/api/v1/superuser/keys/{kid}", Get).Requires(Permission.InspectRegistry).WithName("getServiceKey")
            .Describe("Shows the public key of a service.").Gives(ServiceKeysJson.Default.ServiceKeyView);
        app.MapPut("/api/v1/superuser/keys/{kid}", Change).Requires(Permission.Superuser, fresh: true).WithName("updateServiceKey")
            .Describe("Changes the name, metadata or expiration of a service's key; what is left out stays.").Takes(ServiceKeysJson.Default.ChangedServiceKey)
            .Gives(ServiceKeysJson.Default.ServiceKeyView);
        app.MapDelete("/api/v1/superuser/keys/{kid}", Delete).Requires(Permission.Superuser, fresh: true).WithName("deleteServiceKey")
            .Describe("Deletes the key of a service.").Gives(204);
        app.MapPost("/api/v1/superuser/approvedkeys/{kid}", Approve).Requires(Permission.Superuser, fresh: true).WithName("approveServiceKey")
            .Describe("Approves the key of a service.").Takes(ServiceKeysJson.Default.NewApproval).Gives(201);
    }

    private static async Task<IResult> List(HttpContext http, ServiceKeyStore keys, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        var after = http.Request.Query["next_page"].ToString();
        if (after.Length > 0 && !IsKid(after))
            return QuayQuery.NoSuchPage;
        var found = await keys.ListAsync(after, PageSize + 1, ct);
        var shown = found.Take(PageSize).ToList();
        return TypedResults.Json(new ServiceKeyList([.. shown.Select(View)], found.Count > PageSize ? shown[^1].Kid : null), ServiceKeysJson.Default.ServiceKeyList);
    }

    private static async Task<IResult> Create(HttpContext http, ServiceKeyStore keys, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ServiceKeysJson.Default.NewServiceKey, ct);
        if (body is null)
            return problem!;
        if (body.Service.Length is 0 or > MaxText || !body.Service.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            return Problem.InvalidRequest($"service has 1 to {MaxText} letters, digits, '.', '_' and '-'.");
        if (WrongName(body.Name) is { } wrong)
            return wrong;
        if (WrongNotes(body.Notes) is { } wrongNotes)
            return wrongNotes;
        if (!TryExpiration(body.Expiration, out var expiresMs))
            return BadExpiration;
        var by = http.Caller().Principal;
        var metadata = body.Metadata ?? [];
        metadata["created_by"] = Text("Superuser API");
        metadata["creator"] = Text(by.Name);
        metadata["ip"] = Text(http.Connection.RemoteIpAddress?.ToString() ?? "");
        if (!TryMetadata(metadata, out var text))
            return BadMetadata;
        var pair = KeyPair.Create();
        if (await keys.AddAsync(by, pair, body.Name ?? "", body.Service, text, expiresMs, body.Notes ?? "", ct) is { } why)
            return Problem.InvalidRequest(why);
        return TypedResults.Json(new CreatedServiceKey(pair.Kid, body.Name ?? "", body.Service, pair.PublicPem, pair.PrivatePem), ServiceKeysJson.Default.CreatedServiceKey);
    }

    private static async Task<IResult> Get(string kid, ServiceKeyStore keys, CancellationToken ct) =>
        IsKid(kid) && await keys.FindAsync(kid, ct) is { } key ? TypedResults.Json(View(key), ServiceKeysJson.Default.ServiceKeyView) : NoSuchKey;

    private static async Task<IResult> Change(HttpContext http, string kid, ServiceKeyStore keys, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ServiceKeysJson.Default.ChangedServiceKey, ct);
        if (body is null)
            return problem!;
        if (!IsKid(kid))
            return NoSuchKey;
        if (WrongName(body.Name) is { } wrong)
            return wrong;
        // Left out it stays as it is; null is never.
        var expires = body.Expiration.ValueKind != JsonValueKind.Undefined;
        double? at = body.Expiration.ValueKind == JsonValueKind.Number ? body.Expiration.GetDouble() : null;
        if ((expires && at is null && body.Expiration.ValueKind != JsonValueKind.Null) || !TryExpiration(at, out var expiresMs))
            return BadExpiration;
        string? metadata = null;
        if (body.Metadata is { } given && !TryMetadata(given, out metadata))
            return BadMetadata;
        return await keys.ChangeAsync(http.Caller().Principal, kid, body.Name, metadata, expires, expiresMs, ct) switch
        {
            null => await Get(kid, keys, ct),
            "" => NoSuchKey,
            var why => Problem.InvalidRequest(why),
        };
    }

    private static async Task<IResult> Delete(HttpContext http, string kid, ServiceKeyStore keys, CancellationToken ct) =>
        IsKid(kid) && await keys.DeleteAsync(http.Caller().Principal, kid, ct) ? TypedResults.NoContent() : NoSuchKey;

    private static async Task<IResult> Approve(HttpContext http, string kid, ServiceKeyStore keys, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ServiceKeysJson.Default.NewApproval, ct);
        if (body is null)
            return problem!;
        if (WrongNotes(body.Notes) is { } wrong)
            return wrong;
        return IsKid(kid) && await keys.ApproveAsync(http.Caller().Principal, kid, body.Notes ?? "", ct) ? TypedResults.StatusCode(201) : NoSuchKey;
    }

    private static bool IsKid(string kid) => kid.Length == 64 && kid.All(char.IsAsciiHexDigitLower);

    private static bool TryExpiration(double? seconds, out long? ms)
    {
        ms = seconds is >= 0 and <= LastSecond ? (long)(seconds.Value * 1000) : null;
        return seconds is null || ms is not null;
    }

    private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(text, ServiceKeysJson.Default.String);

    private static bool TryMetadata(Dictionary<string, JsonElement> metadata, out string text)
    {
        text = JsonSerializer.Serialize(metadata, ServiceKeysJson.Default.DictionaryStringJsonElement);
        return text.Length <= MaxMetadata && !text.Contains("\\u0000", StringComparison.Ordinal);
    }

    private static Problem? WrongName(string? name) => name is null || (name.Length <= MaxText && !name.Any(char.IsControl)) ? null
        : Problem.InvalidRequest($"name has at most {MaxText} characters, without control characters.");

    private static Problem? WrongNotes(string? notes) => notes is null || (notes.Length <= MaxNotes && !notes.Contains('\0', StringComparison.Ordinal)) ? null
        : Problem.InvalidRequest($"notes has at most {MaxNotes} characters, without NUL.");

    private static Problem BadExpiration => Problem.InvalidRequest("expiration is a time in seconds since 1970, or null for never.");

    private static Problem BadMetadata => Problem.InvalidRequest($"metadata has at most {MaxMetadata} characters, without NUL.");

    private static Problem NoSuchKey => Problem.NotFound("There is no such service key.");

    private static ServiceKeyView View(ServiceKey key) => new(
        key.Name, key.Kid, key.Service, Parse(key.Jwk), Parse(key.Metadata), QuayDate.Format(key.CreatedMs)!, QuayDate.Format(key.ExpiresMs), key.RotationS,
        key.Approval is { } approval
            ? new ApprovalView(approval.Approver is { } name ? new ApproverView("user", name, name, Avatar.Of(name, "user")) : null, approval.Type, QuayDate.Format(approval.AtMs)!, approval.Notes)
            : null);

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}

internal sealed record NewServiceKey([property: JsonRequired] string Service, [property: JsonRequired] double? Expiration, string? Name = null, Dictionary<string, JsonElement>? Metadata = null, string? Notes = null);

internal sealed record ChangedServiceKey(string? Name = null, Dictionary<string, JsonElement>? Metadata = null)
{
    public JsonElement Expiration { get; init; }
}

internal sealed record NewApproval(string? Notes = null);

internal sealed record CreatedServiceKey(string Kid, string Name, string Service, string PublicKey, string PrivateKey);

internal sealed record ServiceKeyView(
    string Name, string Kid, string Service, JsonElement Jwk, JsonElement Metadata, string CreatedDate, string? ExpirationDate, long? RotationDuration, ApprovalView? Approval);

internal sealed record ApprovalView(ApproverView? Approver, string ApprovalType, string ApprovedDate, string Notes);

internal sealed record ApproverView(string Kind, string Name, string Username, Avatar Avatar);

internal sealed record ServiceKeyList(IReadOnlyList<ServiceKeyView> Keys, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewServiceKey))]
[JsonSerializable(typeof(ChangedServiceKey))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(NewApproval))]
[JsonSerializable(typeof(CreatedServiceKey))]
[JsonSerializable(typeof(ServiceKeyView))]
[JsonSerializable(typeof(ServiceKeyList))]
internal sealed partial class ServiceKeysJson : JsonSerializerContext;
