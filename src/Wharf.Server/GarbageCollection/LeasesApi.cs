using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.QuayApi;

namespace Wharf.Server.GarbageCollection;

/// <summary>
/// Leases: a cluster or a deployment says which manifest it needs by its digest, and for how long. It renews while it needs it; when it
/// is gone its leases end by themselves.
/// </summary>
internal static class LeasesApi
{
    private const int PageSize = 100;
    private const int MaxHolder = 256;

    public static void Map(WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/lease", List).Requires(Permission.Pull).WithName("listLeases")
            .Describe("Lists the leases on manifests of a repository.").Query("manifest_digest", "Only those on this manifest.").Paged().Gives(GarbageCollectionJson.Default.ShownLeases);
        app.MapPost("/api/v1/repository/-/lease", Take).Requires(Permission.Pull).WithName("takeLease")
            .Describe("Keeps a manifest, with all that it names, for a time, whatever becomes of its tags; the same holder's lease on it is renewed.")
            .Takes(GarbageCollectionJson.Default.NewLease).Gives(GarbageCollectionJson.Default.ShownLease, 201);
        app.MapGet("/api/v1/repository/-/lease/{lease_id}", Get).Requires(Permission.Pull).WithName("getLease")
            .Describe("Shows a lease.").Gives(GarbageCollectionJson.Default.ShownLease);
        app.MapPut("/api/v1/repository/-/lease/{lease_id}", Renew).Requires(Permission.Pull).WithName("renewLease")
            .Describe("Has a lease last from now on for so long.").Takes(GarbageCollectionJson.Default.LeaseTime).Gives(GarbageCollectionJson.Default.ShownLease);
        app.MapDelete("/api/v1/repository/-/lease/{lease_id}", End).Requires(Permission.Pull).WithName("endLease")
            .Describe("Ends a lease; who took it may, and who may write to the repository.").Gives(204);
    }

    private static async Task<IResult> List(HttpContext http, DigestLeases leases, CancellationToken ct)
    {
        var access = http.Access();
        if (!access.Exists)
            return NoSuchRepository;
        Digest? only = null;
        if (http.Request.Query["manifest_digest"].ToString() is { Length: > 0 } digest)
        {
            if (!Digest.TryParse(digest, out var parsed))
                return Malformed;
            only = parsed;
        }
        if (http.Request.Query["next_page"].ToString() is var after && (after.Length > 64 || !after.All(char.IsAsciiHexDigit)))
            return QuayQuery.NoSuchPage;
        var rows = await leases.ListAsync(access, only, after, PageSize + 1, ct);
        var more = rows.Count > PageSize;
        if (more)
            rows.RemoveAt(PageSize);
        return TypedResults.Json(new ShownLeases(rows.ConvertAll(Show), more ? rows[^1].Id : null), GarbageCollectionJson.Default.ShownLeases);
    }

    private static async Task<IResult> Take(HttpContext http, DigestLeases leases, LifetimeOptions lifetimes, CancellationToken ct)
    {
        var access = http.Access();
        if (!access.Exists)
            return NoSuchRepository;
        // What anybody may read, anybody could keep for ever at the owner's cost.
        if (!MayHold(http))
            return Problem.InsufficientScope("Leases are for those who were granted access to the repository: that it is public is not enough.");
        var (body, problem) = await JsonBody.ReadAsync(http, GarbageCollectionJson.Default.NewLease, ct);
        if (body is null)
            return problem!;
        if (!Digest.TryParse(body.ManifestDigest, out var digest))
            return Malformed;
        if (body.Holder.Length is 0 or > MaxHolder || body.Holder.Any(char.IsControl))
            return Problem.InvalidRequest($"The holder says who needs the manifest, in 1 to {MaxHolder} characters without control characters.");
        if (WrongTime(body.TtlSeconds, lifetimes) is { } wrong)
            return wrong;
        var (lease, refusal) = await leases.TakeAsync(http.Caller().Principal, access, digest, body.Holder, TimeSpan.FromSeconds(body.TtlSeconds), ct);
        return refusal?.Kind switch
        {
            RefusalKind.ManifestUnknown => Problem.NotFound("The repository has no manifest with this digest."),
            RefusalKind.TooMany => Problem.InvalidRequest($"A repository has at most {DigestLeases.MaxPerRepository} leases; end those that nobody needs."),
            _ => TypedResults.Json(Show(lease!), GarbageCollectionJson.Default.ShownLease, statusCode: 201),
        };
    }

