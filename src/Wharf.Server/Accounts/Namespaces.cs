using Wharf.Server.Data;

namespace Wharf.Server.Accounts;

/// <summary>The names of people, organizations and robots, which share one space.</summary>
internal sealed class Namespaces(AccountOptions options)
{
    /// <summary>
    /// Takes a name, in the caller's transaction. A name whose namespace was deleted is kept for who deleted it, as long as that can
    /// be restored: whoever took it would get the pulls and pushes that are meant for the former owner.
    /// </summary>
    /// <param name="kind">user, organization or robot.</param>
    /// <param name="by">Who asks, or 0 for the registry itself.</param>
    public async ValueTask<NewAccount> ClaimAsync(Tx tx, string name, string kind, long by) => await CheckAsync(tx, name, kind, by) is { } problem
        ? new(0, problem)
        : new(await tx.OneAsync("INSERT INTO namespace (name, kind, created_ms) VALUES (@name, @kind, now_ms()) RETURNING id", static r => r.GetInt64(0), ("name", name), ("kind", kind)), null);

    /// <summary>What stands against taking a name, or null.</summary>
    /// <inheritdoc cref="ClaimAsync"/>
    public async ValueTask<string?> CheckAsync(Tx tx, string name, string kind, long by)
    {
        if (await tx.OneAsync("SELECT 1 FROM namespace WHERE name = @name AND deleted_ms IS NULL", static r => r.GetInt32(0), ("name", name)) == 1)
            return "The name is taken.";
        if (!options.FreeNamesAtOnce && kind != "robot" && await tx.OneAsync("""
            SELECT 1 FROM namespace
             WHERE name = @name AND deleted_ms > now_ms() - tag_expiration_s * 1000 AND purge_ms IS NULL AND (deleted_by IS NULL OR deleted_by <> @by) LIMIT 1
            """, static r => r.GetInt32(0), ("name", name), ("by", by)) == 1)
            return "The name belonged to a namespace that was deleted lately; it is kept for its former owner as long as that can be restored.";
        return null;
    }
}
