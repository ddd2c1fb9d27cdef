using System.Text.Json;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Manifests;

/// <summary>What a repository knows of its manifests beside their bytes.</summary>
internal sealed class ManifestStore(Database db)
{
    /// <summary>So many referrers are shown at most, of all depths together.</summary>
    public const int MaxReferrers = 200;

    private const int MaxDepth = 3;

    // Of one referrer, in bytes of JSON. What has more is shown without; its manifest has them.
    private const int MaxAnnotations = 16 << 10;

    private const string ReferrerColumns = "l.subject, l.digest, l.media_type, l.artifact_type, length(m.content), l.linked_ms";

    /// <summary>When the repository got the manifest, and whether its subject is here; null when the repository does not have it.</summary>
    public ValueTask<ManifestLink?> FindAsync(RepositoryAccess access, Digest digest, CancellationToken ct) => db.OneAsync("""
        SELECT l.linked_ms, CASE WHEN EXISTS (
               SELECT 1 FROM manifest_link s WHERE s.namespace_id = l.namespace_id AND s.repository_id = l.repository_id AND s.digest = l.subject AND s.deleted_ms IS NULL) THEN 1 ELSE 0 END
          FROM manifest_link l
         WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND l.deleted_ms IS NULL
        """, static r => new ManifestLink(r.GetInt64(0), r.GetInt64(1) == 1), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest.ToArray()));

    /// <summary>The tags that name the manifest now, by name.</summary>
    public ValueTask<List<string>> TagsAsync(RepositoryAccess access, Digest digest, int count, CancellationToken ct) => db.ListAsync("""
        SELECT name FROM tag
         WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND ended_ms IS NULL AND (expires_ms IS NULL OR expires_ms > now_ms())
         ORDER BY name LIMIT @count
        """, static r => r.GetString(0), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest.ToArray()), ("count", count));

    /// <summary>Which of these manifests are here, each with the bytes of the blobs that it names.</summary>
    public async ValueTask<Dictionary<Digest, long>> PresentAsync(RepositoryAccess access, IEnumerable<Digest> digests, CancellationToken ct)
    {
        var present = new Dictionary<Digest, long>();
        foreach (var (digest, size) in await db.ListAsync($"""
            SELECT l.digest, (SELECT CAST(sum(r.size) AS BIGINT) FROM manifest_ref r WHERE r.namespace_id = l.namespace_id AND r.repository_id = l.repository_id AND r.manifest = l.digest AND r.kind = 'blob')
              FROM manifest_link l
             WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest {db.AmongBytes("digests")} AND l.deleted_ms IS NULL
            """, static r => (new Digest(r.GetFieldValue<byte[]>(0)), r.IsDBNull(1) ? 0 : r.GetInt64(1)), ct,
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digests", digests.Distinct().Select(static d => d.ToArray()).ToArray())))
            present[digest] = size;
        return present;
    }

    /// <summary>
    /// What refers to a manifest, with what refers to that: signatures, SBOMs, attestations and their signatures. Also what says so by
    /// its tag alone, as cosign did before there were subjects.
    /// </summary>
    /// <returns>The direct ones, and whether there are more than are shown.</returns>
    public async ValueTask<(List<Referrer> Referrers, bool More)> ReferrersAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        var top = new List<Referrer>();
        var nodes = new Dictionary<Digest, Referrer>();
        var (subjects, more) = (new List<Digest> { digest }, false);
        for (var depth = 0; depth < MaxDepth && subjects.Count > 0; depth++)
        {
            var left = MaxReferrers - nodes.Count;
            var found = await ListAsync(access, subjects, left + 1, ct);
            more |= found.Count > left;
            subjects = [];
            foreach (var (subject, referrer) in found.Take(left))
            {
                if (!nodes.TryAdd(referrer.Id, referrer))
                    continue;
                (subject == digest ? top : nodes[subject].Referrers).Add(referrer);
                subjects.Add(referrer.Id);
            }
        }
        foreach (var follower in await FollowersAsync(access, digest, ct))
            if (nodes.TryAdd(follower.Id, follower))
                top.Add(follower);
        return (top, more);
    }

    private ValueTask<List<(Digest Subject, Referrer Referrer)>> ListAsync(RepositoryAccess access, List<Digest> subjects, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT {ReferrerColumns}, CASE WHEN length(l.descriptor) <= {MaxAnnotations} THEN l.descriptor END, NULL
          FROM manifest_link l JOIN manifest m ON m.digest = l.digest
         WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.subject {db.AmongBytes("subjects")} AND l.deleted_ms IS NULL
         ORDER BY l.subject, l.digest LIMIT @count
        """, static r => (new Digest(r.GetFieldValue<byte[]>(0)), Read(r)), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("subjects", subjects.Select(static s => s.ToArray()).ToArray()), ("count", count));

    private ValueTask<List<Referrer>> FollowersAsync(RepositoryAccess access, Digest digest, CancellationToken ct) => db.ListAsync($"""
        SELECT {ReferrerColumns}, NULL, t.name
          FROM tag t
          JOIN manifest_link l ON l.namespace_id = t.namespace_id AND l.repository_id = t.repository_id AND l.digest = t.digest AND l.deleted_ms IS NULL
          JOIN manifest m ON m.digest = l.digest
         WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.name {db.Among("names")} AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms())
         ORDER BY t.name
        """, Read, ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("names", FollowerTag.Of(digest).ToArray()));

    private static Referrer Read(System.Data.Common.DbDataReader r)
    {
        var digest = new Digest(r.GetFieldValue<byte[]>(1));
        Dictionary<string, string>? annotations = null;
        if (!r.IsDBNull(6))
        {
            using var descriptor = JsonDocument.Parse(r.GetFieldValue<byte[]>(6));
            annotations = ImageHistory.Annotations(descriptor.RootElement);
        }
        return new Referrer(digest.ToString(), r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3), r.GetInt64(4), annotations?.GetValueOrDefault("org.opencontainers.image.created"),
            QuayDate.FormatIso(r.GetInt64(5))!, annotations, r.IsDBNull(7) ? null : r.GetString(7), [])
        { Id = digest };
    }
}

/// <param name="LinkedMs">When the repository got it.</param>
internal sealed record ManifestLink(long LinkedMs, bool SubjectIsHere);
