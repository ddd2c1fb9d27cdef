using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Pruning;

/// <summary>Auto-prune policies as in Quay, for organizations, people and repositories; with previews, which Quay has not.</summary>
internal static class PruningApi
{
    private const string Organization = "/api/v1/organization/{orgname}/autoprunepolicy/";
    private const string User = "/api/v1/user/autoprunepolicy/";
    private const string Repository = "/api/v1/repository/-/autoprunepolicy/";
    private const int DefaultPage = 100;
    private const int MaxPage = 1000;

    private const string Previewed = """
        Nothing is changed. Without a body: what the policies in force would take if they were applied now. With a policy as the body: what that one would take alone.
        Counts are in the first page only. Each entry has its reason; with `protected_by` it stays all the same.
        """;

    public static void MapPruning(this WebApplication app)
    {
        app.MapGet(Organization, ListOfOrganization).Requires(Permission.InspectOrganization).WithName("listOrganizationAutoPrunePolicies")
            .Describe("Lists the auto-prune policies of an organization.").Gives(PruningJson.Default.ShownPrunePolicies);
        app.MapPost(Organization, CreateForOrganization).Requires(Permission.AdministerOrganization).WithName("createOrganizationAutoPrunePolicy")
            .Describe("Adds an auto-prune policy to an organization.").Takes(PruningJson.Default.PrunePolicyBody).Gives(PruningJson.Default.PrunePolicyId, 201);
        app.MapGet(Organization + "{policy_uuid}", GetOfOrganization).Requires(Permission.InspectOrganization).WithName("getOrganizationAutoPrunePolicy")
            .Describe("Shows an auto-prune policy of an organization.").Gives(PruningJson.Default.ShownPrunePolicy);
        app.MapPut(Organization + "{policy_uuid}", ChangeOfOrganization).Requires(Permission.AdministerOrganization).WithName("updateOrganizationAutoPrunePolicy")
            .Describe("Replaces an auto-prune policy of an organization.").Takes(PruningJson.Default.PrunePolicyBody).Gives(204);
        app.MapDelete(Organization + "{policy_uuid}", DeleteOfOrganization).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationAutoPrunePolicy")
            .Describe("Deletes an auto-prune policy of an organization.").Gives(PruningJson.Default.PrunePolicyId);
        app.MapPost(Organization + "preview", PreviewOrganization).Requires(Permission.InspectOrganization, byReaders: true).WithName("previewOrganizationAutoPrune")
            .Describe("Lists what auto-prune would take from an organization.", Previewed).Takes(PruningJson.Default.PrunePolicyBody, optional: true)
            .Query("limit", "How many entries a page has, 1000 at most.", "integer").Paged().Gives(PruningJson.Default.ShownPreview);

        app.MapGet(User, ListOfUser).Requires(Permission.Person).WithName("listUserAutoPrunePolicies")
            .Describe("Lists the own auto-prune policies.").Gives(PruningJson.Default.ShownPrunePolicies);
        app.MapPost(User, CreateForUser).Requires(Permission.Person).WithName("createUserAutoPrunePolicy")
            .Describe("Adds an auto-prune policy to the own namespace.").Takes(PruningJson.Default.PrunePolicyBody).Gives(PruningJson.Default.PrunePolicyId, 201);
        app.MapGet(User + "{policy_uuid}", GetOfUser).Requires(Permission.Person).WithName("getUserAutoPrunePolicy")
            .Describe("Shows one of the own auto-prune policies.").Gives(PruningJson.Default.ShownPrunePolicy);
        app.MapPut(User + "{policy_uuid}", ChangeOfUser).Requires(Permission.Person).WithName("updateUserAutoPrunePolicy")
            .Describe("Replaces one of the own auto-prune policies.").Takes(PruningJson.Default.PrunePolicyBody).Gives(204);
        app.MapDelete(User + "{policy_uuid}", DeleteOfUser).Requires(Permission.Person).WithName("deleteUserAutoPrunePolicy")
            .Describe("Deletes one of the own auto-prune policies.").Gives(PruningJson.Default.PrunePolicyId);
        app.MapPost(User + "preview", PreviewUser).Requires(Permission.Person, byReaders: true).WithName("previewUserAutoPrune")
            .Describe("Lists what auto-prune would take from the own namespace.", Previewed).Takes(PruningJson.Default.PrunePolicyBody, optional: true)
            .Query("limit", "How many entries a page has, 1000 at most.", "integer").Paged().Gives(PruningJson.Default.ShownPreview);

        app.MapGet(Repository, ListOfRepository).Requires(Permission.Inspect).WithName("listRepositoryAutoPrunePolicies")
            .Describe("Lists the auto-prune policies of a repository.").Gives(PruningJson.Default.ShownPrunePolicies);
        app.MapPost(Repository, CreateForRepository).Requires(Permission.Administer).WithName("createRepositoryAutoPrunePolicy")
            .Describe("Adds an auto-prune policy to a repository.").Takes(PruningJson.Default.PrunePolicyBody).Gives(PruningJson.Default.PrunePolicyId, 201);
        app.MapGet(Repository + "{policy_uuid}", GetOfRepository).Requires(Permission.Inspect).WithName("getRepositoryAutoPrunePolicy")
            .Describe("Shows an auto-prune policy of a repository.").Gives(PruningJson.Default.ShownPrunePolicy);
        app.MapPut(Repository + "{policy_uuid}", ChangeOfRepository).Requires(Permission.Administer).WithName("updateRepositoryAutoPrunePolicy")
            .Describe("Replaces an auto-prune policy of a repository.").Takes(PruningJson.Default.PrunePolicyBody).Gives(204);
        app.MapDelete(Repository + "{policy_uuid}", DeleteOfRepository).Requires(Permission.Administer).WithName("deleteRepositoryAutoPrunePolicy")
            .Describe("Deletes an auto-prune policy of a repository.").Gives(PruningJson.Default.PrunePolicyId);
        app.MapPost(Repository + "preview", PreviewRepository).Requires(Permission.Inspect, byReaders: true).WithName("previewRepositoryAutoPrune")
            .Describe("Lists what auto-prune would take from a repository.", Previewed).Takes(PruningJson.Default.PrunePolicyBody, optional: true)
            .Query("limit", "How many entries a page has, 1000 at most.", "integer").Paged().Gives(PruningJson.Default.ShownPreview);
    }

