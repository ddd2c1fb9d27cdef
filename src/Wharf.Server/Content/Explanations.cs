using System.Globalization;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>Why content is alive, who holds it, and when it goes: what the collector judges by, told to people.</summary>
internal sealed class Explanations(Database db, LifetimeOptions lifetimes)
{
    /// <summary>Of each kind of holders, at most so many are named.</summary>
    public const int MaxHolders = 20;

    private readonly long _graceMs = (long)lifetimes.Grace.TotalMilliseconds;

    /// <summary>All about a digest, or only what one repository has to do with it; null when it is unknown.</summary>
    public async ValueTask<ContentExplanation?> ExplainAsync(Digest digest, RepositoryAccess? only, CancellationToken ct)
    {
        var raw = ("digest", (object?)digest.ToArray());
        var scope = only is null ? "" : " AND l.namespace_id = @ns AND l.repository_id = @repo";
        (string, object?)[] args = only is null ? [raw] : [raw, ("ns", only.NamespaceId), ("repo", only.RepositoryId)];
        var places = new List<Place>();
        foreach (var (kind, table) in ((string, string)[])[("manifest", "manifest_link"), ("blob", "repository_blob")])
            places.AddRange(await db.ListAsync($"""
                SELECT l.namespace_id, l.repository_id, n.name, r.name, r.deleted_ms, r.purge_ms, l.linked_ms, l.deleted_ms, l.released_ms, {(kind == "manifest" ? "l.pinned_ms, l.subject" : "NULL, NULL")}, n.tag_expiration_s * 1000, now_ms()
                  FROM {table} l JOIN repository r ON r.id = l.repository_id JOIN namespace n ON n.id = l.namespace_id
                 WHERE l.digest = @digest{scope} ORDER BY l.namespace_id, l.repository_id LIMIT {MaxHolders}
                """, r => new Place(kind, r.GetInt64(0), r.GetInt64(1), $"{r.GetString(2)}/{r.GetString(3)}", Ms(r, 4), Ms(r, 5), r.GetInt64(6), Ms(r, 7), Ms(r, 8), Ms(r, 9),
                    r.IsDBNull(10) ? null : new Digest(r.GetFieldValue<byte[]>(10)), r.GetInt64(11), r.GetInt64(12)), ct, args));
        var blob = await db.OneAsync("SELECT size, state, condemned_until_ms FROM blob WHERE digest = @digest", static r => (Size: r.GetInt64(0), State: r.GetString(1), Until: Ms(r, 2)), ct, raw);
        var waiting = only is not null || blob.State is not null ? 0
            : await db.OneAsync("SELECT count(*) FROM storage_garbage WHERE digest = @digest", static r => r.GetInt64(0), ct, raw);
        if (places.Count == 0 && (only is not null || (blob.State is null && waiting == 0)))
            return null;
        var told = new List<PlaceExplanation>(places.Count);
        foreach (var place in places)
            told.Add(place.Kind == "manifest" ? await ManifestAsync(place, raw, ct) : await BlobAsync(place, raw, ct));
        return new ContentExplanation(digest.ToString(), blob.State is null ? null : blob.Size,
            blob.State ?? (waiting > 0 ? "deleted; its bytes go next" : places.Any(static p => p.Kind == "manifest") ? "live" : "unknown"), blob.Until, told);
    }

    private async ValueTask<PlaceExplanation> ManifestAsync(Place place, (string, object?) raw, CancellationToken ct)
    {
        (string, object?)[] args = [raw, ("ns", place.NamespaceId), ("repo", place.RepositoryId)];
        var held = new List<Holder>();
        const string Of = "namespace_id = @ns AND repository_id = @repo AND digest = @digest";
        held.AddRange(await HoldsAsync(place, raw, ct));
        held.AddRange(await db.ListAsync($"SELECT name, expires_ms FROM tag WHERE {Of} AND ended_ms IS NULL ORDER BY name LIMIT {MaxHolders}",
            r => new Holder("tag", r.GetString(0), Ms(r, 1) is { } ends ? ends + place.WindowMs : null), ct, args));
        held.AddRange(await db.ListAsync($"SELECT name, max(ended_ms) FROM tag WHERE {Of} AND ended_ms IS NOT NULL AND collected_ms IS NULL GROUP BY name ORDER BY name LIMIT {MaxHolders}",
            r => new Holder("former tag, in the time machine", r.GetString(0), r.GetInt64(1) + place.WindowMs), ct, args));
        held.AddRange(await db.ListAsync($"SELECT manifest FROM manifest_ref WHERE {Of} AND kind = 'child' ORDER BY manifest LIMIT {MaxHolders}",
            static r => new Holder("index that names it", new Digest(r.GetFieldValue<byte[]>(0)).ToString(), null), ct, args));
        held.AddRange(await db.ListAsync($"SELECT holder, expires_ms FROM digest_lease WHERE {Of} AND expires_ms > now_ms() ORDER BY expires_ms DESC LIMIT {MaxHolders}",
            static r => new Holder("lease", r.GetString(0), r.GetInt64(1)), ct, args));
        if (place.Subject is { } subject && await db.OneAsync("SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest", static r => r.GetInt32(0), ct,
            ("ns", place.NamespaceId), ("repo", place.RepositoryId), ("digest", subject.ToArray())) == 1)
            held.Add(new Holder("subject that it refers to", subject.ToString(), null));
        if (place.PinnedMs != 0)
            held.Add(new Holder("push without a tag", null, (place.PinnedMs ?? place.LinkedMs) + Math.Max(place.WindowMs, _graceMs)));
        return await ToldAsync(place, held, raw, ct);
    }

