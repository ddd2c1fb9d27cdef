using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.Audit;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Outbox;
using Wharf.Server.Repositories;

namespace Wharf.Server.Persons;

/// <summary>
/// Makes a person nobody: the account is deleted with all that is only the person's, and what is left of it is a number. 1. Holds and
/// repositories are looked for. 2. The account is deleted, as a superuser would. 3. The audit trail loses what names the person. 4. The
/// names go, last, since by them an erasure that was cut off is found again.
/// </summary>
internal sealed class PersonErasure(
    Database db, PersonStore persons, PeopleStore people, RepositoryStore repositories, AuditErasure audit, AuditEvents told, AccountStore accounts, Permissions permissions)
{
    /// <param name="withRepositories">Deletes the person's own repositories, into the time machine.</param>
    public async Task<AdminResult> RunAsync(string name, bool withRepositories, CancellationToken ct)
    {
        // 1.
        if (await persons.FindAsync(name, ct) is not { } id)
            return new AdminResult(false, $"There is and was no user called {name}.");
        if (await audit.FindHoldAsync(id, ct) is { } hold)
            return new AdminResult(false, $"{name} was not erased: there is a legal hold, {hold}. `wharf hold list` says why.");
        var own = await persons.RepositoriesAsync(id, ct);
        if (own.Count > 0 && !withRepositories)
            return new AdminResult(false, $"{name} was not erased: {own.Count} repositories are in the namespace {name}. Move what others need, or have them deleted too: --with-repositories.");
        foreach (var (repositoryId, repository) in own)
            if (RepositoryName.TryParse($"{name}/{repository}", null, out var full))
                await repositories.DeleteAsync(Principal.Anonymous, new RepositoryAccess(full, id, repositoryId, RepositoryRole.Admin), ct);
        // 2.
        var robots = await persons.RobotsAsync(id, ct);
        if (!await persons.IsDeletedAsync(id, ct) && await people.DeleteAsync(Principal.Anonymous, id, force: true, ct) is { } problem)
            return new AdminResult(false, $"{name} was not erased. {problem}");
        // 3. With what is told before, the deletion too.
        await told.SettleAsync(ct);
        var erased = 0;
        foreach (var account in robots.Prepend(id))
        {
            var (records, held) = await audit.EraseAsync(account, ct);
            if (held is not null)
                return new AdminResult(false, $"{name} is deleted, but not erased: there is a legal hold now, {held}.");
            erased += records;
        }
        // 4.
        var position = await told.ToldAsync(ct);
        var nobody = accounts.HashAndSeal(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        await db.WriteAsync(async tx =>
        {
            var names = await tx.ListAsync("SELECT DISTINCT name FROM namespace_history WHERE id = @id", static r => r.GetString(0), ("id", id));
            foreach (var account in robots.Prepend(id))
                foreach (var table in (string[])["namespace", "namespace_history"])
                    await tx.ExecuteAsync($"UPDATE {table} SET name = @name WHERE id = @id", ("name", $"deleted-{account}"), ("id", account));
            foreach (var statement in (string[])[
                "UPDATE namespace SET email = NULL WHERE id = @id", "UPDATE log_export SET callback_url = NULL, callback_email = NULL WHERE requested_by = @id",
                "DELETE FROM pull_exclusion WHERE account_id = @id"])
                await tx.ExecuteAsync(statement, ("id", id));
            await tx.ExecuteAsync("UPDATE account SET email = NULL, given_name = NULL, family_name = NULL, company = NULL, location = NULL, sealed_password = @nobody WHERE id = @id", ("nobody", nobody), ("id", id));
            // What the audit trail has told already; who else reads events needs no more than that they were.
            foreach (var (from, to) in names.SelectMany(n => Mentions(n, $"deleted-{id}")))
                await tx.ExecuteAsync($"UPDATE event SET payload = replace(payload, @from, @to) WHERE payload LIKE @part AND {told.Position} <= @told", ("from", from), ("to", to), ("part", $"%{from}%"), ("told", position));
            await tx.ExecuteAsync($"UPDATE event SET payload = '{{}}' WHERE namespace_id = @id AND repository_id IS NULL AND (kind LIKE 'account.%' OR kind LIKE 'profile.%') AND {told.Position} <= @told",
                ("id", id), ("told", position));
            await Events.AddAsync(tx, "account.erased", id, null, null, new JsonObject { ["by"] = 0 }.ToJsonString());
            tx.OnCommit(accounts.DropAll);
            tx.OnCommit(permissions.ForgetNamespace);
            return 0;
        }, ct);
        return new AdminResult(true,
            $"{name} is erased: the account is deleted-{id}, {erased} records of the audit trail are gone, and {own.Count} repositories are in the time machine. Backups and the journal keep the name until they are replaced.",
            new JsonObject { ["name"] = $"deleted-{id}", ["records"] = erased, ["repositories"] = own.Count });
    }

    // How payloads of events name somebody: by these members, as an owner of repositories, and as one of robots.
    private static IEnumerable<(string From, string To)> Mentions(string name, string nobody) =>
        s_naming.Select(member => ($"\"{member}\":\"{name}\"", $"\"{member}\":\"{nobody}\"")).Concat(s_owning.Select(mark => ($"\"{name}{mark}", $"\"{nobody}{mark}")));

    private static readonly string[] s_naming = ["name", "new_name", "former_name", "user", "username", "member", "delegate", "excluded", "namespace"];
    private static readonly string[] s_owning = ["/", "+", "\\u002B"];
}
