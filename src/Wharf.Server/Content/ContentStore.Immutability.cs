using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>Live tags of a namespace's repositories that can be changed, by repository and name.</summary>
    /// <param name="repositoryId">The first repository, where <paramref name="after"/> says behind which of its tags.</param>
    public ValueTask<List<(long RepositoryId, string Name)>> ListChangeableTagsAsync(long namespaceId, long repositoryId, string after, long lastRepositoryId, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT repository_id, name FROM tag
         WHERE namespace_id = @ns AND repository_id <= @last AND (repository_id, name) > (@repo, @after) AND immutable = 0 AND {IsLive}
         ORDER BY repository_id, name LIMIT @count
        """, static r => (r.GetInt64(0), r.GetString(1)), ct, ("ns", namespaceId), ("repo", repositoryId), ("after", after), ("last", lastRepositoryId), ("count", count));

    /// <summary>Makes live tags of a repository immutable, with the lock of all of its tags; returns how many were not. As in Quay they do not end by themselves any more.</summary>
    public async ValueTask<int> MakeImmutableAsync(Tx tx, long namespaceId, long repositoryId, string[] names)
    {
        if (db.LockTags is { } takeTurn)
            await tx.ExecuteAsync(takeTurn, ("repo", repositoryId));
        return await tx.ExecuteAsync($"""
            UPDATE tag SET immutable = 1, expires_ms = NULL
             WHERE namespace_id = @ns AND repository_id = @repo AND name {db.Among("names")} AND immutable = 0 AND {IsLive}
            """, ("ns", namespaceId), ("repo", repositoryId), ("names", names));
    }

    private const string MadeImmutable = "tag.began_immutable";

    private static string MadeImmutablePayload(string tag, Principal by) => $$"""{"by":{{by.AccountId}},"tag":"{{tag}}","immutable":true}""";

    /// <summary>What immutability has to say of a change of one tag, beside that an immutable one is not moved (Immutability/ImmutabilityRule).</summary>
    /// <param name="to">What it is to name from now on, or the default where it stays.</param>
    private static async ValueTask<Refusal?> CheckImmutabilityAsync(Tx tx, RepositoryAccess access, string tag, LiveTag? live, Digest to, TagChange change, Terms terms)
    {
        if (change is { SetsExpiry: false, Immutable: null } || (live is null && to.IsDefault))
            return null;
        var begins = to.IsDefault ? live!.IsImmutable : terms.Immutable.Contains(tag) || await tx.OneAsync(
            "SELECT immutable FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest", static r => r.GetInt64(0),
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", to.ToArray())) == 1;
        if (begins && change is { Immutable: false, MayLoosen: false })
            return new Refusal(RefusalKind.NotAdministrator, default, "Only an administrator of the repository can make an immutable tag changeable.");
        if ((change.Immutable ?? begins) && change is { SetsExpiry: true, ExpiresMs: not null })
            return Refusal.Immutable("set expiration on", tag);
        if (change is { Immutable: true, SetsExpiry: false } && to.IsDefault && live is { IsImmutable: false, ExpiresMs: not null })
            return new Refusal(RefusalKind.Expiring, default, $"Cannot make tag '{tag}' immutable: tag has expiration set. Clear expiration first.");
        return null;
    }

    /// <summary>Says whether a tag can be changed, for a caller who holds its lock.</summary>
    private static async ValueTask SetImmutableAsync(Tx tx, RepositoryAccess access, string tag, LiveTag live, bool immutable, Principal by)
    {
        if (live.IsImmutable == immutable)
            return;
        var (end, flag) = (immutable ? ", expires_ms = NULL" : "", immutable ? "true" : "false");
        // None where its manifest was deleted at the same moment.
        if (await tx.ExecuteAsync($"UPDATE tag SET immutable = @immutable{end} WHERE {ThisTag} AND ended_ms IS NULL",
            ("immutable", immutable ? 1L : 0L), ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag)) == 0)
            return;
        await Events.AddAsync(tx, "tag.immutability", access.NamespaceId, access.RepositoryId, live.Digest.ToArray(),
            $$"""{"by":{{by.AccountId}},"tag":"{{tag}}","immutable":{{flag}},"previous_immutable":{{(immutable ? "false" : "true")}}}""");
    }
}
