using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Holds;
using Wharf.Server.Security;

namespace Wharf.Server.Tags;

/// <summary>What a page shows of the tags on it beside their history: read for all of them together, whatever their number.</summary>
internal sealed class TagDetailStore(Database db, SecurityReports security, HoldStore holds)
{
    // Of an index, in bytes; its platforms are not read out of a larger one.
    private const int MaxIndex = 64 << 10;

    private const string IsIndex = $"l.media_type IN ('{MediaTypes.OciIndex}', '{MediaTypes.DockerManifestList}')";

    // What cosign and notation write; cosign's bundles have a version at the end.
    private const string IsSignature = """
        (l.artifact_type IN ('application/vnd.dev.cosign.artifact.sig.v1+json', 'application/vnd.cncf.notary.signature') OR l.artifact_type LIKE 'application/vnd.dev.sigstore.bundle%')
        """;

    public async ValueTask<Dictionary<(string Name, Digest Digest), TagDetails>> ListAsync(RepositoryAccess access, IReadOnlyList<(string Name, Digest Digest)> tags, CancellationToken ct)
    {
        var digests = tags.Select(static t => t.Digest).Distinct().ToList();
        if (digests.Count == 0)
            return [];
        var (manifests, signed, pulls) = (await ManifestsAsync(access, digests, ct), await SignedAsync(access, digests, ct), await PullsAsync(access, tags, digests, ct));
        var findings = await security.SummarizeAsync(access, digests, ct);
        // Who only pulls has no part in the case.
        var held = access.Role >= RepositoryRole.Write ? await holds.TagsAsync(access.NamespaceId, access.RepositoryId, ct) : null;
        var details = new Dictionary<(string, Digest), TagDetails>();
        foreach (var (name, digest) in tags.Where(t => manifests.ContainsKey(t.Digest)))
        {
            var (platforms, size) = manifests[digest];
            var (byName, ofManifest) = (pulls.GetValueOrDefault((name, default)), pulls.GetValueOrDefault(("", digest)));
            details[(name, digest)] = new TagDetails(platforms, size, findings.GetValueOrDefault(digest), signed.Contains(digest), byName.Pulls, byName.LastMs > ofManifest.LastMs || ofManifest.LastMs is null ? byName.LastMs : ofManifest.LastMs,
                held is null ? null : held.Contains("") || held.Contains(name));
        }
        return details;
    }

    private async ValueTask<Dictionary<Digest, (IReadOnlyList<string>? Platforms, long Size)>> ManifestsAsync(RepositoryAccess access, List<Digest> digests, CancellationToken ct)
    {
        const string Blobs = "FROM manifest_ref b WHERE b.namespace_id = l.namespace_id AND b.repository_id = l.repository_id AND b.kind = 'blob'";
        return (await db.ListAsync($"""
            SELECT l.digest, CASE WHEN {IsIndex} AND length(m.content) <= {MaxIndex} THEN m.content END,
                   CASE WHEN {IsIndex} THEN (SELECT CAST(sum(b.size) AS BIGINT) {Blobs} AND b.manifest IN (
                                  SELECT c.digest FROM manifest_ref c WHERE c.namespace_id = l.namespace_id AND c.repository_id = l.repository_id AND c.manifest = l.digest AND c.kind = 'child'))
                        ELSE (SELECT CAST(sum(b.size) AS BIGINT) {Blobs} AND b.manifest = l.digest) END, l.platform
              FROM manifest_link l JOIN manifest m ON m.digest = l.digest
             WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest {db.AmongBytes("digests")} AND l.deleted_ms IS NULL
            """, static r => (new Digest(r.GetFieldValue<byte[]>(0)), r.IsDBNull(1) ? r.IsDBNull(3) ? null : [r.GetString(3)] : Platforms(r.GetFieldValue<byte[]>(1)), r.IsDBNull(2) ? 0 : r.GetInt64(2)), ct, Args(access, digests)))
            .ToDictionary(static m => m.Item1, static m => (m.Item2, m.Item3));
    }

    private async ValueTask<HashSet<Digest>> SignedAsync(RepositoryAccess access, List<Digest> digests, CancellationToken ct)
    {
        var signed = (await db.ListAsync($"""
            SELECT DISTINCT l.subject FROM manifest_link l
             WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.subject {db.AmongBytes("digests")} AND l.deleted_ms IS NULL AND {IsSignature}
            """, static r => new Digest(r.GetFieldValue<byte[]>(0)), ct, Args(access, digests))).ToHashSet();
        var tags = digests.Except(signed).ToDictionary(static d => d.ToString().Replace(':', '-') + ".sig", StringComparer.Ordinal);
        if (tags.Count > 0)
            foreach (var tag in await db.ListAsync($"""
                SELECT name FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND name {db.Among("names")} AND ended_ms IS NULL AND (expires_ms IS NULL OR expires_ms > now_ms())
                """, static r => r.GetString(0), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("names", tags.Keys.ToArray())))
                signed.Add(tags[tag]);
        return signed;
    }

    // By the name of a tag with no digest, and by a digest with no name, as the table has them.
    private async ValueTask<Dictionary<(string, Digest), (long Pulls, long? LastMs)>> PullsAsync(RepositoryAccess access, IReadOnlyList<(string Name, Digest Digest)> tags, List<Digest> digests, CancellationToken ct) =>
        (await db.ListAsync($"""
            SELECT p.tag, p.digest, p.pulls, p.last_ms FROM pull_count p WHERE p.namespace_id = @ns AND p.repository_id = @repo AND p.tag {db.Among("names")} AND p.digest = @none
            UNION ALL
            SELECT p.tag, p.digest, p.pulls, p.last_ms FROM pull_count p WHERE p.namespace_id = @ns AND p.repository_id = @repo AND p.tag = '' AND p.digest {db.AmongBytes("digests")}
            """, static r => (r.GetString(0), r.GetFieldValue<byte[]>(1), r.GetInt64(2), r.GetInt64(3)), ct,
            [.. Args(access, digests), ("names", tags.Select(static t => t.Name).Distinct().ToArray()), ("none", Array.Empty<byte>())]))
            .ToDictionary(static p => (p.Item1, p.Item2.Length == 0 ? default : new Digest(p.Item2)), static p => (p.Item3, (long?)p.Item4));

    private static (string, object?)[] Args(RepositoryAccess access, List<Digest> digests) =>
        [("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digests", digests.ConvertAll(static d => d.ToArray()).ToArray())];

    private static IReadOnlyList<string>? Platforms(byte[] index) => Manifest.TryParse(index, out var manifest, out _) ? [.. manifest.Platforms] : null;
}

/// <param name="Platforms">Of an index or, one, of an image; null where its config does not say, and for an index of more than 64 KiB.</param>
/// <param name="Size">Bytes of all blobs.</param>
/// <param name="Held">Whether a legal hold is on it; null for who is not told.</param>
internal sealed record TagDetails(IReadOnlyList<string>? Platforms, long Size, ImageFindings? Findings, bool Signed, long Pulls, long? LastPullMs, bool? Held);
