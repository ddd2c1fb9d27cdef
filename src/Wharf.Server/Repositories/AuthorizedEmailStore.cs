using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Mail;
using Wharf.Server.Outbox;

namespace Wharf.Server.Repositories;

/// <summary>The addresses that repositories' notifications may go to: whoever reads their mail has to agree first.</summary>
internal sealed class AuthorizedEmailStore(Database db, MailQueue mail, OpaqueTokens tokens)
{
    private const string Kind = "WHN";

    /// <summary>How many addresses a repository has at most.</summary>
    private const int Most = 100;

    private const int Days = 7;
    private const long LifeMs = Days * 24L * 3_600_000;

    public ValueTask<AuthorizedEmail?> FindAsync(RepositoryAccess repository, string email, CancellationToken ct) => db.OneAsync(
        "SELECT email, confirmed_ms FROM repository_email WHERE namespace_id = @ns AND repository_id = @repo AND email = @email",
        static r => new AuthorizedEmail(r.GetString(0), !r.IsDBNull(1)), ct, ("ns", repository.NamespaceId), ("repo", repository.RepositoryId), ("email", email));

    /// <summary>Asks an address by mail, unless it has agreed already; what stands against it, or null.</summary>
    public async Task<string?> AskAsync(Principal by, RepositoryAccess repository, string email, CancellationToken ct)
    {
        var code = OpaqueTokens.Create(Kind);
        var (id, mac) = (OpaqueTokens.IdOf(code, Kind), await tokens.MacAsync(code, ct));
        (string, object?)[] key = [("ns", repository.NamespaceId), ("repo", repository.RepositoryId), ("email", email)];
        return await db.WriteAsync<string?>(async tx =>
        {
            if (await tx.OneAsync($"SELECT 1 FROM repository WHERE id = @repo AND namespace_id = @ns AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt32(0), key[..2]) == 0)
                return "The repository has been deleted.";
            if (await tx.OneAsync("SELECT 1 FROM repository_email WHERE namespace_id = @ns AND repository_id = @repo AND email = @email AND confirmed_ms IS NOT NULL", static r => r.GetInt32(0), key) == 1)
                return null;
            if (await tx.OneAsync("SELECT count(*) FROM repository_email WHERE namespace_id = @ns AND repository_id = @repo AND email <> @email", static r => r.GetInt64(0), key) >= Most)
                return $"A repository has at most {Most} addresses.";
            if (!await mail.AddAsync(tx, LetterTo(email, repository.Name, by.Name, code)))
                return "The address was sent too many mails lately. Try again later.";
            await tx.ExecuteAsync("""
                INSERT INTO repository_email (namespace_id, repository_id, email, code_id, mac, requested_by, created_ms) VALUES (@ns, @repo, @email, @code, @mac, @by, now_ms())
                ON CONFLICT (namespace_id, repository_id, email) DO UPDATE SET code_id = excluded.code_id, mac = excluded.mac, requested_by = excluded.requested_by, created_ms = excluded.created_ms
                """, [.. key, ("code", id), ("mac", mac), ("by", by.AccountId)]);
            await Events.AddAsync(tx, "repositoryemail.asked", repository.NamespaceId, repository.RepositoryId, null, new JsonObject { ["by"] = by.AccountId, ["email"] = email }.ToJsonString());
            return null;
        }, ct);
    }

    /// <summary>What a mailed code asks about; null when that is over.</summary>
    public async ValueTask<(string Repository, string Email)?> OpenAsync(string code, CancellationToken ct) => OpaqueTokens.IdOf(code, Kind) is not { } id ? null
        : await db.OneAsync($"SELECT n.name, r.name, e.email FROM {Asked}", static r => ((string, string)?)($"{r.GetString(0)}/{r.GetString(1)}", r.GetString(2)), ct,
            ("code", id), ("mac", await tokens.MacAsync(code, ct)), ("life", LifeMs));

    /// <summary>Notes that the address agrees; false when the code is no good any more.</summary>
    public async Task<bool> ConfirmAsync(string code, CancellationToken ct)
    {
        if (OpaqueTokens.IdOf(code, Kind) is not { } id)
            return false;
        var mac = await tokens.MacAsync(code, ct);
        return await db.WriteAsync(async tx =>
        {
            var asked = await tx.OneAsync($"SELECT e.namespace_id, e.repository_id, e.email, e.requested_by FROM {Asked}",
                static r => ((long Namespace, long Repository, string Email, long By)?)(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetInt64(3)), ("code", id), ("mac", mac), ("life", LifeMs));
            if (asked is not { } found || await tx.ExecuteAsync("UPDATE repository_email SET confirmed_ms = now_ms() WHERE code_id = @code AND confirmed_ms IS NULL", ("code", id)) == 0)
                return false;
            // Nobody is signed in: it is told as done by who asked.
            await Events.AddAsync(tx, "repositoryemail.confirmed", found.Namespace, found.Repository, null, new JsonObject { ["by"] = found.By, ["email"] = found.Email }.ToJsonString());
            return true;
        }, ct);
    }

    private const string Asked = """
        repository_email e JOIN repository r ON r.id = e.repository_id AND r.deleted_ms IS NULL JOIN namespace n ON n.id = r.namespace_id AND n.deleted_ms IS NULL
         WHERE e.code_id = @code AND e.mac = @mac AND e.confirmed_ms IS NULL AND e.created_ms > now_ms() - @life
        """;

    private static Letter LetterTo(string to, RepositoryName repository, string by, string code) => new("repository-address", to, $"Notifications of {repository}",
        [$"{by} wants notifications of the repository {repository} to be mailed to this address.", $"The link below allows that; it is good for {Days} days. If you do not want them, do nothing."],
        "/authrepoemail?code=" + code, "Allow notifications");
}
