using System.Globalization;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Limits;
using Wharf.Server.QuayApi;
using Wharf.Server.Repositories;

namespace Wharf.Server.Tags;

/// <summary>What was pushed lately to the caller's repositories.</summary>
internal static class RecentApi
{
    private const int Usual = 20;
    private const int Most = 50;

    public static void Map(WebApplication app) =>
        app.MapGet("/api/v1/user/recent", List).Requires(Permission.SignedIn, scope: Scopes.RepoRead).Limited(LimitClass.Search).WithName("listRecentPushes")
            .Describe("Lists what tags were last pointed at something in the repositories that the caller owns, administers, has starred or was granted, the newest first.",
                "Of the last 30 days at most.").Query("limit", "How many: 20 if not given, at most 50.", "integer").Gives(RecentJson.Default.RecentPushes);

    private static async Task<IResult> List(HttpContext http, RecentPushStore pushes, CancellationToken ct)
    {
        var limit = Usual;
        if (http.Request.Query["limit"] is { Count: > 0 } given && (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > Most))
            return Problem.InvalidRequest($"limit is a number from 1 to {Most}.");
        return TypedResults.Json(new RecentPushes(await pushes.ListAsync(http.Caller().Principal, limit, ct)), RecentJson.Default.RecentPushes);
    }
}

/// <summary>Finds the last pushes by the repositories that were pushed to last.</summary>
internal sealed class RecentPushStore(Database db)
{
    // So many repositories of somebody are looked at.
    private const int MaxRepositories = 2000;

    public ValueTask<List<RecentPush>> ListAsync(Principal principal, int count, CancellationToken ct) => db.ListAsync($"""
        {VisibleRepositories.Own(MaxRepositories)},
        latest AS MATERIALIZED (
            SELECT id, namespace_id, at FROM (
                   SELECT o.id, o.namespace_id, (SELECT max(t.started_ms) FROM tag t WHERE t.namespace_id = o.namespace_id AND t.repository_id = o.id) AS at FROM own o) pushed
             WHERE at > now_ms() - 2592000000 ORDER BY at DESC LIMIT @count)
        SELECT n.name, r.name, t.name, t.digest, t.started_ms, s.name
          FROM latest l CROSS JOIN tag t
          JOIN repository r ON r.id = t.repository_id
          JOIN namespace n ON n.id = r.namespace_id
          LEFT JOIN namespace s ON s.id = t.started_by
         WHERE t.namespace_id = l.namespace_id AND t.repository_id = l.id
           AND t.started_ms >= (SELECT CASE WHEN count(*) = @count THEN min(at) ELSE now_ms() - 2592000000 END FROM latest) AND {VisibleRepositories.Condition(principal)}
         ORDER BY t.started_ms DESC, t.name LIMIT @count
        """, static r => new RecentPush($"{r.GetString(0)}/{r.GetString(1)}", r.GetString(2), new Digest(r.GetFieldValue<byte[]>(3)).ToString(), QuayDate.FormatIso(r.GetInt64(4))!, r.IsDBNull(5) ? null : r.GetString(5)),
        ct, ("me", principal.AccountId), ("count", count));
}

internal sealed record RecentPushes(IReadOnlyList<RecentPush> Pushes);

/// <param name="By">Who did it; null where that is not known.</param>
internal sealed record RecentPush(string Repository, string Tag, string ManifestDigest, string Pushed, string? By);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RecentPushes))]
internal sealed partial class RecentJson : JsonSerializerContext;
