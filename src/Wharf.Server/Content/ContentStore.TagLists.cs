using System.Data.Common;
using Wharf.Oci;
using Wharf.Server.Auth;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>
    /// A page of the history of a repository's tags. It begins in an index at the place where the page before ended, so that each page
    /// costs the same; only what looks for a part of a name reads all names.
    /// </summary>
    public ValueTask<List<TagSpan>> ListTagHistoryAsync(RepositoryAccess access, TagQuery query, CancellationToken ct)
    {
        var rows = "SELECT name, started_ms FROM tag WHERE namespace_id = @ns AND repository_id = @repo";
        var args = new List<(string, object?)> { ("ns", access.NamespaceId), ("repo", access.RepositoryId) };
        // A number in the text: not knowing it, PostgreSQL plans for a tenth of all rows, and reads the whole table. Two texts, whatever is asked for.
        var limit = query.Count <= 51 ? "LIMIT 51" : "LIMIT 101";
        if (query.LiveOnly)
            rows += $" AND {IsLive}";
        if (query.Name is { } name)
        {
            rows += " AND name = @name";
            args.Add(("name", name));
        }
        if (query.Part is { } part)
        {
            rows += """ AND lower(name) LIKE @part ESCAPE '\'""";
            args.Add(("part", $"%{Escape(part)}%"));
        }
        if (query.After is { } after)
        {
            args.AddRange([("ms", after.StartedMs), ("after", after.Name)]);
            // Two ranges of the index; as one condition it would be read from the newest on.
            rows = $"""
                SELECT name, started_ms FROM (
                       SELECT name, started_ms FROM ({rows} AND started_ms = @ms AND name > @after ORDER BY name {limit}) same
                       UNION ALL
                       SELECT name, started_ms FROM ({rows} AND started_ms < @ms ORDER BY started_ms DESC, name {limit}) before) rest
                """;
        }
        rows += $" ORDER BY started_ms DESC, name {limit}";
        if (query.Skip > 0)
        {
            rows += " OFFSET @skip";
            args.Add(("skip", query.Skip));
        }
        const string Named = "FROM manifest_ref r WHERE r.namespace_id = @ns AND r.repository_id = @repo AND r.manifest = t.digest";
        const string IsIndex = $"l.media_type IN ('{MediaTypes.OciIndex}', '{MediaTypes.DockerManifestList}')";
        // Left joins keep their order: SQLite would begin with the tags of the repository and look for each of them in the page.
        return db.ListAsync($"""
            SELECT t.name, t.digest, t.started_ms, coalesce(t.ended_ms, t.expires_ms), t.reversion, s.name, e.name,
                   CASE WHEN l.digest IS NOT NULL AND (t.ended_ms IS NULL OR t.collected_ms IS NULL) THEN 1 ELSE 0 END,
                   l.media_type, (SELECT CAST(sum(r.size) AS BIGINT) {Named} AND r.kind = 'blob'),
                   CASE WHEN {IsIndex} THEN (SELECT count(*) {Named} AND r.kind = 'child') END,
                   CASE WHEN {IsIndex} THEN (SELECT count(*) {Named} AND r.kind = 'child' AND EXISTS (
                        SELECT 1 FROM manifest_link c WHERE c.namespace_id = @ns AND c.repository_id = @repo AND c.digest = r.digest AND c.deleted_ms IS NULL)) END,
                   t.immutable
              FROM ({rows}) page
              LEFT JOIN tag t ON t.namespace_id = @ns AND t.repository_id = @repo AND t.name = page.name AND t.started_ms = page.started_ms
              LEFT JOIN manifest_link l ON l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = t.digest
              LEFT JOIN namespace s ON s.id = t.started_by
              LEFT JOIN namespace e ON e.id = t.ended_by
             ORDER BY t.started_ms DESC, t.name
            """, static r => new TagSpan(r.GetString(0), new Digest(r.GetFieldValue<byte[]>(1)), r.GetInt64(2), Number(r, 3), r.GetInt64(4) != 0, Text(r, 5), Text(r, 6),
                r.GetInt32(7) == 1, Text(r, 8), Number(r, 9), Number(r, 10), Number(r, 11), r.GetInt64(12) == 1), ct, [.. args]);

        static string? Text(DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);

        static long? Number(DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetInt64(column);
    }

    // Tags are ASCII, so that both engines agree on lower case.
    private static string Escape(string part) => part.ToLowerInvariant().Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal);
}
