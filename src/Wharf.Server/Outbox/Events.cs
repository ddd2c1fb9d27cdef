using System.Text.Json.Nodes;
using Wharf.Server.Data;
using Wharf.Server.Hosting;

namespace Wharf.Server.Outbox;

/// <summary>The outbox: what happened, stored with the change itself and read later by consumers with a cursor of their own (contract 7).</summary>
internal static class Events
{
    private const string Insert = "INSERT INTO event (namespace_id, repository_id, kind, digest, at_ms, payload, origin) SELECT @ns, @repo, @kind, @digest, now_ms(), @payload, @origin";

    public static ValueTask<int> AddAsync(Tx tx, string kind, long namespaceId, long? repositoryId, byte[]? digest, string payload) =>
        tx.ExecuteAsync(Insert, Args(kind, namespaceId, repositoryId, digest, payload, tx.RequestedFrom));

    /// <summary>Many of one kind in one statement.</summary>
    public static async ValueTask AddAsync(Database db, Tx tx, string kind, IReadOnlyList<(long NamespaceId, long RepositoryId, byte[] Digest, string Payload)> events)
    {
        if (events.Count > 0)
            await tx.ExecuteAsync($"""
                INSERT INTO event (namespace_id, repository_id, kind, digest, at_ms, payload, origin)
                SELECT ns, repo, @kind, digest, now_ms(), payload, @origin FROM {db.RowsOfJson("rows", "ns", "repo", "digest#", "payload$")} WHERE 1 = 1
                """, ("kind", kind), ("origin", tx.RequestedFrom),
                ("rows", new JsonArray([.. events.Select(static e => (JsonNode)new JsonArray(e.NamespaceId, e.RepositoryId, Convert.ToHexStringLower(e.Digest), e.Payload))]).ToJsonString()));
    }

    /// <param name="condition">SQL over the event's own parameters @ns, @repo and @digest, and <paramref name="more"/>; the event is written only where it holds.</param>
    public static void Add<TRefusal>(
        Batch<TRefusal> batch, string kind, long namespaceId, long? repositoryId, byte[]? digest, string payload, string? condition = null, params (string, object?)[] more)
        where TRefusal : class =>
        batch.Add(condition is null ? Insert : $"{Insert} WHERE {condition}", [.. Args(kind, namespaceId, repositoryId, digest, payload, Origin.Current?.ToString()), .. more]);

    private static (string, object?)[] Args(string kind, long namespaceId, long? repositoryId, byte[]? digest, string payload, string? origin) =>
        [("ns", namespaceId), ("repo", repositoryId), ("kind", kind), ("digest", digest), ("payload", payload), ("origin", origin)];
}