    private static async Task<IResult> Get(HttpContext http, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "lease_id")] string id, DigestLeases leases, CancellationToken ct) =>
        http.Access().Exists && IsId(id) && await leases.FindAsync(http.Access(), id, ct) is { } lease ? TypedResults.Json(Show(lease), GarbageCollectionJson.Default.ShownLease) : NoSuchLease;

    private static async Task<IResult> Renew(HttpContext http, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "lease_id")] string id, DigestLeases leases, LifetimeOptions lifetimes, CancellationToken ct)
    {
        if (!http.Access().Exists || !IsId(id) || await leases.FindAsync(http.Access(), id, ct) is not { } lease)
            return NoSuchLease;
        if (!MayChange(http, lease))
            return NotYours;
        var (body, problem) = await JsonBody.ReadAsync(http, GarbageCollectionJson.Default.LeaseTime, ct);
        if (body is null)
            return problem!;
        if (WrongTime(body.TtlSeconds, lifetimes) is { } wrong)
            return wrong;
        return await leases.RenewAsync(http.Access(), id, TimeSpan.FromSeconds(body.TtlSeconds), ct) is { } renewed
            ? TypedResults.Json(Show(renewed), GarbageCollectionJson.Default.ShownLease) : NoSuchLease;
    }

    private static async Task<IResult> End(HttpContext http, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "lease_id")] string id, DigestLeases leases, CancellationToken ct)
    {
        if (!http.Access().Exists || !IsId(id) || await leases.FindAsync(http.Access(), id, ct) is not { } lease)
            return NoSuchLease;
        if (!MayChange(http, lease))
            return NotYours;
        return await leases.EndAsync(http.Caller().Principal, http.Access(), id, ct) ? TypedResults.NoContent() : NoSuchLease;
    }

    // A lease is a change, whoever may make it: an OAuth token that is for reading takes and ends none.
    private static bool MayHold(HttpContext http) => !http.Caller().Principal.IsAnonymous && http.Caller().Principal.Has(Scopes.RepoWrite) && (http.Access().Role >= RepositoryRole.Write || http.Access().GrantedBy != 0);

    private static bool MayChange(HttpContext http, DigestLease lease) =>
        !http.Caller().Principal.IsAnonymous && http.Caller().Principal.Has(Scopes.RepoWrite) && (http.Access().Role >= RepositoryRole.Write || lease.CreatedBy == http.Caller().Principal.AccountId);

    private static Problem? WrongTime(long seconds, LifetimeOptions lifetimes) => seconds < 1 || seconds > lifetimes.MaxLease.TotalSeconds
        ? Problem.InvalidRequest($"ttl_seconds is a number of seconds from 1 to {(long)lifetimes.MaxLease.TotalSeconds}; renew the lease for longer.") : null;

    private static bool IsId(string id) => id.Length == 32 && id.All(char.IsAsciiHexDigitLower);

    private static ShownLease Show(DigestLease lease) =>
        new(lease.Id, lease.Digest.ToString(), lease.Holder, lease.CreatedByName, QuayDate.Format(lease.CreatedMs)!, QuayDate.Format(lease.ExpiresMs)!);

    private static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");

    private static Problem NoSuchLease => Problem.NotFound("There is no such lease, or it is over.");

    private static Problem NotYours => Problem.InsufficientScope("Somebody else took this lease, and you may not write to the repository.");

    private static Problem Malformed => Problem.InvalidRequest("The digest is malformed; it is sha256: and 64 hexadecimal digits in lower case.");
}

internal sealed record NewLease([property: JsonRequired] string ManifestDigest, [property: JsonRequired] string Holder, [property: JsonRequired] long TtlSeconds);

internal sealed record LeaseTime([property: JsonRequired] long TtlSeconds);

internal sealed record ShownLease(string Id, string ManifestDigest, string Holder, string? CreatedBy, string Created, string Expires);

internal sealed record ShownLeases(IReadOnlyList<ShownLease> Leases, string? NextPage);
