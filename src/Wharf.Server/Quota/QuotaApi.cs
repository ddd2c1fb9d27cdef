using Microsoft.AspNetCore.Mvc;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Quota;

/// <summary>
/// Quotas as in Quay, whose superusers set them; beside it, admins of an organization set quotas for prefixes of its repositories' names,
/// and everybody in it sees what is used.
/// </summary>
internal static class QuotaApi
{
    private const int MaxPrefix = 255;

    public static void Map(WebApplication app)
    {
        app.MapGet("/api/v1/organization/{orgname}/quota", (HttpContext http, QuotaStore quotas, CancellationToken ct) => List(http.Organization(), quotas, ct))
            .Requires(Permission.SeeOrganization).WithName("listOrganizationQuota").Describe("Lists the quotas of an organization.").Gives(QuotaJson.Default.IReadOnlyListShownQuota);
        app.MapPost("/api/v1/organization/{orgname}/quota", (HttpContext http, QuotaStore quotas, CancellationToken ct) => Create(http, http.Organization(), quotas, ct))
            .Requires(Permission.SeeOrganization).WithName("createOrganizationQuota").Describe("Sets a quota: superusers for the organization, its admins for a prefix of its repositories' names.")
            .Takes(QuotaJson.Default.NewQuota).Gives(QuotaJson.Default.String, 201);
        app.MapGet("/api/v1/organization/{orgname}/quota/{quota_id}", (HttpContext http, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, CancellationToken ct) => Get(http.Organization(), id, quotas, ct))
            .Requires(Permission.SeeOrganization).WithName("getOrganizationQuota").Describe("Shows a quota.").Gives(QuotaJson.Default.ShownQuota);
        app.MapPut("/api/v1/organization/{orgname}/quota/{quota_id}", (HttpContext http, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, CancellationToken ct) => Change(http, http.Organization(), id, quotas, ct))
            .Requires(Permission.SeeOrganization).WithName("changeOrganizationQuota").Describe("Changes how much it is.").Takes(QuotaJson.Default.ChangedQuota).Gives(QuotaJson.Default.ShownQuota);
        app.MapDelete("/api/v1/organization/{orgname}/quota/{quota_id}", (HttpContext http, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, CancellationToken ct) => Delete(http, http.Organization(), id, quotas, ct))
            .Requires(Permission.SeeOrganization).WithName("deleteOrganizationQuota").Describe("Takes a quota away.").Gives(204);
        app.MapGet("/api/v1/organization/{orgname}/quota/{quota_id}/limit", (HttpContext http, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, CancellationToken ct) => ListLimits(http.Organization(), id, quotas, ct))
            .Requires(Permission.SeeOrganization).WithName("listOrganizationQuotaLimit").Describe("Lists the thresholds of a quota.").Gives(QuotaJson.Default.IReadOnlyListShownLimit);
        app.MapPost("/api/v1/organization/{orgname}/quota/{quota_id}/limit", AddLimit).Requires(Permission.SeeOrganization).WithName("createOrganizationQuotaLimit")
            .Describe("Adds a threshold, from which pushes are warned or refused.").Takes(QuotaJson.Default.NewLimit).Gives(QuotaJson.Default.String, 201);
        app.MapGet("/api/v1/organization/{orgname}/quota/{quota_id}/limit/{limit_id}", (HttpContext http, [FromRoute(Name = "quota_id")] string id, [FromRoute(Name = "limit_id")] string limit, QuotaStore quotas, CancellationToken ct) =>
            GetLimit(http.Organization(), id, limit, quotas, ct)).Requires(Permission.SeeOrganization).WithName("getOrganizationQuotaLimit").Describe("Shows a threshold.").Gives(QuotaJson.Default.ShownLimit);
        app.MapPut("/api/v1/organization/{orgname}/quota/{quota_id}/limit/{limit_id}", ChangeLimit).Requires(Permission.SeeOrganization).WithName("changeOrganizationQuotaLimit")
            .Describe("Changes a threshold.").Takes(QuotaJson.Default.ChangedLimit).Gives(QuotaJson.Default.ShownQuota);
        app.MapDelete("/api/v1/organization/{orgname}/quota/{quota_id}/limit/{limit_id}", DeleteLimit).Requires(Permission.SeeOrganization).WithName("deleteOrganizationQuotaLimit")
            .Describe("Takes a threshold away.").Gives(204);
        app.MapGet("/api/v1/organization/{orgname}/usage", (HttpContext http, Usages usages, CancellationToken ct) => Usage(http.Organization(), usages, ct))
            .Requires(Permission.SeeOrganization).WithName("getOrganizationUsage").Describe("What an organization holds, how that grew, and when there is no room any more.").Gives(QuotaJson.Default.ShownUsage);

        app.MapGet("/api/v1/user/quota", (HttpContext http, QuotaStore quotas, CancellationToken ct) => List(Own(http), quotas, ct))
            .Requires(Permission.Person).WithName("listUserQuota").Describe("Lists the quotas of the own account.").Gives(QuotaJson.Default.IReadOnlyListShownQuota);
        app.MapGet("/api/v1/user/quota/{quota_id}", (HttpContext http, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, CancellationToken ct) => Get(Own(http), id, quotas, ct))
            .Requires(Permission.Person).WithName("getUserQuota").Describe("Shows a quota of the own account.").Gives(QuotaJson.Default.ShownQuota);
        app.MapGet("/api/v1/user/quota/{quota_id}/limit", (HttpContext http, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, CancellationToken ct) => ListLimits(Own(http), id, quotas, ct))
            .Requires(Permission.Person).WithName("listUserQuotaLimit").Describe("Lists the thresholds of a quota of the own account.").Gives(QuotaJson.Default.IReadOnlyListShownLimit);
        app.MapGet("/api/v1/user/quota/{quota_id}/limit/{limit_id}", (HttpContext http, [FromRoute(Name = "quota_id")] string id, [FromRoute(Name = "limit_id")] string limit, QuotaStore quotas, CancellationToken ct) =>
            GetUserLimit(Own(http), id, limit, quotas, ct)).Requires(Permission.Person).WithName("getUserQuotaLimit").Describe("Shows the quota of the own account that has a threshold.").Gives(QuotaJson.Default.ShownQuota);
        app.MapGet("/api/v1/user/usage", (HttpContext http, Usages usages, CancellationToken ct) => Usage(Own(http), usages, ct))
            .Requires(Permission.Person).WithName("getUserUsage").Describe("What the own account holds, how that grew, and when there is no room any more.").Gives(QuotaJson.Default.ShownUsage);

        foreach (var (path, what) in ((string, string)[])[("users", "User"), ("organization", "Organization")])
        {
            var name = what == "User" ? "user" : "organization";
            app.MapGet($"/api/v1/superuser/{path}/{{namespace}}/quota", ListOf).Requires(Permission.InspectRegistry, fresh: true).WithName($"list{what}QuotaSuperUser")
                .Describe($"Lists the quotas of any {name}.").Gives(QuotaJson.Default.IReadOnlyListShownQuota);
            app.MapPost($"/api/v1/superuser/{path}/{{namespace}}/quota", CreateOf).Requires(Permission.Superuser, fresh: true).WithName($"create{what}QuotaSuperUser")
                .Describe($"Sets a quota of any {name}.").Takes(QuotaJson.Default.NewQuota).Gives(QuotaJson.Default.String, 201);
            app.MapPut($"/api/v1/superuser/{path}/{{namespace}}/quota/{{quota_id}}", ChangeOf).Requires(Permission.Superuser, fresh: true).WithName($"change{what}QuotaSuperUser")
                .Describe($"Changes a quota of any {name}.").Takes(QuotaJson.Default.ChangedQuota).Gives(QuotaJson.Default.ShownQuota);
            app.MapDelete($"/api/v1/superuser/{path}/{{namespace}}/quota/{{quota_id}}", DeleteOf).Requires(Permission.Superuser).WithName($"delete{what}QuotaSuperUser")
                .Describe($"Takes a quota of any {name} away.").Gives(204);
        }
    }

