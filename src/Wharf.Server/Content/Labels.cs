using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

/// <summary>The labels of manifests. Those of the image itself are read from it each time; rows are only what was added here.</summary>
internal sealed class Labels(Database db, ContentStore content)
{
    /// <summary>How many can be added to a manifest.</summary>
    public const int MaxAdded = 500;

    /// <summary>More than this of an image's own are not shown; a manifest of 4 MiB could have a hundred times as many.</summary>
    private const int MaxOfImage = 1000;

    /// <summary>What the payload of an event has room for.</summary>
    private const int MaxTold = 1000;

    /// <summary>All that is said of a manifest, by key; null when the repository does not have it.</summary>
    public async ValueTask<List<ManifestLabel>?> ListAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        if (await content.FindImageLabelsAsync(access, digest, ct) is not { } own)
            return null;
        var added = await db.ListAsync("""
            SELECT id, key, value, media_type FROM label WHERE namespace_id = @ns AND repository_id = @repo AND manifest = @digest
            """, static r => new ManifestLabel(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), IsOfImage: false), ct,
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest.ToArray()));
        return [.. own.OrderBy(static l => l.Key, StringComparer.Ordinal).Take(MaxOfImage)
            .Select(l => new ManifestLabel(IdOf(digest, l.Key), l.Key, l.Value, ManifestLabel.Guess(l.Value), IsOfImage: true))
            .Concat(added).OrderBy(static l => l.Key, StringComparer.Ordinal).ThenBy(static l => l.Id, StringComparer.Ordinal)];
    }

    public Task<Refusal?> AddAsync(Principal by, RepositoryAccess access, Digest digest, ManifestLabel label, CancellationToken ct) => ChangeAsync(access, digest, async (tx, ns, repo, raw) =>
    {
        if (await tx.OneAsync("SELECT count(*) FROM label WHERE namespace_id = @ns AND repository_id = @repo AND manifest = @digest", static r => r.GetInt64(0), ns, repo, raw) >= MaxAdded)
            return new Refusal(RefusalKind.TooMany);
        await tx.ExecuteAsync("""
            INSERT INTO label (namespace_id, repository_id, manifest, id, key, value, media_type, created_by, created_ms)
            VALUES (@ns, @repo, @digest, @id, @key, @value, @type, @by, now_ms())
            """, ns, repo, raw, ("id", label.Id), ("key", label.Key), ("value", label.Value), ("type", label.MediaType), ("by", by.AccountId));
        await TellAsync(tx, "label.added", by, access, digest, label);
        return null;
    }, ct);

    public async Task<Refusal?> DeleteAsync(Principal by, RepositoryAccess access, Digest digest, string id, CancellationToken ct)
    {
        var refusal = await ChangeAsync(access, digest, async (tx, ns, repo, raw) =>
        {
            var deleted = await tx.OneAsync("DELETE FROM label WHERE namespace_id = @ns AND repository_id = @repo AND manifest = @digest AND id = @id RETURNING key, value, media_type",
                r => new ManifestLabel(id, r.GetString(0), r.GetString(1), r.GetString(2), IsOfImage: false), ns, repo, raw, ("id", id));
            if (deleted is null)
                return new Refusal(RefusalKind.LabelUnknown);
            await TellAsync(tx, "label.deleted", by, access, digest, deleted);
            return null;
        }, ct);
        var isOfImage = refusal is { Kind: RefusalKind.LabelUnknown } && (await content.FindImageLabelsAsync(access, digest, ct))?.Keys.Any(key => IdOf(digest, key) == id) == true;
        return isOfImage ? new Refusal(RefusalKind.LabelOfImage) : refusal;
    }

    private Task<Refusal?> ChangeAsync(
        RepositoryAccess access, Digest digest, Func<Tx, (string, object?), (string, object?), (string, object?), ValueTask<Refusal?>> change, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest.ToArray()));
        if (await tx.OneAsync("SELECT state FROM repository WHERE id = @repo AND deleted_ms IS NULL", static r => r.GetString(0), repo) is var state and not "normal")
            return state is null ? Refusal.NamespaceGone : Refusal.ReadOnly;
        // One after the other, and not while the collector takes the manifest with its labels.
        return await tx.OneAsync($"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL {db.ForUpdate}",
            static r => r.GetInt32(0), ns, repo, raw) == 0 ? new Refusal(RefusalKind.ManifestUnknown, digest) : await change(tx, ns, repo, raw);
    }, ct);

    private static async ValueTask TellAsync(Tx tx, string kind, Principal by, RepositoryAccess access, Digest digest, ManifestLabel label) =>
        await Events.AddAsync(tx, kind, access.NamespaceId, access.RepositoryId, digest.ToArray(), JsonSerializer.Serialize(
            new LabelPayload(by.AccountId, label.Id, label.Key, label.Value.Length > MaxTold ? label.Value[..MaxTold] : label.Value, label.MediaType, digest.ToString()), LabelPayloadJson.Default.LabelPayload));

    /// <summary>An id that a label of the image has each time it is read.</summary>
    private static string IdOf(Digest digest, string key)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{digest} {key}"));
        // In the form of a UUID of version 8, which is free for such uses (RFC 9562).
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true).ToString();
    }
}

internal sealed record LabelPayload(long By, string Id, string Key, string Value, string MediaType, string ManifestDigest);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LabelPayload))]
internal sealed partial class LabelPayloadJson : JsonSerializerContext;
