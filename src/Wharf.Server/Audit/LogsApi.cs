using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Audit.Exports;
using Wharf.Server.Auth;
using Wharf.Server.Limits;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Audit;

/// <summary>
/// The logs of repository, organization, user and registry, and how often what happened. Quay's parameters (starttime and endtime
/// as MM/DD/YYYY, performer, next_page), and finer ones: both times also in RFC 3339, kinds, several performers, digest, changes, reads, limit.
/// </summary>
internal static class LogsApi
{
    private const int MaxPage = 100;
    private const int MaxList = 50;
    private const string QuayTime = "MM/dd/yyyy";

    public static void MapLogs(this WebApplication app)
    {
        LogExportsApi.Map(app);
        Filtered(app.MapGet("/api/v1/repository/-/logs", Of).Requires(Permission.Inspect).WithName("listRepoLogs")
            .Describe("Lists what was done with a repository, the newest first."), list: true).Gives(LogsJson.Default.LogList);
        Filtered(app.MapGet("/api/v1/organization/{orgname}/logs", Of).Requires(Permission.InspectOrganization).WithName("listOrgLogs")
            .Describe("Lists what was done in an organization, the newest first."), list: true).Gives(LogsJson.Default.LogList);
        Filtered(app.MapGet("/api/v1/user/logs", Of).Requires(Permission.Person).WithName("listUserLogs")
            .Describe("Lists what was done in the own namespace and account, the newest first."), list: true).Gives(LogsJson.Default.LogList);
        Filtered(app.MapGet("/api/v1/superuser/logs", Of).Requires(Permission.InspectRegistry, fresh: true).WithName("listAllLogs")
            .Describe("Lists what was done in the whole registry, the newest first."), list: true).Gives(LogsJson.Default.LogList);
        Filtered(app.MapGet("/api/v1/repository/-/aggregatelogs", Aggregate).Requires(Permission.Inspect).WithName("getAggregateRepoLogs")
            .Describe("Counts what was done with a repository by kind and day."), list: false).Gives(LogsJson.Default.AggregatedLogs);
        Filtered(app.MapGet("/api/v1/organization/{orgname}/aggregatelogs", Aggregate).Requires(Permission.InspectOrganization).WithName("getAggregateOrgLogs")
            .Describe("Counts what was done in an organization by kind and day."), list: false).Gives(LogsJson.Default.AggregatedLogs);
        Filtered(app.MapGet("/api/v1/user/aggregatelogs", Aggregate).Requires(Permission.Person).WithName("getAggregateUserLogs")
            .Describe("Counts what was done in the own namespace by kind and day."), list: false).Gives(LogsJson.Default.AggregatedLogs);
        Filtered(app.MapGet("/api/v1/superuser/aggregatelogs", Aggregate).Requires(Permission.InspectRegistry, fresh: true).WithName("listAllAggregateLogs")
            .Describe("Counts what was done in the whole registry by kind and day."), list: false).Gives(LogsJson.Default.AggregatedLogs).Internal();
    }

    private static RouteHandlerBuilder Filtered(RouteHandlerBuilder endpoint, bool list)
    {
        Filtered(endpoint).Limited(LimitClass.Search);
        return list ? endpoint.Query("limit", "How many there are on a page, at most 100; 20 where it is left out.", "integer").Paged() : endpoint;
    }

    /// <summary>Declares what <see cref="ReadAsync"/> filters by.</summary>
    internal static RouteHandlerBuilder Filtered(RouteHandlerBuilder endpoint) =>
        endpoint.Query("starttime", "From when on: MM/DD/YYYY, or a time such as 2026-11-24T12:00:00Z. A day before endtime where it is left out.")
            .Query("endtime", "Until when: MM/DD/YYYY, that day included, or a time. Now where it is left out.")
            .Query("performer", "Only what these users and robots did, separated by commas.")
            .Query("kinds", "Only these kinds, separated by commas.")
            .Query("digest", "Only what concerned this manifest.")
            .Query("changes", "Only what was changed.", "boolean")
            .Query("reads", "Reads of the API too.", "boolean");

    private static async Task<IResult> Of(HttpContext http, LogStore logs, AuditEvents events, TimeProvider clock, CancellationToken ct)
    {
        var (query, problem) = await ReadAsync(http, logs, clock, ct);
        if (query is null)
            return problem!;
        // What the caller did a moment ago is there.
        await events.SettleAsync(ct);
        var page = await logs.ListAsync(query, ct);
        return TypedResults.Json(new LogList(QuayDate.Format(query.FromMs)!, QuayDate.Format(query.ToMs)!, [.. page.Entries.Select(e => View(e, query.NamespaceId is null))], page.Next?.ToString()), LogsJson.Default.LogList);
    }

    private static async Task<IResult> Aggregate(HttpContext http, LogStore logs, TimeProvider clock, CancellationToken ct)
    {
        var (query, problem) = await ReadAsync(http, logs, clock, ct);
        if (query is null)
            return problem!;
        var counts = await logs.CountAsync(query, ct);
        return TypedResults.Json(new AggregatedLogs([.. counts.Select(static c => new AggregatedLog(c.Kind, c.Count, QuayDate.Format(c.Day * AuditBatch.DayMs)!))]), LogsJson.Default.AggregatedLogs);
    }

