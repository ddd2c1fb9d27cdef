using System.Globalization;
using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.AppTokens;

/// <summary>
/// App tokens, as in Quay, but that a token is shown once, when it is made: only a hash of it is kept. The end of one's own choice,
/// the names of owners in the list of all, and its pages are Wharf's own.
/// </summary>
internal static class AppTokensApi
{
    private const int MaxTitle = 255;
    private const int MaxPage = 1000;
    private const long LastSecond = 253_402_300_799; // of the year 9999

    public static void MapAppTokens(this WebApplication app)
    {
        app.MapGet("/api/v1/user/apptoken", List).Requires(Permission.Person, inPerson: true).WithName("listAppTokens")
            .Describe("Lists the own app tokens.").Query("expiring", "Only those that end soon.", "boolean").Gives(AppTokensJson.Default.AppTokenList);
        app.MapPost("/api/v1/user/apptoken", Create).Requires(Permission.Person, fresh: true, inPerson: true).WithName("createAppToken")
            .Describe("Makes an app token; it is shown in this answer only.").Takes(AppTokensJson.Default.NewTokenBody).Gives(AppTokensJson.Default.ShownAppToken);
        app.MapGet("/api/v1/user/apptoken/{uuid}", Get).Requires(Permission.Person, fresh: true, inPerson: true).WithName("getAppToken")
            .Describe("Shows an own app token, without the secret.").Gives(AppTokensJson.Default.ShownAppToken);
        app.MapDelete("/api/v1/user/apptoken/{uuid}", Revoke).Requires(Permission.Person, fresh: true, inPerson: true).WithName("revokeAppToken")
            .Describe("Revokes an own app token.").Gives(204);
        app.MapGet("/api/v1/superuser/apptokens", ListAll).Requires(Permission.InspectRegistry, fresh: true, inPerson: true).WithName("listAllAppTokens")
            .Describe("Lists the app tokens of all users.").Query("expiring", "Only those that end soon.", "boolean")
            .Query("limit", "How many there are on a page, at most 1000.", "integer").Paged().Gives(AppTokensJson.Default.AppTokenList);
    }

    private static async Task<IResult> List(HttpContext http, AppTokenStore tokens, CancellationToken ct)
    {
        var expiring = http.Request.Query.IsTrue("expiring");
        var found = await tokens.ListAsync(http.Caller().Principal.AccountId, expiring, ct);
        return TypedResults.Json(new AppTokenList([.. found.Select(static t => View(t))], expiring, null), AppTokensJson.Default.AppTokenList);
    }

    private static async Task<IResult> Create(HttpContext http, AppTokenStore tokens, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, AppTokensJson.Default.NewTokenBody, ct);
        if (body is null)
            return problem!;
        if (body.Title.Length is 0 or > MaxTitle || body.Title.Any(char.IsControl))
            return Problem.InvalidRequest($"A title has 1 to {MaxTitle} characters, without control characters.");
        if (body.Expiration is < 0 or > LastSecond)
            return Problem.InvalidRequest("expiration is a time in seconds since 1970.");
        var made = await tokens.CreateAsync(http.Caller().Principal, body.Title, body.Expiration * 1000, ct);
        if (made.Token is not { } token)
            return Problem.InvalidRequest(made.Problem!);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new ShownAppToken(View(token) with { Code = made.Code }), AppTokensJson.Default.ShownAppToken);
    }

    private static async Task<IResult> Get(HttpContext http, string uuid, AppTokenStore tokens, CancellationToken ct) =>
        Guid.TryParseExact(uuid, "D", out var id) && await tokens.FindAsync(http.Caller().Principal.AccountId, id.ToString(), ct) is { } token
            ? TypedResults.Json(new ShownAppToken(View(token)), AppTokensJson.Default.ShownAppToken)
            : NoSuchToken;

    private static async Task<IResult> Revoke(HttpContext http, string uuid, AppTokenStore tokens, CancellationToken ct) =>
        Guid.TryParseExact(uuid, "D", out var id) && await tokens.RevokeAsync(http.Caller().Principal, id.ToString(), ct) ? TypedResults.NoContent() : NoSuchToken;

    private static async Task<IResult> ListAll(HttpContext http, AppTokenStore tokens, CancellationToken ct)
    {
        var query = http.Request.Query;
        if (query.RefuseUnpublished() is { } refused)
            return refused;
        var count = MaxPage;
        if (query["limit"] is { Count: > 0 } limit && !(int.TryParse(limit.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out count) && count is > 0 and <= MaxPage))
            return Problem.InvalidRequest($"limit is a number from 1 to {MaxPage}.");
        if (!query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var expiring = query.IsTrue("expiring");
        var found = await tokens.ListAllAsync(expiring, after, count + 1, ct);
        var shown = found.Take(count).ToList();
        return TypedResults.Json(new AppTokenList([.. shown.Select(static t => View(t) with { Username = t.Owner })], expiring, found.Count > count ? QuayQuery.NextPage(shown[^1].Id) : null),
            AppTokensJson.Default.AppTokenList);
    }

    private static Problem NoSuchToken => Problem.NotFound("There is no such app token.");

    private static AppTokenView View(AppToken token) => new(
        token.Uuid, token.Title, QuayDate.Format(token.LastUsedMs), QuayDate.Format(token.CreatedMs)!, QuayDate.Format(token.ExpiresMs));
}

/// <param name="Expiration">Seconds since 1970; left out for as late as the settings allow.</param>
internal sealed record NewTokenBody([property: JsonRequired] string Title, long? Expiration = null);

internal sealed record AppTokenView(string Uuid, string Title, string? LastAccessed, string Created, string? Expiration)
{
    /// <summary>The token itself; only in the answer that makes it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyName("token_code")] public string? Code { get; init; }

    /// <summary>Whose it is; only in the list of all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Username { get; init; }
}

internal sealed record ShownAppToken(AppTokenView Token);

internal sealed record AppTokenList(IReadOnlyList<AppTokenView> Tokens, bool OnlyExpiring, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewTokenBody))]
[JsonSerializable(typeof(ShownAppToken))]
[JsonSerializable(typeof(AppTokenList))]
internal sealed partial class AppTokensJson : JsonSerializerContext;
