using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Security;

/// <summary>
/// Which tags are signed, as Quay's clients ask for it (its endpoints/api/signing.py). Quay tells of Docker Content Trust; here it is what signs today: cosign, in a
/// tag named after the digest or as a referrer, and notation. As there, nothing is verified: that takes keys which the registry has not.
/// </summary>
internal sealed class Signatures(Database db)
{
    private const int MaxTags = 10_000;
    private const string Cosign = "cosign";
    private const string Notation = "notation";

    // How cosign 2 and 3 and notation mark what they attach.
    private static readonly Dictionary<string, string> s_signers = new(StringComparer.Ordinal)
    {
        ["application/vnd.dev.cosign.artifact.sig.v1+json"] = Cosign,
        ["application/vnd.dev.sigstore.bundle.v0.3+json"] = Cosign,
        ["application/vnd.cncf.notary.signature"] = Notation,
    };

    public async Task<QuaySignatures> ListAsync(RepositoryAccess access, CancellationToken ct)
    {
        var args = new (string, object?)[] { ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("count", MaxTags) };
        var beside = await db.ListAsync("""
            SELECT name FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND ended_ms IS NULL AND name >= 'sha256-' AND name < 'sha256.' AND name LIKE '%.sig' ORDER BY name LIMIT @count
            """, static r => r.GetString(0), ct, args);
        var digests = beside.ConvertAll(static name => Digest.TryParse(name[..^".sig".Length].Replace('-', ':'), out var digest) ? digest.ToArray() : null).OfType<byte[]>().ToArray();
        var signed = await db.ListAsync($"""
            SELECT t.name, t.digest, length(m.content), l.artifact_type
              FROM tag t JOIN manifest m ON m.digest = t.digest
              LEFT JOIN manifest_link l ON l.namespace_id = t.namespace_id AND l.repository_id = t.repository_id AND l.subject = t.digest AND l.deleted_ms IS NULL AND l.artifact_type {db.Among("types")}
             WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms()) AND (l.digest IS NOT NULL OR t.digest {db.AmongBytes("digests")})
             ORDER BY t.name LIMIT @count
            """, static r => (Tag: r.GetString(0), Digest: new Digest(r.GetFieldValue<byte[]>(1)), Size: r.GetInt64(2), Type: r.IsDBNull(3) ? null : r.GetString(3)), ct, [.. args, ("types", s_signers.Keys.ToArray()), ("digests", digests)]);
        return new QuaySignatures(signed.GroupBy(static s => s.Type is null ? Cosign : s_signers[s.Type], StringComparer.Ordinal).ToDictionary(static g => g.Key,
            static g => new QuayDelegation(g.DistinctBy(static s => s.Tag).ToDictionary(static s => s.Tag, static s => QuayTarget.Of(s.Digest, s.Size), StringComparer.Ordinal), null), StringComparer.Ordinal));
    }
}

/// <param name="Delegations">Who signs, with what: here cosign and notation.</param>
internal sealed record QuaySignatures(IReadOnlyDictionary<string, QuayDelegation> Delegations);

/// <param name="Targets">By tag.</param>
/// <param name="Expiration">Of Docker Content Trust's signatures; these have none.</param>
internal sealed record QuayDelegation(IReadOnlyDictionary<string, QuayTarget> Targets, string? Expiration);

/// <param name="Hashes">The manifest's digest in base 64, by its algorithm.</param>
/// <param name="Length">Bytes of the manifest.</param>
internal sealed record QuayTarget(IReadOnlyDictionary<string, string> Hashes, long Length)
{
    public static QuayTarget Of(Digest digest, long size) => new(new Dictionary<string, string> { [digest.ToString().Split(':')[0]] = Convert.ToBase64String(digest.Span) }, size);
}

/// <summary>How much is scanned, as Quay tells it to anybody (its endpoints/secscan.py).</summary>
/// <param name="BackfillPercent">From 0 to 1, whatever its name says.</param>
internal sealed record QuayBackfill(double BackfillPercent);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(QuaySignatures))]
[JsonSerializable(typeof(QuayBackfill))]
internal sealed partial class QuaySignaturesJson : JsonSerializerContext;