    private static Task<IResult> ListOfOrganization(HttpContext http, PrunePolicyStore policies, CancellationToken ct) => ListAsync(OfOrganization(http), policies, ct);

    private static Task<IResult> CreateForOrganization(HttpContext http, PrunePolicyStore policies, CancellationToken ct) => CreateAsync(http, OfOrganization(http), policies, ct);

    private static Task<IResult> GetOfOrganization(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        GetAsync(OfOrganization(http), uuid, policies, ct);

    private static Task<IResult> ChangeOfOrganization(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        ChangeAsync(http, OfOrganization(http), uuid, policies, ct);

    private static Task<IResult> DeleteOfOrganization(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        DeleteAsync(http, OfOrganization(http), uuid, policies, ct);

    private static Task<IResult> PreviewOrganization(HttpContext http, Pruner pruner, CancellationToken ct) => PreviewAsync(http, OfOrganization(http), pruner, ct);

    private static Task<IResult> ListOfUser(HttpContext http, PrunePolicyStore policies, CancellationToken ct) => ListAsync(OfUser(http), policies, ct);

    private static Task<IResult> CreateForUser(HttpContext http, PrunePolicyStore policies, CancellationToken ct) => CreateAsync(http, OfUser(http), policies, ct);

    private static Task<IResult> GetOfUser(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        GetAsync(OfUser(http), uuid, policies, ct);

    private static Task<IResult> ChangeOfUser(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        ChangeAsync(http, OfUser(http), uuid, policies, ct);

    private static Task<IResult> DeleteOfUser(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        DeleteAsync(http, OfUser(http), uuid, policies, ct);

    private static Task<IResult> PreviewUser(HttpContext http, Pruner pruner, CancellationToken ct) => PreviewAsync(http, OfUser(http), pruner, ct);

    private static Task<IResult> ListOfRepository(HttpContext http, PrunePolicyStore policies, CancellationToken ct) => ListAsync(OfRepository(http), policies, ct);

    private static Task<IResult> CreateForRepository(HttpContext http, PrunePolicyStore policies, CancellationToken ct) => CreateAsync(http, OfRepository(http), policies, ct);

    private static Task<IResult> GetOfRepository(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        GetAsync(OfRepository(http), uuid, policies, ct);

    private static Task<IResult> ChangeOfRepository(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        ChangeAsync(http, OfRepository(http), uuid, policies, ct);

    private static Task<IResult> DeleteOfRepository(HttpContext http, [FromRoute(Name = "policy_uuid")] string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        DeleteAsync(http, OfRepository(http), uuid, policies, ct);

    private static Task<IResult> PreviewRepository(HttpContext http, Pruner pruner, CancellationToken ct) => PreviewAsync(http, OfRepository(http), pruner, ct);

    private static PrunePlace OfOrganization(HttpContext http) => new(http.Organization().NamespaceId, http.Organization().Name);

    private static PrunePlace OfUser(HttpContext http) => new(http.Caller().Principal.AccountId, http.Caller().Principal.Name);

    // Null where there is no such repository.
    private static PrunePlace? OfRepository(HttpContext http) => http.Access() is { Exists: true } access ? new(access.NamespaceId, access.Name.Namespace, access.RepositoryId, access.Name.Name) : null;

    private static async Task<IResult> ListAsync(PrunePlace? place, PrunePolicyStore policies, CancellationToken ct) => place is null ? NoSuchRepository
        : TypedResults.Json(new ShownPrunePolicies([.. (await policies.ListAsync(place, ct)).Select(static p => Show(p.Uuid, p.Json)).OfType<ShownPrunePolicy>()]), PruningJson.Default.ShownPrunePolicies);

    private static async Task<IResult> CreateAsync(HttpContext http, PrunePlace? place, PrunePolicyStore policies, CancellationToken ct)
    {
        if (place is null)
            return NoSuchRepository;
        var (body, problem) = await JsonBody.ReadAsync(http, PruningJson.Default.PrunePolicyBody, ct);
        if (body is null)
            return problem!;
        if (!PrunePolicy.TryCreate(body, out var policy, out var wrong))
            return Problem.InvalidRequest(wrong);
        var (uuid, refused) = await policies.CreateAsync(http.Caller().Principal, place, policy, ct);
        return uuid is not null ? TypedResults.Json(new PrunePolicyId(uuid), PruningJson.Default.PrunePolicyId, statusCode: 201)
            : refused is not null ? Problem.InvalidRequest(refused) : Problem.NotFound("It has just gone.");
    }

    private static async Task<IResult> GetAsync(PrunePlace? place, string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        place is not null && IsUuid(uuid) && await policies.FindAsync(place, uuid, ct) is { } json && Show(uuid, json) is { } shown ? TypedResults.Json(shown, PruningJson.Default.ShownPrunePolicy) : NoSuchPolicy;

    private static async Task<IResult> ChangeAsync(HttpContext http, PrunePlace? place, string uuid, PrunePolicyStore policies, CancellationToken ct)
    {
        if (place is null || !IsUuid(uuid))
            return NoSuchPolicy;
        var (body, problem) = await JsonBody.ReadAsync(http, PruningJson.Default.PrunePolicyBody, ct);
        if (body is null)
            return problem!;
        return !PrunePolicy.TryCreate(body, out var policy, out var wrong) ? Problem.InvalidRequest(wrong)
            : await policies.ChangeAsync(http.Caller().Principal, place, uuid, policy, ct) ? TypedResults.NoContent() : NoSuchPolicy;
    }

    private static async Task<IResult> DeleteAsync(HttpContext http, PrunePlace? place, string uuid, PrunePolicyStore policies, CancellationToken ct) =>
        place is not null && IsUuid(uuid) && await policies.DeleteAsync(http.Caller().Principal, place, uuid, ct) ? TypedResults.Json(new PrunePolicyId(uuid), PruningJson.Default.PrunePolicyId) : NoSuchPolicy;

    private static async Task<IResult> PreviewAsync(HttpContext http, PrunePlace? place, Pruner pruner, CancellationToken ct)
    {
        if (place is null)
            return NoSuchRepository;
        var limit = DefaultPage;
        if (http.Request.Query["limit"].ToString() is { Length: > 0 } given && (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxPage))
            return Problem.InvalidRequest($"limit is a number from 1 to {MaxPage}.");
        PreviewPlace? from = null;
        if (http.Request.Query["next_page"].ToString() is { Length: > 0 } token && (from = PreviewPlace.Parse(token)) is null)
            return QuayQuery.NoSuchPage;
        var (body, problem) = await JsonBody.ReadOptionalAsync(http, PruningJson.Default.PrunePolicyBody, ct);
        if (problem is not null)
            return problem;
        PrunePolicy? tried = null;
        if (body is not null && !PrunePolicy.TryCreate(body, out tried, out var wrong))
            return Problem.InvalidRequest(wrong);
        var preview = await pruner.PreviewAsync(place.NamespaceId, place.Namespace, place.RepositoryId == 0 ? null : place.RepositoryId, tried, from, limit, ct);
        return TypedResults.Json(await pruner.ShowAsync(preview, counted: from is null, ct), PruningJson.Default.ShownPreview);
    }

    private static ShownPrunePolicy? Show(string uuid, string json) => !PrunePolicy.TryRead(json, out var policy, out _) ? null
        : new ShownPrunePolicy(uuid, policy.Body.Method, policy.Body.Value, policy.Body.TagPattern, policy.PatternMatches)
        {
            OlderThan = policy.Body.OlderThan,
            LastPulledBefore = policy.Body.LastPulledBefore,
            NeverPulled = policy.Body.NeverPulled,
            GroupBy = policy.Body.GroupBy,
            Keep = policy.Body.Keep,
        };

    private static bool IsUuid(string text) => Guid.TryParseExact(text, "D", out _);

    private static Problem NoSuchPolicy => Problem.NotFound("There is no such policy here.");

    private static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");
}
