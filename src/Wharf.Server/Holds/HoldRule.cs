using Wharf.Server.Content;
using Wharf.Server.Data;

namespace Wharf.Server.Holds;

/// <summary>Tags on hold are neither purged nor pruned. What ends in other ways stays in the time machine, where the collector finds the hold.</summary>
internal sealed class HoldRule(Database db) : IChangeRule
{
    private static readonly Refusal s_held = new(RefusalKind.Held);

    private string On => $"""
        FROM legal_hold h WHERE h.lifted_ms IS NULL AND h.namespace_id = @ns AND (h.repository_id = 0 OR (h.repository_id = @repo AND (h.tag = '' OR h.tag {db.Among("tags")})))
        """;

    public ValueTask AddAsync(Terms terms, Change change, bool anew, CancellationToken ct)
    {
        if (change.Kind is ChangeKind.PurgeTag or ChangeKind.Prune)
        {
            if (db.ForKeyShare.Length > 0)
                terms.Lock(LegalHolds.Lock(db), ("ns", change.Access.NamespaceId));
            terms.Require(s_held, $"SELECT 1 WHERE NOT EXISTS (SELECT 1 {On})", Args(change));
        }
        return ValueTask.CompletedTask;
    }

    // Its number only: the reason is for those who may read it there.
    public async ValueTask<Refusal> ExplainAsync(Refusal refusal, Change change, CancellationToken ct) => !ReferenceEquals(refusal, s_held) ? refusal
        : s_held with { Message = $"There is a legal hold on it: {await db.OneAsync($"SELECT h.id {On} ORDER BY h.id LIMIT 1", static r => r.GetString(0), ct, Args(change)) ?? "it was lifted just now, try again"}." };

    private static (string, object?)[] Args(Change change) => [("ns", change.Access.NamespaceId), ("repo", change.Access.RepositoryId), ("tags", change.Tags.ToArray())];
}
