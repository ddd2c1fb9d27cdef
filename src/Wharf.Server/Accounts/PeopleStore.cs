using System.Data.Common;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Holds;
using Wharf.Server.Mail;
using Wharf.Server.Outbox;

namespace Wharf.Server.Accounts;

/// <summary>People as they and superusers see and change them; <see cref="AccountStore"/> is what authentication needs of them.</summary>
internal sealed class PeopleStore(Database db, AccountStore accounts, SessionStore sessions, Permissions permissions, MailQueue mail)
{
    private const int MostMemberships = 1000;

    private const string Select = """
        SELECT n.id, n.name, a.email, a.superuser, a.enabled, a.created_ms, a.last_used_ms, n.tag_expiration_s, a.verified,
               a.given_name, a.family_name, a.company, a.location
          FROM account a JOIN namespace n ON n.id = a.id AND n.deleted_ms IS NULL
        """;

    public ValueTask<Person?> FindAsync(long id, CancellationToken ct) => db.OneAsync($"{Select} WHERE a.id = @id", Read, ct, ("id", id));

    public async ValueTask<Person?> FindAsync(string name, CancellationToken ct) =>
        AccountStore.IsValidName(name) ? await db.OneAsync($"{Select} WHERE n.name = @name", Read, ct, ("name", name)) : null;

    /// <summary>By number, after <paramref name="after"/>.</summary>
    public ValueTask<List<Person>> ListAsync(bool withDisabled, long after, int count, CancellationToken ct) => db.ListAsync(
        $"{Select} WHERE a.id > @after {(withDisabled ? "" : "AND a.enabled = 1")} ORDER BY a.id LIMIT @count", Read, ct, ("after", after), ("count", count));

    /// <summary>The organizations that the person is in, by name.</summary>
    public ValueTask<List<Membership>> MembershipsAsync(long id, CancellationToken ct) => db.ListAsync($"""
        SELECT n.name, max(CASE t.role WHEN 'admin' THEN 2 WHEN 'creator' THEN 1 ELSE 0 END)
          FROM team_member m JOIN team t ON t.id = m.team_id JOIN namespace n ON n.id = t.namespace_id AND n.deleted_ms IS NULL
         WHERE m.account_id = @id
         GROUP BY n.name ORDER BY n.name LIMIT {MostMemberships}
        """, static r => new Membership(r.GetString(0), r.GetInt64(1) == 2, r.GetInt64(1) >= 1), ct, ("id", id));

    public async ValueTask<long> CountPrivateAsync(long id, CancellationToken ct) => await db.OneAsync(
        "SELECT count(*) FROM repository WHERE namespace_id = @id AND deleted_ms IS NULL AND public = 0", static r => r.GetInt64(0), ct, ("id", id));

