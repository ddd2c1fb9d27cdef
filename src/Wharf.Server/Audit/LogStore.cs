using System.Globalization;
using Wharf.Server.Data;

namespace Wharf.Server.Audit;

/// <summary>The trail as people read it: the newest first.</summary>
internal sealed class LogStore(Database db, AuditDatabase audit, AuditStore store)
{
    /// <summary>One page, and where the next one begins.</summary>
    public async ValueTask<LogPage> ListAsync(LogQuery query, CancellationToken ct)
    {
        var (conditions, args) = Conditions(query);
        if (query.Before is { } before)
        {
            conditions += " AND at_ms <= @b_at AND (at_ms, writer, n, i) < (@b_at, @b_writer, @b_n, @b_i)";
            args.AddRange([("b_at", before.AtMs), ("b_writer", before.Writer), ("b_n", before.N), ("b_i", before.I)]);
        }
        var rows = await audit.Value.ListAsync($"""
            SELECT at_ms, writer, n, i, line FROM audit_entry WHERE {conditions}
             ORDER BY at_ms DESC, writer DESC, n DESC, i DESC LIMIT @count
            """, static r => (Place: new LogPlace(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt32(3)), Line: AuditLine.Parse(r.GetFieldValue<byte[]>(4))), ct, [.. args, ("count", query.Count + 1)]);
        LogPlace? next = rows.Count > query.Count ? rows[query.Count - 1].Place : null;
        return new LogPage(await TellAsync(rows[..Math.Min(rows.Count, query.Count)], ct), next);
    }

    /// <summary>Some batches of a writer, in order.</summary>
    public async ValueTask<List<LogEntry>> TellAsync(long writer, long first, long last, CancellationToken ct) => await TellAsync(
        [.. (await store.RowsAsync(writer, first, last, ct)).Select(r => (new LogPlace(r.AtMs, writer, r.N, r.I), AuditLine.Parse(r.Line)))], ct);

    private async ValueTask<List<LogEntry>> TellAsync(List<(LogPlace Place, AuditLine Line)> rows, CancellationToken ct)
    {
        var persons = await store.PersonsAsync(rows.SelectMany(static r => r.Line.About is { } about ? new[] { r.Line.Who, about } : [r.Line.Who]), ct);
        var namespaces = await NamesAsync([.. rows.Select(static r => r.Line.NamespaceId).Concat(rows.Select(static r => r.Line.GrantedBy)).Distinct()], ct);
        return [.. rows.Select(r => new LogEntry(r.Place, r.Line, Person(persons, r.Line.Who), Person(persons, r.Line.About), namespaces.TryGetValue(r.Line.NamespaceId, out var owner) ? owner : null, namespaces.TryGetValue(r.Line.GrantedBy, out var grantor) ? grantor.Name : null))];
    }

    /// <summary>How often what happened on which day.</summary>
    public ValueTask<List<(string Kind, long Day, long Count)>> CountAsync(LogQuery query, CancellationToken ct)
    {
        var (conditions, args) = Conditions(query);
        return audit.Value.ListAsync($"SELECT kind, at_ms / 86400000, count(*) FROM audit_entry WHERE {conditions} GROUP BY 1, 2 ORDER BY 2, 1",
            static r => (r.GetString(0), r.GetInt64(1), r.GetInt64(2)), ct, [.. args]);
    }

    /// <summary>The ids of those who have or had one of the names, robots among them.</summary>
    public async ValueTask<List<long>> AccountsAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        var args = names.Select(static (name, i) => ($"n{i}", (object?)name)).ToArray();
        return await db.ListAsync($"SELECT id FROM namespace WHERE name IN ({string.Join(", ", args.Select(static a => "@" + a.Item1))}) LIMIT 1000", static r => r.GetInt64(0), ct, args);
    }

    private static AuditPersonRow? Person(Dictionary<string, AuditPersonRow> persons, byte[]? reference) => reference is null ? null : persons.GetValueOrDefault(Convert.ToHexStringLower(reference));

    // Kept out of the lines: the namespace of a person is a name. Those of repositories that are gone still have their row.
    private async ValueTask<Dictionary<long, (string Name, bool IsOrganization)>> NamesAsync(long[] ids, CancellationToken ct) => ids.Length == 0 ? [] : (await db.ListAsync(
        $"SELECT id, name, kind FROM namespace WHERE id IN ({string.Join(", ", ids.Select(static id => id.ToString(CultureInfo.InvariantCulture)))})",
        static r => (Id: r.GetInt64(0), Name: r.GetString(1), IsOrganization: r.GetString(2) == "organization"), ct)).ToDictionary(static n => n.Id, static n => (n.Name, n.IsOrganization));

    private static (string Sql, List<(string, object?)> Args) Conditions(LogQuery query)
    {
        var (sql, args) = ("at_ms >= @from AND at_ms < @to", new List<(string, object?)> { ("from", query.FromMs), ("to", query.ToMs) });
        if (query.NamespaceId is { } ns)
            Add("namespace_id = @ns", ("ns", ns));
        if (query.RepositoryId is { } repo)
            Add("repository_id = @repo", ("repo", repo));
        if (query.Filter.Digest is { } digest)
            Add("digest_key = @digest", ("digest", AuditLine.KeyOf(digest)));
        if (query.Filter.Changes)
            sql += " AND class = 1";
        if (query.Filter.Performers is { } performers)
            AddList("performer_id", "p", performers.Cast<object?>());
        if (query.Filter.Kinds is { Count: > 0 } kinds)
            AddList("kind", "k", kinds);
        else if (!query.Filter.Reads)
            sql += " AND kind <> 'api_read'";
        return (sql, args);

        void Add(string condition, (string, object?) arg)
        {
            sql += $" AND {condition}";
            args.Add(arg);
        }

        void AddList(string column, string prefix, IEnumerable<object?> values)
        {
            var list = values.Select((value, i) => ($"{prefix}{i}", value)).ToList();
            sql += list.Count == 0 ? " AND 1 = 0" : list.Count == 1 ? $" AND {column} = @{list[0].Item1}" : $" AND {column} IN ({string.Join(", ", list.Select(static a => "@" + a.Item1))})";
            args.AddRange(list);
        }
    }
}
