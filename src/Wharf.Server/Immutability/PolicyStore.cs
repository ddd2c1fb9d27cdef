using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Immutability;

/// <summary>
/// The policies of organizations and repositories. Each change raises the version of the namespace in its transaction, and has the policy
/// go through the tags that there are (<see cref="PolicyApplier"/>); a deletion leaves those that it made immutable as they are, as in Quay.
/// </summary>
internal sealed class PolicyStore(Database db)
{
    /// <summary>How many a repository, or an organization, has at most: each new tag goes through all of them.</summary>
    public const int MaxPolicies = 50;

    /// <summary>The policies' version, which is 0 before there was any.</summary>
    public const string VersionOf = "coalesce((SELECT version FROM immutability_version WHERE namespace_id = @ns), 0)";

    private const string Mine = "namespace_id = @ns AND repository_id = @repo";

    private readonly Cache<(long Namespace, long Repository), Policies> _known = new(100_000, static p => 1 + p.All.Count);

    /// <summary>In the order in which they were made.</summary>
    public ValueTask<List<Policy>> ListAsync(PolicyScope scope, CancellationToken ct) => db.ListAsync(
        $"SELECT uuid, pattern, matches, applied_ms FROM immutability_policy WHERE {Mine} ORDER BY created_ms, uuid LIMIT {MaxPolicies}", Read, ct, Args(scope));

    public ValueTask<Policy?> FindAsync(PolicyScope scope, string uuid, CancellationToken ct) => db.OneAsync(
        $"SELECT uuid, pattern, matches, applied_ms FROM immutability_policy WHERE {Mine} AND uuid = @uuid", Read, ct, [.. Args(scope), ("uuid", uuid)]);

