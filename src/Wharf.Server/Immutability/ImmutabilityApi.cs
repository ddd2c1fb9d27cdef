using Microsoft.AspNetCore.Mvc;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Immutability;

/// <summary>Policies about which tags are immutable, as in Quay (docs/immutability.md).</summary>
internal static class ImmutabilityApi
{
    // Most policies are through within this; who waits for the answer finds its tags immutable.
    private static readonly TimeSpan s_atOnce = TimeSpan.FromSeconds(2);

    private const string Details = "The tags of before are made immutable at once, or where they are many within minutes: `applied` tells. What has become immutable stays so without the policy. Names such as `sha256-<hex>.sig` follow the manifest in them, and no policy is about them.";

    public static void MapImmutability(this WebApplication app)
    {
        app.MapGet("/api/v1/organization/{orgname}/immutabilitypolicy/", static (HttpContext http, PolicyStore policies, CancellationToken ct) => ListAsync(OfOrganization(http), policies, ct))
            .Requires(Permission.InspectOrganization).WithName("listOrgImmutabilityPolicies")
            .Describe("Lists the policies about immutable tags in all repositories of an organization.").Gives(ImmutabilityJson.Default.ShownPolicies);
        app.MapPost("/api/v1/organization/{orgname}/immutabilitypolicy/",
            static (HttpContext http, PolicyStore policies, PolicyApplier applier, PolicyWorker worker, CancellationToken ct) => CreateAsync(http, OfOrganization(http), policies, applier, worker, ct))
            .Requires(Permission.AdministerOrganization).WithName("createOrgImmutabilityPolicy")
            .Describe("Makes tags immutable in all repositories of an organization, by a pattern for their names.", Details).Takes(ImmutabilityJson.Default.NewPolicy).Gives(ImmutabilityJson.Default.PolicyId, 201);
        app.MapGet("/api/v1/organization/{orgname}/immutabilitypolicy/{policy_uuid}",
            static (HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PolicyStore policies, CancellationToken ct) => GetAsync(OfOrganization(http), uuid, policies, ct))
            .Requires(Permission.InspectOrganization).WithName("getOrgImmutabilityPolicy").Describe("Shows a policy about immutable tags.").Gives(ImmutabilityJson.Default.ShownPolicy);
        app.MapPut("/api/v1/organization/{orgname}/immutabilitypolicy/{policy_uuid}",
            static (HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PolicyStore policies, PolicyApplier applier, PolicyWorker worker, CancellationToken ct) =>
                ChangeAsync(http, OfOrganization(http), uuid, policies, applier, worker, ct))
            .Requires(Permission.AdministerOrganization).WithName("updateOrgImmutabilityPolicy").Describe("Changes a policy about immutable tags.", Details).Takes(ImmutabilityJson.Default.NewPolicy).Gives(204);
        app.MapDelete("/api/v1/organization/{orgname}/immutabilitypolicy/{policy_uuid}",
            static (HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PolicyStore policies, CancellationToken ct) => DeleteAsync(http, OfOrganization(http), uuid, policies, ct))
            .Requires(Permission.AdministerOrganization).WithName("deleteOrgImmutabilityPolicy").Describe("Deletes a policy; the tags that it made immutable stay so.").Gives(ImmutabilityJson.Default.PolicyId);

        app.MapGet("/api/v1/repository/-/immutabilitypolicy/", static (HttpContext http, PolicyStore policies, CancellationToken ct) => ListAsync(OfRepository(http), policies, ct))
            .Requires(Permission.Inspect).WithName("listRepositoryImmutabilityPolicies")
            .Describe("Lists the policies about immutable tags of a repository; those of its organization hold beside them.").Gives(ImmutabilityJson.Default.ShownPolicies);
        app.MapPost("/api/v1/repository/-/immutabilitypolicy/",
            static (HttpContext http, PolicyStore policies, PolicyApplier applier, PolicyWorker worker, CancellationToken ct) => CreateAsync(http, OfRepository(http), policies, applier, worker, ct))
            .Requires(Permission.Administer).WithName("createRepositoryImmutabilityPolicy")
            .Describe("Makes tags of a repository immutable, by a pattern for their names.", Details).Takes(ImmutabilityJson.Default.NewPolicy).Gives(ImmutabilityJson.Default.PolicyId, 201);
        app.MapGet("/api/v1/repository/-/immutabilitypolicy/{policy_uuid}",
            static (HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PolicyStore policies, CancellationToken ct) => GetAsync(OfRepository(http), uuid, policies, ct))
            .Requires(Permission.Inspect).WithName("getRepositoryImmutabilityPolicy").Describe("Shows a policy about immutable tags.").Gives(ImmutabilityJson.Default.ShownPolicy);
        app.MapPut("/api/v1/repository/-/immutabilitypolicy/{policy_uuid}",
            static (HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PolicyStore policies, PolicyApplier applier, PolicyWorker worker, CancellationToken ct) =>
                ChangeAsync(http, OfRepository(http), uuid, policies, applier, worker, ct))
            .Requires(Permission.Administer).WithName("updateRepositoryImmutabilityPolicy").Describe("Changes a policy about immutable tags.", Details).Takes(ImmutabilityJson.Default.NewPolicy).Gives(204);
        app.MapDelete("/api/v1/repository/-/immutabilitypolicy/{policy_uuid}",
            static (HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PolicyStore policies, CancellationToken ct) => DeleteAsync(http, OfRepository(http), uuid, policies, ct))
            .Requires(Permission.Administer).WithName("deleteRepositoryImmutabilityPolicy").Describe("Deletes a policy; the tags that it made immutable stay so.").Gives(ImmutabilityJson.Default.PolicyId);
    }

