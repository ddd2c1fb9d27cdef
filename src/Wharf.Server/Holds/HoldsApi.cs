using System.Globalization;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Holds;

/// <summary>
/// Legal holds: admins of an organization set them on what is theirs and superusers on anything; each is lifted by somebody else. An
/// organization sees all that are on it, but not why superusers set theirs.
/// </summary>
internal static class HoldsApi
{
    private const int PageSize = 100;

    public static void MapHolds(this WebApplication app)
    {
        app.MapGet("/api/v1/organization/{orgname}/hold", ListOfOrganization).Requires(Permission.InspectOrganization).WithName("listOrganizationHolds")
            .Describe("Lists the legal holds on an organization and what is in it.", "The reasons of those that superusers set are not shown.").Query("lifted", "Also those that were lifted.", "boolean").Paged().Gives(HoldsJson.Default.ShownHolds);
        app.MapPost("/api/v1/organization/{orgname}/hold", SetInOrganization).Requires(Permission.AdministerOrganization).WithName("setOrganizationHold")
            .Describe("Sets a legal hold on the organization, a repository or a tag: nothing in it goes until another admin lifts it.").Takes(HoldsJson.Default.NewOrganizationHold).Gives(HoldsJson.Default.ShownHold, 201);
        app.MapGet("/api/v1/organization/{orgname}/hold/{hold_id}", GetOfOrganization).Requires(Permission.InspectOrganization).WithName("getOrganizationHold")
            .Describe("Shows a legal hold.").Gives(HoldsJson.Default.ShownHold);
        app.MapDelete("/api/v1/organization/{orgname}/hold/{hold_id}", LiftInOrganization).Requires(Permission.AdministerOrganization).WithName("liftOrganizationHold")
            .Describe("Lifts a legal hold that another admin of the organization set.").Gives(204);
        app.MapGet("/api/v1/superuser/hold", List).Requires(Permission.InspectRegistry, fresh: true).WithName("listHolds")
            .Describe("Lists all legal holds.").Query("lifted", "Also those that were lifted.", "boolean").Paged().Gives(HoldsJson.Default.ShownHolds);
        app.MapPost("/api/v1/superuser/hold", Set).Requires(Permission.Superuser, fresh: true).WithName("setHold")
            .Describe("Sets a legal hold: nothing in it goes, and nobody in it is erased, until somebody else lifts it.", "The kind is `organization`, `person`, `repository`, `tag`, or `audit` for a time of the audit trail.")
            .Takes(HoldsJson.Default.NewHold).Gives(HoldsJson.Default.ShownHold, 201);
        app.MapGet("/api/v1/superuser/hold/{hold_id}", Get).Requires(Permission.InspectRegistry, fresh: true).WithName("getHold")
            .Describe("Shows a legal hold.").Gives(HoldsJson.Default.ShownHold);
        app.MapDelete("/api/v1/superuser/hold/{hold_id}", Lift).Requires(Permission.Superuser, fresh: true).WithName("liftHold")
            .Describe("Lifts a legal hold that somebody else set.").Gives(204);
    }

    private static Task<IResult> ListOfOrganization(HttpContext http, HoldStore holds, CancellationToken ct) => ListAsync(http, holds, http.Organization().NamespaceId, ct);

    private static Task<IResult> List(HttpContext http, HoldStore holds, CancellationToken ct) => ListAsync(http, holds, 0, ct);

    private static async Task<IResult> ListAsync(HttpContext http, HoldStore holds, long organizationId, CancellationToken ct)
    {
        var after = http.Request.Query["next_page"].ToString();
        if (after.Length > 0 && !IsId(after))
            return QuayQuery.NoSuchPage;
        var rows = await holds.ListAsync(organizationId, http.Request.Query.IsTrue("lifted"), after, PageSize + 1, ct);
        var more = rows.Count > PageSize;
        if (more)
            rows.RemoveAt(PageSize);
        return TypedResults.Json(new ShownHolds(rows.ConvertAll(h => Show(h, ReadsReason(http, organizationId, h))), more ? rows[^1].Id : null), HoldsJson.Default.ShownHolds);
    }