    public Task<(PolicyOutcome Outcome, string Uuid)> CreateAsync(Principal by, PolicyScope scope, string pattern, bool matches, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var uuid = Guid.NewGuid().ToString();
        if (await RaiseAsync(tx, scope) is not { } version)
            return (PolicyOutcome.Unknown, uuid);
        if (await IsTakenAsync(tx, scope, pattern, uuid))
            return (PolicyOutcome.Duplicate, uuid);
        if (await tx.OneAsync($"SELECT count(*) FROM immutability_policy WHERE {Mine}", static r => r.GetInt64(0), Args(scope)) >= MaxPolicies)
            return (PolicyOutcome.TooMany, uuid);
        await tx.ExecuteAsync("""
            INSERT INTO immutability_policy (uuid, namespace_id, repository_id, pattern, matches, created_by, created_ms, version, next_repository, next_tag)
            VALUES (@uuid, @ns, @repo, @pattern, @matches, @by, now_ms(), @version, 0, '')
            """, [.. Args(scope), ("uuid", uuid), ("pattern", pattern), ("matches", matches ? 1L : 0L), ("by", by.AccountId), ("version", version)]);
        await TellAsync(tx, "immutability.created", scope, new PolicyPayload(by.AccountId, scope.Namespace, uuid, pattern, matches) { Repo = scope.Repository });
        return (PolicyOutcome.Done, uuid);
    }, ct);

    public Task<PolicyOutcome> ChangeAsync(Principal by, PolicyScope scope, string uuid, string pattern, bool matches, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await RaiseAsync(tx, scope) is not { } version)
            return PolicyOutcome.Unknown;
        var former = await tx.OneAsync($"SELECT uuid, pattern, matches, applied_ms FROM immutability_policy WHERE {Mine} AND uuid = @uuid", Read, [.. Args(scope), ("uuid", uuid)]);
        if (former is null)
            return PolicyOutcome.Unknown;
        if (await IsTakenAsync(tx, scope, pattern, uuid))
            return PolicyOutcome.Duplicate;
        await tx.ExecuteAsync($"""
            UPDATE immutability_policy SET pattern = @pattern, matches = @matches, version = @version, next_repository = 0, next_tag = '', applied_ms = NULL
             WHERE {Mine} AND uuid = @uuid
            """, [.. Args(scope), ("uuid", uuid), ("pattern", pattern), ("matches", matches ? 1L : 0L), ("version", version)]);
        await TellAsync(tx, "immutability.changed", scope,
            new PolicyPayload(by.AccountId, scope.Namespace, uuid, pattern, matches) { Repo = scope.Repository, FormerTagPattern = former.Pattern, FormerTagPatternMatches = former.Matches });
        return PolicyOutcome.Done;
    }, ct);

    /// <summary>Removes it. What it has made immutable stays so.</summary>
    public Task<PolicyOutcome> DeleteAsync(Principal by, PolicyScope scope, string uuid, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await RaiseAsync(tx, scope) is null)
            return PolicyOutcome.Unknown;
        var former = await tx.OneAsync($"DELETE FROM immutability_policy WHERE {Mine} AND uuid = @uuid RETURNING uuid, pattern, matches, applied_ms", Read, [.. Args(scope), ("uuid", uuid)]);
        if (former is null)
            return PolicyOutcome.Unknown;
        await TellAsync(tx, "immutability.deleted", scope, new PolicyPayload(by.AccountId, scope.Namespace, uuid, former.Pattern, former.Matches) { Repo = scope.Repository });
        return PolicyOutcome.Done;
    }, ct);

    /// <summary>The policies of a repository, as this process knows them. Whoever relies on them requires that the version is still theirs.</summary>
    /// <param name="anew">It is not.</param>
    public async ValueTask<Policies> OfAsync(long namespaceId, long repositoryId, bool anew, CancellationToken ct)
    {
        if (anew)
            _known.Drop((namespaceId, repositoryId));
        else if (_known.TryGet((namespaceId, repositoryId), out var known))
            return known;
        var epoch = _known.Epoch;
        // One statement, and so one moment.
        var rows = await db.ListAsync($"""
            SELECT {VersionOf}, p.pattern, p.matches
              FROM (SELECT 1 AS one) here LEFT JOIN immutability_policy p ON p.namespace_id = @ns AND p.repository_id IN (0, @repo)
             ORDER BY p.created_ms, p.uuid
            """, static r => (Version: r.GetInt64(0), Pattern: r.IsDBNull(1) ? null : r.GetString(1), Matches: !r.IsDBNull(2) && r.GetInt64(2) == 1), ct, ("ns", namespaceId), ("repo", repositoryId));
        // One that this program does not understand any more was understood by the one that took it.
        var policies = new Policies(rows[0].Version, [.. rows.Where(static r => r.Pattern is not null)
            .Select(static r => (TagPattern.Parse(r.Pattern!).Pattern ?? throw new InvalidOperationException($"The pattern {r.Pattern} of an immutability policy is not understood."), r.Matches))]);
        _known.Add((namespaceId, repositoryId), policies, epoch);
        return policies;
    }

    /// <summary>What a namespace that is gone for good had.</summary>
    public static async ValueTask PurgeAsync(Tx tx, long namespaceId)
    {
        await tx.ExecuteAsync("DELETE FROM immutability_policy WHERE namespace_id = @ns", ("ns", namespaceId));
        await tx.ExecuteAsync("DELETE FROM immutability_version WHERE namespace_id = @ns", ("ns", namespaceId));
    }

    internal static ValueTask<int> TellAsync(Tx tx, string kind, PolicyScope scope, PolicyPayload payload) => Events.AddAsync(tx, kind, scope.NamespaceId,
        scope.RepositoryId == 0 ? null : scope.RepositoryId, null, JsonSerializer.Serialize(payload, PolicyPayloadJson.Default.PolicyPayload));

    /// <summary>Raises the version, which has changes of a namespace's policies take turns; null where what they are about has gone.</summary>
    private static async ValueTask<long?> RaiseAsync(Tx tx, PolicyScope scope)
    {
        var version = await tx.OneAsync("""
            INSERT INTO immutability_version (namespace_id, version) VALUES (@ns, 1) ON CONFLICT (namespace_id) DO UPDATE SET version = immutability_version.version + 1 RETURNING version
            """, static r => r.GetInt64(0), ("ns", scope.NamespaceId));
        var there = scope.RepositoryId == 0
            ? await tx.OneAsync("SELECT 1 FROM namespace WHERE id = @ns AND deleted_ms IS NULL", static r => r.GetInt32(0), ("ns", scope.NamespaceId))
            : await tx.OneAsync("SELECT 1 FROM repository WHERE id = @repo AND namespace_id = @ns AND deleted_ms IS NULL", static r => r.GetInt32(0), Args(scope));
        return there == 1 ? version : null;
    }

    private static async ValueTask<bool> IsTakenAsync(Tx tx, PolicyScope scope, string pattern, string uuid) => await tx.OneAsync(
        $"SELECT 1 FROM immutability_policy WHERE {Mine} AND pattern = @pattern AND uuid <> @uuid", static r => r.GetInt32(0), [.. Args(scope), ("pattern", pattern), ("uuid", uuid)]) == 1;

    private static Policy Read(DbDataReader r) => new(r.GetString(0), r.GetString(1), r.GetInt64(2) == 1, !r.IsDBNull(3));

    private static (string, object?)[] Args(PolicyScope scope) => [("ns", scope.NamespaceId), ("repo", scope.RepositoryId)];
}

/// <summary>What the audit trail has of a policy, in the words of Quay.</summary>
internal sealed record PolicyPayload(long By, string Namespace, string PolicyUuid, string TagPattern, bool TagPatternMatches)
{
    public string? Repo { get; init; }

    public string? FormerTagPattern { get; init; }

    public bool? FormerTagPatternMatches { get; init; }

    /// <summary>How many tags it has made immutable.</summary>
    public long? Count { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PolicyPayload))]
internal sealed partial class PolicyPayloadJson : JsonSerializerContext;