    // A hold is told by its number only: the reason is for those who may read it there.
    private ValueTask<List<Holder>> HoldsAsync(Place place, (string, object?) raw, CancellationToken ct) => db.ListAsync($"""
        SELECT h.id FROM legal_hold h
         WHERE h.lifted_ms IS NULL AND h.namespace_id = @ns AND (h.repository_id = 0 OR (h.repository_id = @repo AND (h.tag = '' {(place.Kind == "manifest" ? """
            OR EXISTS (SELECT 1 FROM tag k WHERE k.namespace_id = @ns AND k.repository_id = @repo AND k.name = h.tag AND k.digest = @digest)
            """ : "")})))
         ORDER BY h.id LIMIT {MaxHolders}
        """, static r => new Holder("legal hold", r.GetString(0), null), ct,
        place.Kind == "manifest" ? [raw, ("ns", place.NamespaceId), ("repo", place.RepositoryId)] : [("ns", place.NamespaceId), ("repo", place.RepositoryId)]);

    private async ValueTask<PlaceExplanation> BlobAsync(Place place, (string, object?) raw, CancellationToken ct) => await ToldAsync(place, [.. await HoldsAsync(place, raw, ct), .. await db.ListAsync($"""
        SELECT manifest FROM manifest_ref WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND kind = 'blob' ORDER BY manifest LIMIT {MaxHolders}
        """, static r => new Holder("manifest that names it", new Digest(r.GetFieldValue<byte[]>(0)).ToString(), null), ct, raw, ("ns", place.NamespaceId), ("repo", place.RepositoryId))], raw, ct);

    private async ValueTask<PlaceExplanation> ToldAsync(Place place, List<Holder> held, (string, object?) raw, CancellationToken ct)
    {
        var next = await db.OneAsync("SELECT min(due_ms) FROM gc_review WHERE digest = @digest AND kind = @kind AND namespace_id = @ns AND repository_id = @repo", static r => Ms(r, 0), ct,
            raw, ("kind", place.Kind == "blob" ? "link" : "manifest"), ("ns", place.NamespaceId), ("repo", place.RepositoryId));
        held.RemoveAll(h => h.UntilMs <= place.NowMs);
        var open = held.Exists(static h => h.UntilMs is null);
        var onHold = held.Exists(static h => h.What == "legal hold");
        // The earliest time at which the collector may take it: the last hold's end and the grace that it has from then on.
        long? goes = open || (place.PurgeMs is not null && !onHold) ? null
            : held.Count > 0 ? held.Max(static h => h.UntilMs) + _graceMs
            : (place.ReleasedMs ?? Math.Max(next ?? place.NowMs, place.NowMs)) + _graceMs;
        if (!open && place.RepositoryDeletedMs is { } deleted)
            goes = Math.Max(goes ?? 0, deleted + place.WindowMs);
        return new PlaceExplanation(place.Kind, place.Repository, place.DeletedMs is not null ? "deleted" : place.RepositoryDeletedMs is not null ? "repository deleted" : open || held.Count > 0 ? "held" : "released",
            held, goes, next, Sentence(onHold ? place with { PurgeMs = null } : place, held, open, goes));
    }

    private static string Sentence(Place place, List<Holder> held, bool open, long? goes) =>
        place.PurgeMs is not null ? $"The {place.Kind} goes with its deleted repository now."
        : open ? $"The {place.Kind} stays: {string.Join(", ", held.Where(static h => h.UntilMs is null).Take(3).Select(static h => $"{h.What} {h.Name}"))}{(held.Count > 3 ? " and more" : "")}."
        : held.Count > 0 ? $"The {place.Kind} stays until {Time(held.Max(static h => h.UntilMs)!.Value)} at least: {string.Join(", ", held.OrderByDescending(static h => h.UntilMs).Take(3).Select(static h => h.Name is null ? h.What : $"{h.What} {h.Name}"))}."
        : $"Nothing needs the {place.Kind}; it goes at {Time(goes ?? place.NowMs)} or a little later, unless somebody asks for it before.";

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static long? Ms(System.Data.Common.DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetInt64(column);

    private sealed record Place(string Kind, long NamespaceId, long RepositoryId, string Repository, long? RepositoryDeletedMs, long? PurgeMs, long LinkedMs, long? DeletedMs, long? ReleasedMs, long? PinnedMs,
        Digest? Subject, long WindowMs, long NowMs);
}

/// <param name="Size">Of a blob, in bytes.</param>
/// <param name="State">Of a blob: live, condemned, or that its bytes are about to go.</param>
/// <param name="CondemnedUntilMs">Until when a condemned blob's bytes stay at least.</param>
internal sealed record ContentExplanation(string Digest, long? Size, string State, long? CondemnedUntilMs, IReadOnlyList<PlaceExplanation> Repositories);

/// <param name="Kind">manifest or blob.</param>
/// <param name="State">held, released (nothing needs it), deleted (by a person), or repository deleted.</param>
/// <param name="GoesMs">The earliest time at which the repository loses it; null: nothing known ends it.</param>
/// <param name="ReviewMs">When the collector looks at it next; null: nothing is enqueued.</param>
/// <param name="Why">The same for people.</param>
internal sealed record PlaceExplanation(string Kind, string Repository, string State, IReadOnlyList<Holder> HeldBy, long? GoesMs, long? ReviewMs, string Why);

/// <param name="UntilMs">When the hold ends; null: not by itself.</param>
internal sealed record Holder(string What, string? Name, long? UntilMs);
