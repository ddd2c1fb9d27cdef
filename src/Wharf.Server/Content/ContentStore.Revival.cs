using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>Indexes may hold indexes; deeper than this nobody nests them.</summary>
    private const int MaxDepth = 8;

    /// <summary>
    /// Makes deleted manifests live again in the caller's transaction, with the manifests and blobs that they name. What is locked here
    /// stays until the caller has pointed a tag at it, or whatever else needs it.
    /// </summary>
    /// <returns>Those that cannot be had back: the collector has taken them, or they were never here.</returns>
    public async ValueTask<List<Digest>> ReviveAsync(Tx tx, RepositoryAccess access, byte[][] digests)
    {
        var (ns, repo) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId));
        // In an order, so that two that revive the same wait for each other in one direction only.
        var found = await tx.ListAsync($"""
            SELECT digest FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest {db.AmongBytes("digests")} ORDER BY digest {db.ForUpdate}
            """, static r => new Digest(r.GetFieldValue<byte[]>(0)), ns, repo, ("digests", digests));
        var gone = digests.Select(static d => new Digest(d)).Except(found).ToList();
        var level = found.Select(static d => d.ToArray()).ToArray();
        for (var depth = 0; depth < MaxDepth && level.Length > 0; depth++)
        {
            var these = ("digests", (object?)level);
            await tx.ExecuteAsync($"""
                UPDATE manifest_link SET deleted_ms = NULL
                 WHERE namespace_id = @ns AND repository_id = @repo AND digest {db.AmongBytes("digests")} AND deleted_ms IS NOT NULL
                """, ns, repo, these);
            await tx.ExecuteAsync($"""
                UPDATE repository_blob SET deleted_ms = NULL
                 WHERE namespace_id = @ns AND repository_id = @repo AND deleted_ms IS NOT NULL AND digest IN (
                       SELECT r.digest FROM manifest_ref r WHERE r.namespace_id = @ns AND r.repository_id = @repo AND r.manifest {db.AmongBytes("digests")} AND r.kind = 'blob')
                """, ns, repo, these);
            level = [.. await tx.ListAsync($"""
                SELECT DISTINCT r.digest FROM manifest_ref r WHERE r.namespace_id = @ns AND r.repository_id = @repo AND r.manifest {db.AmongBytes("digests")} AND r.kind = 'child'
                """, static r => r.GetFieldValue<byte[]>(0), ns, repo, these)];
        }
        return gone;
    }
}