    private static Task<IResult> GetOfOrganization(HttpContext http, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "hold_id")] string id, HoldStore holds, CancellationToken ct) =>
        ShowAsync(http, holds, http.Organization().NamespaceId, id, 200, ct);

    private static Task<IResult> Get(HttpContext http, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "hold_id")] string id, HoldStore holds, CancellationToken ct) => ShowAsync(http, holds, 0, id, 200, ct);

    private static async Task<IResult> ShowAsync(HttpContext http, HoldStore holds, long organizationId, string id, int status, CancellationToken ct) =>
        IsId(id) && await holds.FindAsync(organizationId, id, ct) is { } hold ? TypedResults.Json(Show(hold, ReadsReason(http, organizationId, hold)), HoldsJson.Default.ShownHold, statusCode: status) : NoSuchHold;

    private static async Task<IResult> SetInOrganization(HttpContext http, HoldStore holds, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, HoldsJson.Default.NewOrganizationHold, ct);
        if (body is null)
            return problem!;
        var organization = http.Organization();
        return body.Kind is "organization" or "repository" or "tag"
            ? await SetAsync(http, holds, organization.NamespaceId, new HoldTarget(HoldStore.Parse(body.Kind), organization.Name, body.Repository, body.Tag), body.Reason, body.CaseReference, ct)
            : Problem.InvalidRequest("kind is 'organization', 'repository' or 'tag'.");
    }

    private static async Task<IResult> Set(HttpContext http, HoldStore holds, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, HoldsJson.Default.NewHold, ct);
        if (body is null)
            return problem!;
        if (body.Kind is not ("organization" or "person" or "repository" or "tag" or "audit"))
            return Problem.InvalidRequest("kind is 'organization', 'person', 'repository', 'tag' or 'audit'.");
        if (!TryTime(body.From, out var from) || !TryTime(body.To, out var to))
            return Problem.InvalidRequest("from and to are times such as 2026-01-31T12:00:00Z.");
        return await SetAsync(http, holds, 0, new HoldTarget(HoldStore.Parse(body.Kind), body.Namespace ?? "", body.Repository, body.Tag, from, to), body.Reason, body.CaseReference, ct);
    }

    private static async Task<IResult> SetAsync(HttpContext http, HoldStore holds, long organizationId, HoldTarget target, string reason, string? caseReference, CancellationToken ct)
    {
        if ((Wrong(target) ?? Wrong(reason, caseReference ?? "")) is { } wrong)
            return Problem.InvalidRequest(wrong);
        var outcome = await holds.SetAsync(http.Caller().Principal.AccountId, organizationId, target, reason, caseReference ?? "", ct);
        return outcome.Problem is null ? await ShowAsync(http, holds, organizationId, outcome.Id!, 201, ct) : Refused(outcome);
    }

    private static Task<IResult> LiftInOrganization(HttpContext http, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "hold_id")] string id, HoldStore holds, CancellationToken ct) =>
        LiftAsync(http, holds, http.Organization().NamespaceId, id, ct);

    private static Task<IResult> Lift(HttpContext http, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "hold_id")] string id, HoldStore holds, CancellationToken ct) => LiftAsync(http, holds, 0, id, ct);

    private static async Task<IResult> LiftAsync(HttpContext http, HoldStore holds, long organizationId, string id, CancellationToken ct)
    {
        if (!IsId(id))
            return NoSuchHold;
        var outcome = await holds.LiftAsync(http.Caller().Principal.AccountId, organizationId, id, ct);
        return outcome.Problem is null ? TypedResults.NoContent() : Refused(outcome);
    }

    /// <summary>What is wrong with it; null for nothing.</summary>
    public static string? Wrong(HoldTarget target)
    {
        if (target.Kind == HoldKind.Audit)
            return target is not { Namespace: "", Repository: null, Tag: null } ? "A hold on the audit trail has a time, and no namespace."
                : target.FromMs is null || target.ToMs is null || target.FromMs >= target.ToMs ? "A hold on the audit trail is from a time to a later one." : null;
        if (target.FromMs is not null || target.ToMs is not null)
            return "Only a hold on the audit trail has a time.";
        if (!AccountStore.IsValidName(target.Namespace))
            return "Say which organization or user (namespace).";
        var (named, tagged) = (target.Repository is not null, target.Tag is not null);
        if ((target.Kind is HoldKind.Repository or HoldKind.Tag) != named)
            return "A hold on a repository or a tag says which repository, and no other does.";
        if (named && !RepositoryName.TryParse($"{target.Namespace}/{target.Repository}", null, out _))
            return "The repository name is malformed.";
        return (target.Kind == HoldKind.Tag) != tagged ? "A hold on a tag says which tag, and no other does."
            : tagged && !TagName.IsValid(target.Tag!) ? "The name of the tag is malformed." : null;
    }

    /// <inheritdoc cref="Wrong(HoldTarget)"/>
    public static string? Wrong(string reason, string caseReference) =>
        reason.Length is 0 or > HoldStore.MaxReason || reason.Any(static c => char.IsControl(c) && c != '\n') ? $"Give a reason, of at most {HoldStore.MaxReason} characters without control characters."
        : caseReference.Length > HoldStore.MaxCase || caseReference.Any(char.IsControl) ? $"The reference of the case has at most {HoldStore.MaxCase} characters without control characters." : null;

    public static bool IsId(string id) => id.Length == 32 && id.All(char.IsAsciiHexDigitLower);

    public static ShownHold Show(Hold hold, bool readsReason) => new(hold.Id, HoldStore.Word(hold.Kind), hold.OfOrganization ? "organization" : "registry", hold.Namespace, hold.Repository, hold.Tag,
        QuayDate.FormatIso(hold.FromMs), QuayDate.FormatIso(hold.ToMs), readsReason ? hold.Reason : null, readsReason && hold.CaseReference.Length > 0 ? hold.CaseReference : null,
        readsReason ? hold.SetBy : null, QuayDate.FormatIso(hold.SetMs)!, readsReason ? hold.LiftedBy : null, QuayDate.FormatIso(hold.LiftedMs));

    private static bool ReadsReason(HttpContext http, long organizationId, Hold hold) => organizationId == 0 || hold.OfOrganization || http.Caller().Principal is { Superuser: true } or { ReadsAll: true };

    private static bool TryTime(string? text, out long? ms)
    {
        ms = null;
        if (text is null)
            return true;
        var good = DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at);
        ms = at.ToUnixTimeMilliseconds();
        return good;
    }

    private static Problem Refused(HoldOutcome outcome) => outcome.Status switch
    {
        404 => Problem.NotFound(outcome.Problem!),
        403 => Problem.InsufficientScope(outcome.Problem!),
        _ => Problem.InvalidRequest(outcome.Problem!),
    };

    private static Problem NoSuchHold => Problem.NotFound("There is no such hold.");
}