    /// <summary>Changes a person; what stands against it, or null.</summary>
    /// <param name="goesOn">A changed password ends every session; the one that begins in place of the caller's, or null.</param>
    /// <param name="confirm">Where another e-mail address has to be confirmed first, the code that is mailed to it.</param>
    public Task<string?> ChangeAsync(Principal by, long id, PersonChange change, NewSession? goesOn, FreshCode? confirm, CancellationToken ct)
    {
        var password = change.Password is null ? null : accounts.HashAndSeal(change.Password);
        return db.WriteAsync<string?>(async tx =>
        {
            await LockAsync(tx, id, by.AccountId);
            if (await tx.OneAsync("SELECT a.credential, a.email, n.name, a.given_name, a.family_name, a.company, a.location FROM account a JOIN namespace n ON n.id = a.id WHERE a.id = @id",
                static r => ((long Credential, string? Email, string Name, Profile Profile)?)(r.GetInt64(0), Text(r, 1), r.GetString(2), ReadProfile(r, 3)), ("id", id)) is not { } former)
                return "There is no such user any more.";
            var (credential, changed, moved) = (former.Credential, new JsonArray(), false);
            if (change.Email is not null && change.Email != former.Email)
            {
                if (await tx.OneAsync("SELECT 1 FROM account WHERE email = @email AND id <> @id", static r => r.GetInt32(0), ("email", Given(change.Email)), ("id", id)) == 1)
                    return "E-mail address already used";
                if (confirm is null)
                {
                    moved = true;
                    await SetAsync("email", "UPDATE account SET email = @value WHERE id = @id", Given(change.Email));
                    if (former.Email is not null)
                        await mail.AddAsync(tx, AccountLetters.EmailChanged(former.Email, former.Name, change.Email));
                }
                else if (!await MailCodes.StoreAsync(tx, confirm, MailCodes.Change, id, change.Password is null ? credential : credential + 1, change.Email, MailCodes.ConfirmLife)
                    || !await mail.AddAsync(tx, AccountLetters.Change(change.Email, former.Name, confirm.Code)))
                    return "Too many mails were asked for lately. Try again later.";
            }
            if (change.TagExpirationS is { } window)
            {
                await Window.SetAsync(tx, id, window);
                changed.Add((JsonNode)"tag_expiration_s");
            }
            if (change.Profile is not null && former.Profile.With(change.Profile) is var profile && profile != former.Profile)
            {
                await tx.ExecuteAsync("UPDATE account SET given_name = @given, family_name = @family, company = @company, location = @location WHERE id = @id",
                    ("given", profile.GivenName), ("family", profile.FamilyName), ("company", profile.Company), ("location", profile.Location), ("id", id));
                changed.Add((JsonNode)"profile");
            }
            if (change.Enabled is { } enabled)
            {
                await SetAsync("enabled", "UPDATE account SET enabled = @value WHERE id = @id", enabled ? 1 : 0);
                if (!enabled)
                    await sessions.EndAllAsync(tx, id);
            }
            if (change.Superuser is { } superuser)
            {
                // Two superusers who demote each other at once would leave none.
                if (id != by.AccountId && !accounts.IsSuperuserBySettings(by.Name)
                    && await tx.OneAsync("SELECT superuser FROM account WHERE id = @by", static r => r.GetInt64(0), ("by", by.AccountId)) != 1)
                    return "You are no superuser any more.";
                await SetAsync("superuser", "UPDATE account SET superuser = @value WHERE id = @id", superuser ? 1 : 0);
            }
            if (password is not null)
            {
                await SetAsync("password", "UPDATE account SET sealed_password = @value, credential = credential + 1 WHERE id = @id", password);
                await sessions.EndAllAsync(tx, id);
                await tx.ExecuteAsync("DELETE FROM mail_code WHERE account_id = @id AND credential <= @credential", ("id", id), ("credential", credential));
                if (former.Email is not null)
                    await mail.AddAsync(tx, AccountLetters.PasswordChanged(former.Email, former.Name));
                if (goesOn is not null)
                    await sessions.BeginAsync(tx, id, credential + 1, goesOn with { Former = null });
            }
            if (changed.Count == 0)
                return null;
            // What nobody remembers needs no forgetting: people change their address as often as they like.
            var isRemembered = (change.Enabled ?? change.Superuser) is not null || password is not null;
            await Events.AddAsync(tx, isRemembered ? "account.changed" : "profile.changed", id, null, null,
                new JsonObject { ["by"] = by.AccountId, ["changed"] = changed, ["email"] = moved ? change.Email : null, ["former_email"] = moved ? former.Email : null, ["enabled"] = change.Enabled, ["superuser"] = change.Superuser, ["tag_expiration_s"] = change.TagExpirationS }.ToJsonString());
            if (isRemembered)
                Forget(tx);
            return null;

            async ValueTask SetAsync(string what, string sql, object? value)
            {
                await tx.ExecuteAsync(sql, ("value", value), ("id", id));
                changed.Add((JsonNode)what);
            }
        }, ct);
    }

