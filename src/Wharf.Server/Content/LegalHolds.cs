using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>
/// What legal holds mean for content, in SQL. Whoever sets one has the namespace's row to itself; whoever takes something away for good
/// shares it and judges in the next statement, so that either the hold is seen or what it came too late for is gone before it is told to be set.
/// </summary>
internal static class LegalHolds
{
    /// <summary>Shares the namespace @ns with everyone but who sets a hold.</summary>
    public static string Lock(Database db) => $"SELECT 1 FROM namespace WHERE id = @ns {db.ForKeyShare}";

    /// <summary>Whether a repository, or its namespace, is on hold as a whole.</summary>
    /// <param name="row">A row with namespace_id and repository_id.</param>
    public static string OnRepository(string row) => $"""
        EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_ms IS NULL AND h.namespace_id = {row}.namespace_id AND (h.repository_id = 0 OR (h.repository_id = {row}.repository_id AND h.tag = '')))
        """;

    /// <summary>Whether a tag is: itself, or by its repository or namespace.</summary>
    /// <param name="row">A row of <c>tag</c>.</param>
    public static string OnTag(string row) => $"""
        EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_ms IS NULL AND h.namespace_id = {row}.namespace_id AND (h.repository_id = 0 OR (h.repository_id = {row}.repository_id AND h.tag IN ('', {row}.name))))
        """;

    /// <summary>Whether a manifest is: by its repository or namespace, or since a tag on hold names it or has named it.</summary>
    /// <param name="row">A row with namespace_id, repository_id and digest.</param>
    public static string OnManifest(string row) => $"""
        ({OnRepository(row)} OR EXISTS (
         SELECT 1 FROM legal_hold h JOIN tag k ON k.namespace_id = h.namespace_id AND k.repository_id = h.repository_id AND k.name = h.tag
          WHERE h.lifted_ms IS NULL AND h.namespace_id = {row}.namespace_id AND h.repository_id = {row}.repository_id AND h.tag <> '' AND k.digest = {row}.digest))
        """;

    /// <summary>Whether anything of the repository @repo of the namespace @ns is on hold, so that it is not purged.</summary>
    public const string InRepository = "EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_ms IS NULL AND h.namespace_id = @ns AND h.repository_id IN (0, @repo))";

    /// <summary>The same of the namespace @ns.</summary>
    public const string InNamespace = "EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_ms IS NULL AND h.namespace_id = @ns)";

    /// <summary>Has all looked at that a hold has kept which is lifted in this transaction: the collector took what it held out of its queue.</summary>
    /// <param name="repositoryId">0 for all of the namespace.</param>
    public static async ValueTask ReleaseAsync(Tx tx, long namespaceId, long repositoryId)
    {
        (string, object?)[] args = [("ns", namespaceId), ("repo", repositoryId), ("none", Array.Empty<byte>())];
        await Reviews.AddAsync(tx, "SELECT 'lifted', namespace_id, id, @none, now_ms() FROM repository WHERE namespace_id = @ns AND (@repo = 0 OR id = @repo)", args);
        await Reviews.AddAsync(tx, "SELECT 'repository', namespace_id, id, @none, now_ms() FROM repository WHERE namespace_id = @ns AND (@repo = 0 OR id = @repo) AND deleted_ms IS NOT NULL", args);
        await Reviews.AddAsync(tx, "SELECT 'namespace', id, 0, @none, now_ms() FROM namespace WHERE id = @ns AND deleted_ms IS NOT NULL", ("ns", namespaceId), ("none", Array.Empty<byte>()));
    }
}
