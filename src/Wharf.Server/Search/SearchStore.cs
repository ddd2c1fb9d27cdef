using System.Buffers;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Repositories;

namespace Wharf.Server.Search;

/// <summary>
/// Searches by name, each over what its caller may see. Names are of ASCII, and prefixes are ranges of the names' own indexes; only
/// the search for a part of a name uses LIKE, with every metacharacter of the caller's text escaped.
/// </summary>
internal sealed class SearchStore(Database db)
{
    /// <summary>No name is longer.</summary>
    public const int MaxLength = 255;

    // What matches best is ranked by stars and pushes too. A text that thousands of names contain ranks no more than these.
    private const int Candidates = 400;

    // Greater than any character of a name.
    private const string Above = "~";

    /// <summary>Repositories whose name contains the text: first the ones that are called so, then those that begin with it, those with a word that does, and the others; of these, the more starred and later pushed first.</summary>
    public ValueTask<List<FoundRepository>> RepositoriesAsync(Principal principal, string text, int offset, int count, CancellationToken ct) => db.ListAsync($"""
        WITH candidates AS (
            SELECT r.id, n.name AS ns, n.kind,
                   CASE WHEN r.name = @text OR n.name || '/' || r.name = @text THEN 0
                        WHEN r.name LIKE @prefix ESCAPE '!' OR n.name || '/' || r.name LIKE @prefix ESCAPE '!' THEN 1
                        WHEN r.name LIKE @slash ESCAPE '!' OR r.name LIKE @dash ESCAPE '!' OR r.name LIKE @dot ESCAPE '!' OR r.name LIKE @low ESCAPE '!' THEN 2
                        ELSE 3 END AS rank
              FROM repository r JOIN namespace n ON n.id = r.namespace_id
             WHERE (r.name LIKE @part ESCAPE '!' OR (@whole = 1 AND n.name || '/' || r.name LIKE @part ESCAPE '!')) AND {VisibleRepositories.Condition(principal)}
             ORDER BY rank, r.id DESC LIMIT {Candidates})
        SELECT ns, kind, name, description, public, stars, pushed
          FROM (SELECT c.ns, c.kind, c.rank, r.id, r.name, r.description, r.public, (SELECT count(*) FROM star s WHERE s.repository_id = r.id) AS stars,
                       (SELECT max(t.started_ms) FROM tag t WHERE t.namespace_id = r.namespace_id AND t.repository_id = r.id) AS pushed
                  FROM candidates c JOIN repository r ON r.id = c.id) found
         ORDER BY rank, stars DESC, coalesce(pushed, 0) DESC, id
         LIMIT @count OFFSET @offset
        """,
        static r => new FoundRepository(r.GetString(0), r.GetString(1) == "organization", r.GetString(2), r.GetString(3), r.GetInt64(4) == 1, r.GetInt64(5), r.IsDBNull(6) ? null : r.GetInt64(6)),
        ct, ("me", principal.AccountId), ("text", text), ("prefix", Escape(text) + "%"), ("part", $"%{Escape(text)}%"), ("whole", text.Contains('/', StringComparison.Ordinal) ? 1 : 0),
        ("slash", $"%/{Escape(text)}%"), ("dash", $"%-{Escape(text)}%"), ("dot", $"%.{Escape(text)}%"), ("low", $"%!_{Escape(text)}%"), ("count", count), ("offset", offset));