    /// <summary>Gives an account the address that its code was sent to; what stands against it, or null.</summary>
    public Task<string?> ConfirmAsync(MailedCode code, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        await LockAsync(tx, code.AccountId, code.AccountId);
        var former = await tx.OneAsync("SELECT credential, email FROM account WHERE id = @id AND enabled = 1",
            static r => ((long Credential, string? Email)?)(r.GetInt64(0), Text(r, 1)), ("id", code.AccountId));
        if (former is not { } now || now.Credential != code.Credential || (code.Purpose == MailCodes.Confirm && now.Email != code.Email) || !await MailCodes.TakeAsync(tx, code))
            return "This link is no good any more.";
        if (await tx.OneAsync("SELECT 1 FROM account WHERE email = @email AND id <> @id", static r => r.GetInt32(0), ("email", code.Email), ("id", code.AccountId)) == 1)
            return "The address belongs to another account.";
        await tx.ExecuteAsync("UPDATE account SET email = @email, verified = 1 WHERE id = @id", ("email", code.Email), ("id", code.AccountId));
        if (now.Email is not null && now.Email != code.Email)
            await mail.AddAsync(tx, AccountLetters.EmailChanged(now.Email, code.Name, code.Email));
        await Events.AddAsync(tx, "account.confirmed", code.AccountId, null, null,
            new JsonObject { ["by"] = code.AccountId, ["email"] = code.Email, ["former_email"] = now.Email }.ToJsonString());
        Forget(tx);
        return null;
    }, ct);

    /// <summary>
    /// Deletes a person with what belongs to nobody else: robots, memberships, grants, stars, sessions, the e-mail address. The
    /// repositories are kept with the namespace, whose name stays reserved.
    /// </summary>
    /// <param name="force">Also when it is the only admin of organizations, whose ownership a superuser can take then (Quay: the superuser's deletion).</param>
    /// <returns>What stands against it, or null.</returns>
    public Task<string?> DeleteAsync(Principal by, long id, bool force, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        // Whoever adds it to a team holds its row, so from here on it joins none; then those of its organizations, in one order, before
        // anything is judged: two admins who leave at once would leave none.
        await tx.ListAsync($"SELECT id FROM namespace WHERE id = @id {db.ForUpdate}", static r => r.GetInt64(0), ("id", id));
        await tx.ListAsync($"""
            SELECT n.id FROM namespace n
             WHERE n.id IN (SELECT t.namespace_id FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @id AND t.role = 'admin')
             ORDER BY n.id {db.ForUpdate}
            """, static r => r.GetInt64(0), ("id", id));
        await LockAsync(tx, id, id);
        if (await tx.OneAsync("SELECT a.superuser FROM account a JOIN namespace n ON n.id = a.id AND n.deleted_ms IS NULL WHERE a.id = @id", static r => (long?)r.GetInt64(0), ("id", id)) is not { } superuser)
            return "There is no such user any more.";
        if (superuser == 1)
            return "Cannot delete a superuser";
        if (await HoldStore.FindOnAccountAsync(tx, id) is { } hold)
            return $"There is a legal hold on the account: {hold}.";
        if (!force && await tx.ListAsync("""
            SELECT n.name
              FROM team_member m JOIN team t ON t.id = m.team_id AND t.role = 'admin' JOIN namespace n ON n.id = t.namespace_id AND n.deleted_ms IS NULL
             WHERE m.account_id = @id AND NOT EXISTS (
                   SELECT 1 FROM team_member o JOIN team x ON x.id = o.team_id AND x.role = 'admin' JOIN account a ON a.id = o.account_id
                    WHERE x.namespace_id = t.namespace_id AND o.account_id <> @id)
             GROUP BY n.name ORDER BY n.name LIMIT 20
            """, static r => r.GetString(0), ("id", id)) is { Count: > 0 } organizations)
            return $"The account is the only admin of organizations: {string.Join(", ", organizations)}. Delete them, or make somebody else their admin, first.";
        await sessions.EndAllAsync(tx, id);
        await RemovePersonAsync(tx, id);
        foreach (var statement in (string[])[
            "UPDATE namespace SET deleted_ms = now_ms(), deleted_by = @by WHERE id IN (SELECT id FROM robot WHERE namespace_id = @id)",
            "DELETE FROM team_member WHERE account_id IN (SELECT id FROM robot WHERE namespace_id = @id)",
            "DELETE FROM account_grant WHERE account_id IN (SELECT id FROM robot WHERE namespace_id = @id)",
            "DELETE FROM robot WHERE namespace_id = @id",
            "UPDATE account SET email = NULL, given_name = NULL, family_name = NULL, company = NULL, location = NULL, enabled = 0, credential = credential + 1 WHERE id = @id",
            "UPDATE namespace SET deleted_ms = now_ms(), deleted_by = @by WHERE id = @id"])
            await tx.ExecuteAsync(statement, ("id", id), ("by", by.AccountId));
        await Window.CloseAsync(tx, id);
        await Events.AddAsync(tx, "account.deleted", id, null, null, $$"""{"by":{{by.AccountId}}}""");
        Forget(tx);
        return null;
    }, ct);

    // What is the person's own, and what is granted to it elsewhere.
    private static async ValueTask RemovePersonAsync(Tx tx, long id)
    {
        foreach (var statement in (string[])[
            "DELETE FROM team_member WHERE account_id = @id", "DELETE FROM team_invite WHERE account_id = @id", "DELETE FROM account_grant WHERE account_id = @id",
            "DELETE FROM prototype WHERE account_id = @id OR activating_id = @id", "DELETE FROM star WHERE account_id = @id",
            "DELETE FROM app_token WHERE account_id = @id", "DELETE FROM oauth_token WHERE account_id = @id", "DELETE FROM oauth_code WHERE account_id = @id",
            "DELETE FROM oauth_assignment WHERE account_id = @id", "DELETE FROM mail_code WHERE account_id = @id"])
            await tx.ExecuteAsync(statement, ("id", id));
    }

    private void Forget(Tx tx)
    {
        tx.OnCommit(accounts.DropAll);
        tx.OnCommit(permissions.ForgetNamespace);
    }

    private async ValueTask LockAsync(Tx tx, long id, long by) => await tx.ListAsync(
        $"SELECT id FROM account WHERE id = @id OR id = @by ORDER BY id {db.ForUpdate}", static r => r.GetInt64(0), ("id", id), ("by", by));

    private static string? Given(string email) => email.Length == 0 ? null : email;

    private static Person Read(DbDataReader r) => new(
        r.GetInt64(0), r.GetString(1), Text(r, 2), r.GetInt64(3) == 1, r.GetInt64(4) == 1, r.GetInt64(5), r.IsDBNull(6) ? null : r.GetInt64(6), r.GetInt64(7), r.GetInt64(8) == 1,
        ReadProfile(r, 9));

    private static Profile ReadProfile(DbDataReader r, int from) => new(Text(r, from), Text(r, from + 1), Text(r, from + 2), Text(r, from + 3));

    private static string? Text(DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);
}