    private static async Task<IResult> ListAsync(PolicyScope? of, PolicyStore policies, CancellationToken ct) => of is { } scope
        ? TypedResults.Json(new ShownPolicies((await policies.ListAsync(scope, ct)).ConvertAll(Show)), ImmutabilityJson.Default.ShownPolicies)
        : NoSuchRepository;

    private static async Task<IResult> GetAsync(PolicyScope? of, string uuid, PolicyStore policies, CancellationToken ct) => of is not { } scope ? NoSuchRepository
        : IsUuid(uuid) && await policies.FindAsync(scope, uuid, ct) is { } policy ? TypedResults.Json(Show(policy), ImmutabilityJson.Default.ShownPolicy) : NoSuchPolicy;

    private static async Task<IResult> CreateAsync(HttpContext http, PolicyScope? of, PolicyStore policies, PolicyApplier applier, PolicyWorker worker, CancellationToken ct)
    {
        var (body, problem) = await ReadAsync(http, ct);
        if (body is null)
            return problem!;
        if (of is not { } scope)
            return NoSuchRepository;
        var (outcome, uuid) = await policies.CreateAsync(http.Caller().Principal, scope, body.TagPattern, body.TagPatternMatches ?? true, ct);
        if (Refused(outcome, scope) is { } refused)
            return refused;
        await ApplyAsync(uuid, applier, worker, ct);
        return TypedResults.Json(new PolicyId(uuid), ImmutabilityJson.Default.PolicyId, statusCode: 201);
    }

    private static async Task<IResult> ChangeAsync(HttpContext http, PolicyScope? of, string uuid, PolicyStore policies, PolicyApplier applier, PolicyWorker worker, CancellationToken ct)
    {
        var (body, problem) = await ReadAsync(http, ct);
        if (body is null)
            return problem!;
        if (of is not { } scope)
            return NoSuchRepository;
        if (!IsUuid(uuid))
            return NoSuchPolicy;
        if (Refused(await policies.ChangeAsync(http.Caller().Principal, scope, uuid, body.TagPattern, body.TagPatternMatches ?? true, ct), scope) is { } refused)
            return refused;
        await ApplyAsync(uuid, applier, worker, ct);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, PolicyScope? of, string uuid, PolicyStore policies, CancellationToken ct)
    {
        if (of is not { } scope)
            return NoSuchRepository;
        if (!IsUuid(uuid))
            return NoSuchPolicy;
        return Refused(await policies.DeleteAsync(http.Caller().Principal, scope, uuid, ct), scope) ?? (IResult)TypedResults.Json(new PolicyId(uuid), ImmutabilityJson.Default.PolicyId);
    }

    private static async Task<(NewPolicy? Policy, Problem? Problem)> ReadAsync(HttpContext http, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, ImmutabilityJson.Default.NewPolicy, ct);
        if (body is null)
            return (null, problem);
        body = body with { TagPattern = body.TagPattern.Trim() };
        return TagPattern.Parse(body.TagPattern).Problem is { } wrong ? (null, Problem.InvalidRequest(wrong)) : (body, null);
    }

    // What is left is the worker's, and so is what a caller who hangs up leaves.
    private static async Task ApplyAsync(string uuid, PolicyApplier applier, PolicyWorker worker, CancellationToken ct)
    {
        var done = false;
        try
        {
            done = await applier.ApplyAsync(uuid, s_atOnce, ct);
        }
        finally
        {
            if (!done)
                worker.Nudge();
        }
    }

    private static Problem? Refused(PolicyOutcome outcome, PolicyScope scope) => outcome switch
    {
        PolicyOutcome.Done => null,
        PolicyOutcome.Duplicate => Problem.InvalidRequest("A policy with the same tag_pattern already exists"),
        PolicyOutcome.TooMany => Problem.InvalidRequest($"{(scope.Repository is null ? "An organization" : "A repository")} has at most {PolicyStore.MaxPolicies} policies about immutable tags."),
        _ => NoSuchPolicy,
    };

    private static PolicyScope? OfOrganization(HttpContext http) => new PolicyScope(http.Organization().NamespaceId, 0, http.Organization().Name, null);

    private static PolicyScope? OfRepository(HttpContext http) =>
        http.Access() is { Exists: true } access ? new PolicyScope(access.NamespaceId, access.RepositoryId, access.Name.Namespace, access.Name.Name) : null;

    private static ShownPolicy Show(Policy policy) => new(policy.Uuid, policy.Pattern, policy.Matches, policy.IsApplied);

    private static bool IsUuid(string text) => Guid.TryParseExact(text, "D", out _);

    private static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");

    private static Problem NoSuchPolicy => Problem.NotFound("There is no such policy.");
}
