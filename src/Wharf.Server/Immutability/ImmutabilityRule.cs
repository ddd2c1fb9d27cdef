using Wharf.Server.Content;
using Wharf.Server.Data;

namespace Wharf.Server.Immutability;

/// <summary>
/// What is immutable stays where it is, and what begins is immutable where a policy says so. That such a tag does not expire either is
/// <see cref="ContentStore"/>'s own, which knows when a tag is to end.
/// </summary>
internal sealed class ImmutabilityRule(Database db, PolicyStore policies) : IChangeRule
{
    // Told in words by ExplainAsync.
    private static readonly Refusal s_immutable = new(RefusalKind.Immutable);

    public async ValueTask AddAsync(Terms terms, Change change, bool anew, CancellationToken ct)
    {
        if (Blocking(change) is not var (blocking, args))
            return;
        if (change.Kind is ChangeKind.PutManifest or ChangeKind.MoveTag or ChangeKind.Rewind)
        {
            var known = await policies.OfAsync(change.Access.NamespaceId, change.Access.RepositoryId, anew, ct);
            // Behind the locks of the tags: whoever applies a newer policy to the tags that there are waits for this change, or this sees the policy.
            terms.Require(Refusal.RuleChanged, $"SELECT 1 WHERE {PolicyStore.VersionOf} = @version", ("ns", change.Access.NamespaceId), ("version", known.Version));
            terms.Immutable.UnionWith(change.Tags.Where(known.Protect));
        }
        terms.Require(s_immutable, $"SELECT 1 WHERE NOT EXISTS (SELECT 1 {blocking})", args);
    }

    public async ValueTask<Refusal> ExplainAsync(Refusal refusal, Change change, CancellationToken ct)
    {
        if (!ReferenceEquals(refusal, s_immutable) || Blocking(change) is not var (blocking, args))
            return refusal;
        var tag = await db.OneAsync($"SELECT name {blocking} ORDER BY name LIMIT 1", static r => r.GetString(0), ct, args);
        return Refusal.Immutable(change.Kind is ChangeKind.PutManifest or ChangeKind.MoveTag or ChangeKind.Rewind ? "overwrite" : "delete", tag);
    }

    /// <summary>SQL for the immutable tags that do not let the change be, or null where none can.</summary>
    private (string Sql, (string, object?)[] Args)? Blocking(Change change)
    {
        const string Immutable = "FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND ended_ms IS NULL AND immutable = 1";
        (string, object?)[] repository = [("ns", change.Access.NamespaceId), ("repo", change.Access.RepositoryId)];
        if (change is { Kind: ChangeKind.DeleteManifest, Digest: { } manifest })
            return ($"{Immutable} AND digest = @digest", [.. repository, ("digest", manifest.ToArray())]);
        if (change.Tags.Count == 0)
            return null;
        var ofTags = $"{Immutable} AND name {db.Among("names")}";
        (string, object?)[] args = [.. repository, ("names", change.Tags.ToArray())];
        return change switch
        {
            { Kind: ChangeKind.PutManifest or ChangeKind.MoveTag, Digest: { } to } => ($"{ofTags} AND digest <> @digest", [.. args, ("digest", to.ToArray())]),
            // Of what it named before, an immutable tag loses nothing that it names now.
            { Kind: ChangeKind.PurgeTag, Digest: { } former } => ($"{ofTags} AND digest = @digest", [.. args, ("digest", former.ToArray())]),
            { Kind: ChangeKind.EndTag or ChangeKind.PurgeTag or ChangeKind.Prune or ChangeKind.Rewind } => (ofTags, args),
            _ => null,
        };
    }
}