    /// <summary>What a request asks for, in the scope of its endpoint; or the answer to give instead.</summary>
    internal static async ValueTask<(LogQuery? Query, Problem? Problem)> ReadAsync(HttpContext http, LogStore logs, TimeProvider clock, CancellationToken ct)
    {
        var parameters = http.Request.Query;
        var now = clock.GetUtcNow();
        if (!TryTime(parameters["starttime"], false, out var from) || !TryTime(parameters["endtime"], true, out var to))
            return (null, Problem.InvalidRequest("starttime and endtime are MM/DD/YYYY, or a time such as 2026-11-24T12:00:00Z."));
        to ??= now.AddSeconds(1);
        from ??= to.Value.AddDays(-1);
        if (from >= to)
            return (null, Problem.InvalidRequest("starttime must be before endtime."));
        var filter = new LogFilter
        {
            Kinds = Split(parameters["kinds"]),
            Changes = parameters.IsTrue("changes"),
            Reads = parameters.IsTrue("reads"),
        };
        var performers = Split(parameters["performer"]);
        if (filter.Kinds.Count > MaxList || performers.Count > MaxList)
            return (null, Problem.InvalidRequest($"At most {MaxList} kinds and performers."));
        if (performers.Count > 0)
            filter = filter with { Performers = await logs.AccountsAsync(performers, ct) };
        if (parameters["digest"] is { Count: > 0 } digest)
        {
            if (!Digest.TryParse(digest.ToString(), out var parsed))
                return (null, Problem.InvalidRequest("digest is one such as sha256:...."));
            filter = filter with { Digest = parsed };
        }
        var query = new LogQuery(from.Value.ToUnixTimeMilliseconds(), to.Value.ToUnixTimeMilliseconds()) { Filter = filter };
        if (parameters["limit"] is { Count: > 0 } limit)
        {
            if (!int.TryParse(limit.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > MaxPage)
                return (null, Problem.InvalidRequest($"limit is from 1 to {MaxPage}."));
            query = query with { Count = count };
        }
        if (parameters["next_page"].ToString() is { Length: > 0 } token)
        {
            if (!LogPlace.TryParse(token, out var before))
                return (null, QuayQuery.NoSuchPage);
            query = query with { Before = before };
        }
        if (http.Features.Get<RepositoryName>() is not null)
            return http.Access() is { Exists: true } access
                ? (query with { NamespaceId = access.NamespaceId, RepositoryId = access.RepositoryId }, null)
                : (null, Problem.NotFound("There is no such repository."));
        if (http.Features.Get<NamespaceAccess>() is { } organization)
            return (query with { NamespaceId = organization.NamespaceId }, null);
        return http.Request.Path.StartsWithSegments("/api/v1/superuser", StringComparison.Ordinal) ? (query, null) : (query with { NamespaceId = http.Caller().Principal.AccountId }, null);
    }

    /// <summary>An entry in Quay's shape, with what Quay does not have beside it: id, at, outcome, user_agent.</summary>
    internal static LogView View(LogEntry entry, bool withNamespace)
    {
        var line = entry.Line;
        var metadata = line.Metadata is { } text ? JsonNode.Parse(text) as JsonObject ?? [] : [];
        if (entry.Namespace is { } owner)
            metadata["namespace"] = owner.Name;
        if (line.Digest is { } digest)
            metadata["manifest_digest"] = digest.ToString();
        if (entry.GrantedBy is { } grantor)
            metadata["granted_by"] = grantor;
        var (name, ip, agent) = Tell(entry.Who);
        if (agent is not null)
            metadata["user-agent"] = agent;
        if (line.About is not null && Tell(entry.About).Name is { } about)
            metadata[line.Kind switch { "org_add_team_member" or "org_remove_team_member" or "org_invite_team_member" or "org_team_member_invite_declined" => "member", _ => "username" }] = about;
        return new LogView(entry.Place.ToString(), line.Kind, metadata, ip, QuayDate.Format(line.AtMs)!, DateTimeOffset.FromUnixTimeMilliseconds(line.AtMs).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            line.Outcome, line.PerformerId != 0 && name is not null ? new PerformerView("user", name, name.Contains('+', StringComparison.Ordinal), Avatar.Of(name, name.Contains('+', StringComparison.Ordinal) ? "robot" : "user")) : null,
            line.PerformerId != 0 && entry.Who is null ? true : null,
            withNamespace && entry.Namespace is { } of ? new NamespaceView(of.IsOrganization ? "org" : "user", of.Name, Avatar.Of(of.Name, of.IsOrganization ? "org" : "user")) : null,
            line.PerformerId == 0 ? name : null);
    }

    internal static (string? Name, string? Address, string? Agent) Tell(AuditPersonRow? person)
    {
        if (person is null)
            return default;
        using var json = JsonDocument.Parse(person.Value);
        return (Member("name"), Member("ip"), Member("ua"));

        string? Member(string name) => json.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
    }

    private static bool TryTime(string? text, bool isEnd, out DateTimeOffset? time)
    {
        time = null;
        if (string.IsNullOrEmpty(text))
            return true;
        // Quay: the day of the end is still in.
        if (DateTimeOffset.TryParseExact(text, QuayTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) && day.Year is > 1970 and < 9000)
            time = isEnd ? day.AddDays(1) : day;
        else if (text.Length <= 40 && text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var exact) && exact.Year is > 1970 and < 9000)
            time = exact;
        return time is not null;
    }

    private static List<string> Split(Microsoft.Extensions.Primitives.StringValues values) =>
        [.. values.SelectMany(static v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Where(static v => v.Length <= 512 && !v.Contains('\0', StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];
}
