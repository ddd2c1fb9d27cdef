using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Security;

/// <summary>Tells that the scanner is through with a manifest, in each repository that has it.</summary>
internal static class ScanNews
{
    // Whose pages wait for it has pushed it a moment ago; a base that thousands have was scanned long before.
    private const int MaxRepositories = 100;

    public static async ValueTask AddAsync(Tx tx, Digest manifest)
    {
        var raw = manifest.ToArray();
        foreach (var (ns, repository) in await tx.ListAsync("""
            SELECT l.namespace_id, l.repository_id FROM manifest_link l JOIN repository r ON r.id = l.repository_id
             WHERE l.digest = @manifest AND l.deleted_ms IS NULL AND r.deleted_ms IS NULL ORDER BY l.linked_ms DESC LIMIT @most
            """, static r => (r.GetInt64(0), r.GetInt64(1)), ("manifest", raw), ("most", MaxRepositories)))
            await Events.AddAsync(tx, "manifest.scanned", ns, repository, raw, "{}");
    }
}