internal sealed record NewOrganizationHold([property: JsonRequired] string Kind, [property: JsonRequired] string Reason, string? Repository = null, string? Tag = null, string? CaseReference = null);

/// <param name="From">Of a hold on the audit trail: from this time on, and up to <paramref name="To"/>.</param>
internal sealed record NewHold(
    [property: JsonRequired] string Kind, [property: JsonRequired] string Reason, string? Namespace = null, string? Repository = null, string? Tag = null, string? From = null, string? To = null, string? CaseReference = null);

/// <param name="Level">registry or organization: whose superusers or admins set it and lift it.</param>
/// <param name="Reason">Null for those who may not read it.</param>
/// <param name="SetBy">Null for the operator, at the command line, and for those who may not read it.</param>
internal sealed record ShownHold(
    string Id, string Kind, string Level, string? Namespace, string? Repository, string? Tag, string? From, string? To, string? Reason, string? CaseReference, string? SetBy, string Set, string? LiftedBy, string? Lifted);

internal sealed record ShownHolds(IReadOnlyList<ShownHold> Holds, string? NextPage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewOrganizationHold))]
[JsonSerializable(typeof(NewHold))]
[JsonSerializable(typeof(ShownHold))]
[JsonSerializable(typeof(ShownHolds))]
internal sealed partial class HoldsJson : JsonSerializerContext;