    private static NamespaceAccess Own(HttpContext http) => new(http.Caller().Principal.Name, http.Caller().Principal.AccountId, false, NamespaceRole.Admin);

    private static async Task<IResult> List(NamespaceAccess of, QuotaStore quotas, CancellationToken ct) =>
        TypedResults.Json<IReadOnlyList<ShownQuota>>([.. (await quotas.ListAsync(of.NamespaceId, ct)).Select(Show)], QuotaJson.Default.IReadOnlyListShownQuota);

    private static async Task<IResult> Create(HttpContext http, NamespaceAccess of, QuotaStore quotas, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, QuotaJson.Default.NewQuota, ct);
        if (body is null)
            return problem!;
        var prefix = body.Prefix ?? "";
        if (!MayRule(http, of, prefix))
            return NotYours(prefix);
        if (Bytes(body.LimitBytes, body.Limit, out var bytes) is { } wrong)
            return wrong;
        if (prefix.Length > MaxPrefix || !prefix.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '/' or '-' or '_' or '.'))
            return Problem.InvalidRequest($"prefix is how names of repositories begin: at most {MaxPrefix} small letters, digits, '/', '-', '_' and '.'.");
        foreach (var limit in body.Limits ?? [])
            if (Threshold(limit.Type, limit.ThresholdPercent) is { } bad)
                return bad;
        var limits = (body.Limits ?? []).Select(static l => (Kind(l.Type)!, l.ThresholdPercent)).Distinct().ToList();
        if (limits.Count > 10 || limits.Count(static l => l.Item1 == "Reject") > 1)
            return Problem.InvalidRequest("Only one quota limit of type 'Reject' allowed, and ten in all.");
        return await quotas.CreateAsync(http.Caller().Principal, of, prefix, bytes, limits, ct) is { } refused
            ? Problem.InvalidRequest(refused) : TypedResults.Json("Created", QuotaJson.Default.String, statusCode: 201);
    }

    private static async Task<IResult> Get(NamespaceAccess of, string id, QuotaStore quotas, CancellationToken ct) =>
        await FindAsync(of, id, quotas, ct) is { } quota ? TypedResults.Json(Show(quota), QuotaJson.Default.ShownQuota) : NoSuchQuota;

    private static async Task<IResult> Change(HttpContext http, NamespaceAccess of, string id, QuotaStore quotas, CancellationToken ct)
    {
        var (quota, refused) = await RuledAsync(http, of, id, quotas, ct);
        if (quota is null)
            return refused!;
        var (body, problem) = await JsonBody.ReadAsync(http, QuotaJson.Default.ChangedQuota, ct);
        if (body is null)
            return problem!;
        if (body is not { LimitBytes: null, Limit: null })
        {
            if (Bytes(body.LimitBytes, body.Limit, out var bytes) is { } wrong)
                return wrong;
            if (!await quotas.ChangeAsync(http.Caller().Principal, of, quota.Id, bytes, ct))
                return NoSuchQuota;
        }
        return await Get(of, id, quotas, ct);
    }

    private static async Task<IResult> Delete(HttpContext http, NamespaceAccess of, string id, QuotaStore quotas, CancellationToken ct)
    {
        var (quota, refused) = await RuledAsync(http, of, id, quotas, ct);
        return quota is null ? refused! : await quotas.DeleteAsync(http.Caller().Principal, of, quota.Id, ct) ? TypedResults.NoContent() : NoSuchQuota;
    }

    private static async Task<IResult> ListLimits(NamespaceAccess of, string id, QuotaStore quotas, CancellationToken ct) =>
        await FindAsync(of, id, quotas, ct) is { } quota ? TypedResults.Json<IReadOnlyList<ShownLimit>>([.. quota.Limits.Select(Show)], QuotaJson.Default.IReadOnlyListShownLimit) : NoSuchQuota;

    private static async Task<IResult> GetLimit(NamespaceAccess of, string id, string limit, QuotaStore quotas, CancellationToken ct) =>
        await FindAsync(of, id, quotas, ct) is { } quota && Find(quota, limit) is { } found ? TypedResults.Json(Show(found), QuotaJson.Default.ShownLimit) : NoSuchLimit;

    // Quay answers the quota here, and not the threshold.
    private static async Task<IResult> GetUserLimit(NamespaceAccess of, string id, string limit, QuotaStore quotas, CancellationToken ct) =>
        await FindAsync(of, id, quotas, ct) is { } quota && Find(quota, limit) is not null ? TypedResults.Json(Show(quota), QuotaJson.Default.ShownQuota) : NoSuchLimit;

    private static async Task<IResult> AddLimit(HttpContext http, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, CancellationToken ct)
    {
        var of = http.Organization();
        var (quota, refused) = await RuledAsync(http, of, id, quotas, ct);
        if (quota is null)
            return refused!;
        var (body, problem) = await JsonBody.ReadAsync(http, QuotaJson.Default.NewLimit, ct);
        if (body is null)
            return problem!;
        if (Threshold(body.Type, body.ThresholdPercent) is { } wrong)
            return wrong;
        return await quotas.AddLimitAsync(http.Caller().Principal, of, quota, Kind(body.Type)!, body.ThresholdPercent, ct) is { } why
            ? Problem.InvalidRequest(why) : TypedResults.Json("Created", QuotaJson.Default.String, statusCode: 201);
    }

    private static async Task<IResult> ChangeLimit(HttpContext http, [FromRoute(Name = "quota_id")] string id, [FromRoute(Name = "limit_id")] string limit, QuotaStore quotas, CancellationToken ct)
    {
        var of = http.Organization();
        var (quota, refused) = await RuledAsync(http, of, id, quotas, ct);
        if (quota is null)
            return refused!;
        if (Find(quota, limit) is not { } found)
            return NoSuchLimit;
        var (body, problem) = await JsonBody.ReadAsync(http, QuotaJson.Default.ChangedLimit, ct);
        if (body is null)
            return problem!;
        var (type, percent) = (body.Type ?? found.Kind, body.ThresholdPercent ?? found.Percent);
        if (Threshold(type, percent) is { } wrong)
            return wrong;
        return await quotas.ChangeLimitAsync(http.Caller().Principal, of, quota, found, Kind(type)!, percent, ct) is { } why ? Problem.InvalidRequest(why) : await Get(of, id, quotas, ct);
    }

    private static async Task<IResult> DeleteLimit(HttpContext http, [FromRoute(Name = "quota_id")] string id, [FromRoute(Name = "limit_id")] string limit, QuotaStore quotas, CancellationToken ct)
    {
        var of = http.Organization();
        var (quota, refused) = await RuledAsync(http, of, id, quotas, ct);
        if (quota is null)
            return refused!;
        return Find(quota, limit) is { } found && await quotas.DeleteLimitAsync(http.Caller().Principal, of, quota, found, ct) ? TypedResults.NoContent() : NoSuchLimit;
    }

    private static async Task<IResult> Usage(NamespaceAccess of, Usages usages, CancellationToken ct) =>
        TypedResults.Json(await usages.ShowAsync(of.NamespaceId, ct), QuotaJson.Default.ShownUsage);

    private static async Task<IResult> ListOf(HttpContext http, string @namespace, QuotaStore quotas, Permissions permissions, CancellationToken ct) =>
        await AnyAsync(http, @namespace, permissions, ct) is { } of ? await List(of, quotas, ct) : NoSuchNamespace;

    private static async Task<IResult> CreateOf(HttpContext http, string @namespace, QuotaStore quotas, Permissions permissions, CancellationToken ct) =>
        await AnyAsync(http, @namespace, permissions, ct) is { } of ? await Create(http, of, quotas, ct) : NoSuchNamespace;

    private static async Task<IResult> ChangeOf(HttpContext http, string @namespace, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, Permissions permissions, CancellationToken ct) =>
        await AnyAsync(http, @namespace, permissions, ct) is { } of ? await Change(http, of, id, quotas, ct) : NoSuchNamespace;

    private static async Task<IResult> DeleteOf(HttpContext http, string @namespace, [FromRoute(Name = "quota_id")] string id, QuotaStore quotas, Permissions permissions, CancellationToken ct) =>
        await AnyAsync(http, @namespace, permissions, ct) is { } of ? await Delete(http, of, id, quotas, ct) : NoSuchNamespace;

    private static async ValueTask<NamespaceAccess?> AnyAsync(HttpContext http, string name, Permissions permissions, CancellationToken ct) =>
        await permissions.DecideAsync(http.Caller().Principal, name, ct) is { Exists: true } of ? of : null;

    // The whole of a namespace is the registry's to ration; how an organization shares it out is its own matter.
    private static bool MayRule(HttpContext http, NamespaceAccess of, string prefix)
    {
        var principal = http.Caller().Principal;
        return (principal.Superuser && principal.Has(Scopes.SuperUser)) || (prefix.Length > 0 && Permissions.Allows(principal, of, Permission.AdministerOrganization));
    }

    private static async ValueTask<(StorageQuota? Quota, IResult? Refused)> RuledAsync(HttpContext http, NamespaceAccess of, string id, QuotaStore quotas, CancellationToken ct) =>
        await FindAsync(of, id, quotas, ct) is not { } quota ? (null, MayRule(http, of, "/") ? NoSuchQuota : NotYours(""))
        : MayRule(http, of, quota.Prefix) ? (quota, null) : (null, NotYours(quota.Prefix));

    private static async ValueTask<StorageQuota?> FindAsync(NamespaceAccess of, string id, QuotaStore quotas, CancellationToken ct) =>
        long.TryParse(id, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) ? await quotas.FindAsync(of.NamespaceId, number, ct) : null;

    private static QuotaLimit? Find(StorageQuota quota, string id) => quota.Limits.FirstOrDefault(l => l.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) == id);

    private static Problem? Bytes(long? given, string? text, out long bytes)
    {
        bytes = given ?? (ByteSize.TryParse(text, null, out var size) ? size.Bytes : -1);
        return given is null && text is null ? Problem.InvalidRequest("The member limit_bytes is missing: the number of bytes, or limit with a unit, such as 10 GiB.")
            : given is null && bytes < 0 ? Problem.InvalidRequest("Invalid limit format: a number and a unit, such as 10 GiB or 500 MB.")
            : bytes is < 1 or > (1L << 60) ? Problem.InvalidRequest("limit_bytes is a number from 1 to 2^60.") : null;
    }

    private static string? Kind(string type) => type.Equals("Warning", StringComparison.OrdinalIgnoreCase) ? "Warning" : type.Equals("Reject", StringComparison.OrdinalIgnoreCase) ? "Reject" : null;

    private static Problem? Threshold(string type, long percent) => Kind(type) is null ? Problem.InvalidRequest("type is Warning or Reject.")
        : percent is < 1 or > 100 ? Problem.InvalidRequest("threshold_percent is a number from 1 to 100.") : null;

    private static ShownQuota Show(StorageQuota quota) => new(quota.Id, quota.LimitBytes, [.. quota.Limits.Select(Show)], quota.Prefix.Length > 0 ? quota.Prefix : null);

    private static ShownLimit Show(QuotaLimit limit) => new(limit.Id, limit.Kind, limit.Percent);

    private static Problem NotYours(string prefix) => Problem.InsufficientScope(prefix.Length > 0
        ? "Only admins of the organization set quotas for its prefixes." : "Only superusers set the quota of a namespace; admins of an organization set those for prefixes.");

    private static Problem NoSuchQuota => Problem.NotFound("There is no such quota.");

    private static Problem NoSuchLimit => Problem.NotFound("There is no such quota or threshold.");

    private static Problem NoSuchNamespace => Problem.NotFound("There is no such user or organization.");
}
