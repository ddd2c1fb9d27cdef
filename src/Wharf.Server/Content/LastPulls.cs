namespace Wharf.Server.Content;

/// <summary>When tags were pulled last, as the table of pulls has it.</summary>
internal static class LastPulls
{
    /// <summary>SQL that joins to rows of <c>tag</c>, named t, what <see cref="Last"/> reads.</summary>
    public const string Join = """
        LEFT JOIN pull_count by_name ON by_name.namespace_id = t.namespace_id AND by_name.repository_id = t.repository_id AND by_name.tag = t.name
        LEFT JOIN pull_count by_digest ON by_digest.namespace_id = t.namespace_id AND by_digest.repository_id = t.repository_id AND by_digest.tag = '' AND by_digest.digest = t.digest
        """;

    /// <summary>SQL for when a tag, or by its digest the manifest that it names, was last pulled; null for never. Goes with <see cref="Join"/>.</summary>
    public const string Last = "CASE WHEN by_name.last_ms > by_digest.last_ms OR by_digest.last_ms IS NULL THEN by_name.last_ms ELSE by_digest.last_ms END";
}
