using System.Text.Json;
using Wharf.Scanner.Feeds;
using Wharf.Server.Content;
using Wharf.Server.Data;

namespace Wharf.Server.Security;

/// <summary>The table of feeds.</summary>
internal sealed class FeedStore(Database db, StoredFiles stored)
{
    private const string Columns = "name, revision, date_ms, licence, statements, ecosystems, storage_key, evaluated_key, evaluating_key, files, imported_ms, checked_ms, problem";

    public async Task<IReadOnlyList<FeedRow>> ListAsync(CancellationToken ct) => await db.ListAsync($"SELECT {Columns} FROM feed ORDER BY name", Read, ct);

    public async Task<FeedRow?> FindAsync(string name, CancellationToken ct) => await db.OneAsync($"SELECT {Columns} FROM feed WHERE name = @name", Read, ct, ("name", name));

    /// <summary>What all of them together speak of.</summary>
    public async Task<FeedCoverage> CoverageAsync(CancellationToken ct) => new(await db.ListAsync("SELECT ecosystems FROM feed", static r => ReadEcosystems(r, 0), ct));

    /// <summary>Which revisions there are: what was matched against others is to be matched again.</summary>
    public static string Fingerprint(IReadOnlyList<FeedRow> rows) => string.Join(' ', rows.Select(static r => $"{r.Name}={r.StorageKey}"));

    /// <summary>The same, in a transaction whose end no import overtakes.</summary>
    public static async ValueTask<string> FingerprintAsync(Database db, Tx tx) =>
        string.Join(' ', await tx.ListAsync($"SELECT name, storage_key FROM feed ORDER BY name {db.ForShare}", static r => $"{r.GetString(0)}={r.GetString(1)}"));

    /// <summary>What went wrong with those that have no revision yet.</summary>
    public async Task<IReadOnlyList<FeedProblem>> ListProblemsAsync(CancellationToken ct) =>
        await db.ListAsync("SELECT name, problem, checked_ms FROM feed_problem ORDER BY name", static r => new FeedProblem(r.GetString(0), r.GetString(1), r.GetInt64(2)), ct);

    /// <summary>Puts a new revision in the place of the former one, with what the publisher served. Its files stay from now on, and those that nothing needs any more go.</summary>
    /// <param name="ecosystems">What it speaks of.</param>
    /// <param name="before">What there was; null: nothing.</param>
    /// <returns>False when there is something else by now.</returns>
    public Task<bool> SetAsync(FeedInfo info, IReadOnlyList<string> ecosystems, string storageKey, IReadOnlyList<FeedFile> files, FeedRow? before, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var args = new (string, object?)[]
        {
            ("name", info.Name), ("revision", info.Revision), ("date", info.Date.ToUnixTimeMilliseconds()), ("licence", info.Licence), ("statements", info.Statements), ("ecosystems", JsonSerializer.Serialize(ecosystems, SecurityJson.Default.IReadOnlyListString)), ("key", storageKey),
            ("files", Json(files)), ("former", before?.StorageKey), ("served", before is null ? null : Json(before.Files)),
        };
        await tx.ExecuteAsync("DELETE FROM feed_problem WHERE name = @name", ("name", info.Name));
        var isSet = await tx.ExecuteAsync(before is null
            ? """
                INSERT INTO feed (name, revision, date_ms, licence, statements, ecosystems, storage_key, files, imported_ms, checked_ms) SELECT @name, @revision, @date, @licence, @statements, @ecosystems, @key, @files, now_ms(), now_ms() WHERE 1 = 1
                ON CONFLICT (name) DO NOTHING
                """
            : """
                UPDATE feed SET revision = @revision, date_ms = @date, licence = @licence, statements = @statements, ecosystems = @ecosystems, storage_key = @key, files = @files, imported_ms = now_ms(), checked_ms = now_ms(), problem = NULL
                 WHERE name = @name AND storage_key = @former AND files = @served
                """, before is null ? args[..^2] : args) == 1;
        if (!isSet)
            return false;
        foreach (var key in files.Select(static f => f.Key).Append(storageKey))
            await stored.KeepAsync(tx, key);
        foreach (var file in before?.Files ?? [])
            await stored.RemoveAsync(tx, file.Key);
        // Findings may rest on it until the new one is evaluated.
        if (before is not null && before.StorageKey != storageKey && before.StorageKey != before.EvaluatedKey)
            await stored.RemoveAsync(tx, before.StorageKey);
        return true;
    }, ct);

    /// <summary>Notes that a feed was asked for and had nothing new, or could not be read.</summary>
    public Task CheckedAsync(string name, string? problem, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.ExecuteAsync("UPDATE feed SET checked_ms = now_ms(), problem = @problem WHERE name = @name", ("name", name), ("problem", problem)) == 1 || problem is null)
            return 0;
        return await tx.ExecuteAsync("""
            INSERT INTO feed_problem (name, problem, checked_ms) SELECT @name, @problem, now_ms() WHERE 1 = 1
            ON CONFLICT (name) DO UPDATE SET problem = excluded.problem, checked_ms = excluded.checked_ms
            """, ("name", name), ("problem", problem));
    }, ct);

    /// <summary>Notes that findings of a revision are among those of the one before from now on.</summary>
    public Task EvaluatingAsync(string name, string storageKey, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync(
        "UPDATE feed SET evaluating_key = @key WHERE name = @name", ("name", name), ("key", storageKey)), ct);

    /// <summary>Notes that findings rest on a revision by now and not on the one before, whose file goes, and which manifests are to be told of what changed.</summary>
    public Task EvaluatedAsync(FeedRow feed, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        await tx.ExecuteAsync("""
            INSERT INTO finding_news (feed, manifest) SELECT DISTINCT ch.feed, mc.manifest FROM finding_change ch JOIN manifest_component mc ON mc.component_id = ch.component_id WHERE ch.feed = @name
            ON CONFLICT (feed, manifest) DO NOTHING
            """, ("name", feed.Name));
        if (feed.EvaluatedKey is { } former)
            await stored.RemoveAsync(tx, former);
        return await tx.ExecuteAsync("UPDATE feed SET evaluated_key = @key, evaluating_key = NULL WHERE name = @name", ("name", feed.Name), ("key", feed.StorageKey));
    }, ct);

    private static string Json(IReadOnlyList<FeedFile> files) => JsonSerializer.Serialize(files, SecurityJson.Default.IReadOnlyListFeedFile);

    private static FeedRow Read(System.Data.Common.DbDataReader r) => new(
        r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetString(3), r.GetInt64(4), ReadEcosystems(r, 5), r.GetString(6), r.IsDBNull(7) ? null : r.GetString(7), r.IsDBNull(8) ? null : r.GetString(8),
        JsonSerializer.Deserialize(r.GetString(9), SecurityJson.Default.IReadOnlyListFeedFile)!, r.GetInt64(10), r.GetInt64(11), r.IsDBNull(12) ? null : r.GetString(12));

    private static IReadOnlyList<string> ReadEcosystems(System.Data.Common.DbDataReader r, int n) => JsonSerializer.Deserialize(r.GetString(n), SecurityJson.Default.IReadOnlyListString)!;
}