    /// <summary>Teams whose name begins so, of which the caller is a member or whose organization he administers.</summary>
    public ValueTask<List<FoundEntity>> OwnTeamsAsync(Principal principal, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT t.name, 'team', n.name, 1
          FROM team t JOIN namespace n ON n.id = t.namespace_id AND n.deleted_ms IS NULL
         WHERE t.namespace_id IN (SELECT o.namespace_id FROM team_member m JOIN team o ON o.id = m.team_id WHERE m.account_id = @me)
           AND t.name >= @from AND t.name < @to
           AND (EXISTS (SELECT 1 FROM team_member m WHERE m.account_id = @me AND m.team_id = t.id)
             OR EXISTS (SELECT 1 FROM team_member m JOIN team o ON o.id = m.team_id WHERE m.account_id = @me AND o.namespace_id = t.namespace_id AND o.role = 'admin'))
         ORDER BY t.name, n.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("me", principal.AccountId), ("count", count)]);

    /// <summary>Teams of an organization whose name begins so.</summary>
    public ValueTask<List<FoundEntity>> TeamsAsync(NamespaceAccess organization, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT name, 'team', NULL, 1 FROM team WHERE namespace_id = @ns AND name >= @from AND name < @to ORDER BY name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("ns", organization.NamespaceId), ("count", count)]);

    /// <summary>The caller's own robots, and those of organizations that he administers, whose short name begins so.</summary>
    public ValueTask<List<FoundEntity>> OwnRobotsAsync(Principal principal, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT a.name, 'robot', NULL, 1
          FROM robot r JOIN namespace a ON a.id = r.id AND a.deleted_ms IS NULL JOIN namespace n ON n.id = r.namespace_id AND n.deleted_ms IS NULL
         WHERE (r.namespace_id = @me OR r.namespace_id IN (SELECT t.namespace_id FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @me AND t.role = 'admin'))
           AND r.name >= @from AND r.name < @to
         ORDER BY r.name, a.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("me", principal.AccountId), ("count", count)]);

    /// <summary>Robots of a namespace whose short name begins so.</summary>
    public ValueTask<List<FoundEntity>> RobotsAsync(NamespaceAccess owner, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT a.name, 'robot', NULL, 1 FROM robot r JOIN namespace a ON a.id = r.id AND a.deleted_ms IS NULL
         WHERE r.namespace_id = @ns AND r.name >= @from AND r.name < @to ORDER BY r.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("ns", owner.NamespaceId), ("count", count)]);

    /// <summary>People whose name begins so.</summary>
    /// <param name="organization">Whose members to mark; 0 for none.</param>
    public ValueTask<List<FoundEntity>> PeopleAsync(long organization, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT n.name, 'user', NULL, CASE WHEN EXISTS (SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = n.id AND t.namespace_id = @ns) THEN 1 ELSE 0 END
          FROM namespace n JOIN account a ON a.id = n.id AND a.enabled = 1
         WHERE n.kind = 'user' AND n.deleted_ms IS NULL AND n.name >= @from AND n.name < @to ORDER BY n.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("ns", organization), ("count", count)]);

    /// <summary>People and organizations whose name begins so: the caller himself, his organizations, and who has a repository that he may see.</summary>
    public ValueTask<List<FoundEntity>> NamespacesAsync(Principal principal, string prefix, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT n.name, n.kind, NULL, 0
          FROM namespace n
         WHERE n.kind <> 'robot' AND n.name >= @from AND n.name < @to AND {VisibleRepositories.Namespace(principal)}
           AND ((@user = 1 AND (n.id = @me OR n.id IN (SELECT t.namespace_id FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @me)))
             OR EXISTS (SELECT 1 FROM repository r WHERE r.namespace_id = n.id AND {VisibleRepositories.Condition(principal)}))
         ORDER BY n.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("me", principal.AccountId), ("user", principal.Has(Scopes.UserRead) ? 1 : 0), ("count", count)]);

    /// <summary>
    /// Tags whose name begins so, in upper and lower case as it is written, the exact ones first. Of names that very many repositories have
    /// (latest), only the first are looked at, and those of repositories that are the caller's own or were granted to him.
    /// </summary>
    public ValueTask<List<FoundManifest>> TagsAsync(Principal principal, string prefix, int count, CancellationToken ct) => db.ListAsync($"""
        {VisibleRepositories.Own(MostOwn)},
        found AS (
            SELECT repository_id, name, digest, started_ms FROM (
                   SELECT t.repository_id, t.name, t.digest, t.started_ms FROM own o CROSS JOIN tag t
                    WHERE t.namespace_id = o.namespace_id AND t.repository_id = o.id AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms()) AND t.name >= @from AND t.name < @to
                    LIMIT {Candidates}) mine
            UNION
            SELECT repository_id, name, digest, started_ms FROM (
                   SELECT t.repository_id, t.name, t.digest, t.started_ms FROM tag t
                    WHERE t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms()) AND t.name >= @from AND t.name < @to
                    ORDER BY t.name, t.repository_id LIMIT {Others}) others)
        SELECT n.name, n.kind, r.name, f.name, f.digest, f.started_ms
          FROM found f JOIN repository r ON r.id = f.repository_id JOIN namespace n ON n.id = r.namespace_id
         WHERE {VisibleRepositories.Condition(principal)}
         ORDER BY CASE WHEN f.name = @from THEN 0 ELSE 1 END, CASE WHEN r.id IN (SELECT id FROM own) THEN 0 ELSE 1 END, f.started_ms DESC, f.name, r.id LIMIT @count
        """, ReadManifest, ct, [.. Range(prefix), ("me", principal.AccountId), ("count", count)]);

    /// <summary>Manifests whose digest begins so, each with the repositories that have it, as far as with tags.</summary>
    public ValueTask<List<FoundManifest>> ManifestsAsync(Principal principal, DigestPrefix prefix, int count, CancellationToken ct) => db.ListAsync($"""
        {VisibleRepositories.Own(MostOwn)},
        found AS (
            SELECT repository_id, digest, linked_ms FROM (
                   SELECT l.repository_id, l.digest, l.linked_ms FROM own o CROSS JOIN manifest_link l
                    WHERE l.namespace_id = o.namespace_id AND l.repository_id = o.id AND l.deleted_ms IS NULL AND l.digest >= @from AND l.digest <= @to
                    LIMIT {Candidates}) mine
            UNION
            SELECT repository_id, digest, linked_ms FROM (
                   SELECT l.repository_id, l.digest, l.linked_ms FROM manifest_link l
                    WHERE l.deleted_ms IS NULL AND l.digest >= @from AND l.digest <= @to
                    ORDER BY l.digest LIMIT {Others}) others)
        SELECT n.name, n.kind, r.name, NULL, f.digest, f.linked_ms
          FROM found f JOIN repository r ON r.id = f.repository_id JOIN namespace n ON n.id = r.namespace_id
         WHERE length(f.digest) = @length AND {VisibleRepositories.Condition(principal)}
         ORDER BY CASE WHEN r.id IN (SELECT id FROM own) THEN 0 ELSE 1 END, f.linked_ms DESC, r.id LIMIT @count
        """, ReadManifest, ct, ("from", prefix.From), ("to", prefix.To), ("length", (long)prefix.From.Length), ("me", principal.AccountId), ("count", count));

    // So many repositories of the caller's own are looked into, and so many rows of all others.
    private const int MostOwn = 2000;
    private const int Others = 1000;

    private static FoundManifest ReadManifest(DbDataReader r) =>
        new(r.GetString(0), r.GetString(1) == "organization", r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3), new Digest(r.GetFieldValue<byte[]>(4)), r.GetInt64(5));

    private static (string, object?)[] Range(string prefix) => [("from", prefix), ("to", prefix + Above)];

    private static string Escape(string text) => text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);

    private static FoundEntity Read(DbDataReader r) => new(r.GetString(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2), r.GetInt64(3) == 1);
}

/// <summary>The beginning of a digest that somebody typed: all digests that begin so lie between two of them.</summary>
internal sealed record DigestPrefix(byte[] From, byte[] To)
{
    /// <summary>With fewer digits than these nobody means a certain one.</summary>
    private const int MinDigits = 8;

    private static readonly SearchValues<char> s_lowerHex = SearchValues.Create("0123456789abcdef");

    /// <summary>Parses <c>sha256:</c> or <c>sha512:</c> and at least eight lower-case hexadecimal digits.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out DigestPrefix? prefix)
    {
        prefix = null;
        if (text.Length < 7 || text[6] != ':' || !DigestAlgorithms.TryParse(text.AsSpan(0, 6), out var algorithm))
            return false;
        var (digits, size) = (text[7..], 2 * DigestAlgorithms.Size(algorithm));
        if (digits.Length < MinDigits || digits.Length > size || digits.AsSpan().ContainsAnyExcept(s_lowerHex))
            return false;
        prefix = new(Convert.FromHexString(digits.PadRight(size, '0')), Convert.FromHexString(digits.PadRight(size, 'f')));
        return true;
    }
}
