using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Organizations;
using Wharf.Server.Outbox;

namespace Wharf.Server.OAuth;

/// <summary>The applications of organizations. The secret is kept sealed and not as a hash, because Quay's clients read it again and again.</summary>
internal sealed class ApplicationStore(Database db, KeyRing ring, OrganizationStore organizations, OAuthTokenStore tokens)
{
    /// <summary>So many an organization has at most.</summary>
    private const int Most = 1000;

    private const int ClientIdLength = 20;
    private const int SecretLength = 40;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const string Purpose = "oauth-client-secret";

    private const string Select = """
        SELECT a.id, a.namespace_id, o.name, a.client_id, a.sealed_secret, a.name, a.description, a.application_uri, a.redirect_uri, a.avatar_email
          FROM oauth_application a JOIN namespace o ON o.id = a.namespace_id AND o.deleted_ms IS NULL
        """;

    /// <summary>Whether the text may be a client id; what cannot be one is not looked up.</summary>
    public static bool IsClientId(string text) => text.Length == ClientIdLength && text.All(static c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c));

    /// <summary>An application of the organization.</summary>
    public async ValueTask<Application?> FindAsync(long organizationId, string clientId, bool withSecret, CancellationToken ct) => !IsClientId(clientId) ? null : await db.OneAsync(
        $"{Select} WHERE a.namespace_id = @ns AND a.client_id = @client", r => Read(r, withSecret), ct, ("ns", organizationId), ("client", clientId));

    /// <summary>The application of that client id, whosever it is: for what is public of it, and for who shows its secret.</summary>
    public async ValueTask<Application?> FindAsync(string clientId, bool withSecret, CancellationToken ct) => !IsClientId(clientId) ? null : await db.OneAsync(
        $"{Select} WHERE a.client_id = @client", r => Read(r, withSecret), ct, ("client", clientId));

    /// <summary>By number, after <paramref name="after"/>.</summary>
    public ValueTask<List<Application>> ListAsync(long organizationId, bool withSecrets, long after, int count, CancellationToken ct) => db.ListAsync(
        $"{Select} WHERE a.namespace_id = @ns AND a.id > @after ORDER BY a.id LIMIT @count", r => Read(r, withSecrets), ct, ("ns", organizationId), ("after", after), ("count", count));

    /// <summary>Makes an application of the organization.</summary>
    /// <returns>Its client id, or what stands against it.</returns>
    public Task<(string? ClientId, string? Problem)> CreateAsync(Principal by, long organizationId, ApplicationDetails details, CancellationToken ct) => db.WriteAsync<(string?, string?)>(async tx =>
    {
        if (!await organizations.LockAsync(tx, organizationId))
            return (null, "The organization has been deleted.");
        if (await tx.OneAsync("SELECT count(*) FROM oauth_application WHERE namespace_id = @ns", static r => r.GetInt64(0), ("ns", organizationId)) >= Most)
            return (null, $"An organization has at most {Most} applications.");
        return (await CreateAsync(tx, by, organizationId, details), null);
    }, ct);

    /// <summary>The same in the caller's transaction, in a namespace that nobody deletes meanwhile.</summary>
    public async ValueTask<string> CreateAsync(Tx tx, Principal by, long namespaceId, ApplicationDetails details)
    {
        var clientId = RandomNumberGenerator.GetString(Alphabet, ClientIdLength);
        await tx.ExecuteAsync("""
            INSERT INTO oauth_application (namespace_id, client_id, sealed_secret, name, description, application_uri, redirect_uri, avatar_email, created_by, created_ms)
            VALUES (@ns, @client, @secret, @name, @description, @uri, @redirect, @email, @by, now_ms())
            """, ("ns", namespaceId), ("client", clientId), ("secret", NewSecret()), ("name", details.Name), ("description", details.Description), ("uri", details.Uri),
            ("redirect", details.RedirectUri), ("email", details.AvatarEmail), ("by", by.AccountId));
        await AddEventAsync(tx, "oauth.application_created", namespaceId, by, clientId, details);
        return clientId;
    }

    /// <summary>Makes a token with all scopes for the first user of a registry, and in that user's own namespace the application that it needs (Quay).</summary>
    /// <returns>The token.</returns>
    public async Task<string?> CreateForPersonAsync(Principal person, CancellationToken ct)
    {
        var secret = await tokens.NewSecretAsync(ct);
        return await db.WriteAsync(async tx =>
        {
            var details = new ApplicationDetails("automation", "Made by POST /api/v1/user/initialize", "", "", null);
            var clientId = await CreateAsync(tx, person, person.AccountId, details);
            var id = await tx.OneAsync("SELECT id FROM oauth_application WHERE client_id = @client", static r => r.GetInt64(0), ("client", clientId));
            return (await tokens.GrantAsync(tx, person, new Application(id, person.AccountId, person.Name, clientId, null, details), Scopes.All, secret)).Secret;
        }, ct);
    }

    /// <summary>Changes all that the organization says of it; false when there is no such one.</summary>
    public Task<bool> ChangeAsync(Principal by, long organizationId, string clientId, ApplicationDetails details, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.ExecuteAsync("""
            UPDATE oauth_application SET name = @name, description = @description, application_uri = @uri, redirect_uri = @redirect, avatar_email = @email
             WHERE namespace_id = @ns AND client_id = @client
            """, ("name", details.Name), ("description", details.Description), ("uri", details.Uri), ("redirect", details.RedirectUri), ("email", details.AvatarEmail),
            ("ns", organizationId), ("client", clientId)) == 0)
            return false;
        await AddEventAsync(tx, "oauth.application_changed", organizationId, by, clientId, details);
        return true;
    }, ct);

    /// <summary>Gives it a new secret; the former one is worth nothing from then on. Its tokens go on.</summary>
    public Task<bool> ResetSecretAsync(Principal by, long organizationId, string clientId, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var name = await tx.OneAsync("UPDATE oauth_application SET sealed_secret = @secret WHERE namespace_id = @ns AND client_id = @client RETURNING name",
            static r => r.GetString(0), ("secret", NewSecret()), ("ns", organizationId), ("client", clientId));
        if (name is null)
            return false;
        await AddEventAsync(tx, "oauth.secret_reset", organizationId, by, clientId, name);
        return true;
    }, ct);

    /// <summary>Deletes it with its tokens, which are void at once here and within 5 seconds in other processes.</summary>
    public Task<bool> DeleteAsync(Principal by, long organizationId, string clientId, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        // Locked, so that whoever makes a token or a code of it comes before or finds it gone.
        var found = await tx.OneAsync($"SELECT id, name FROM oauth_application WHERE namespace_id = @ns AND client_id = @client {db.ForUpdate}",
            static r => ((long Id, string Name)?)(r.GetInt64(0), r.GetString(1)), ("ns", organizationId), ("client", clientId));
        if (found is not { } application)
            return false;
        foreach (var statement in (string[])["DELETE FROM oauth_code WHERE application_id = @id", "DELETE FROM oauth_assignment WHERE application_id = @id",
            "DELETE FROM oauth_token WHERE application_id = @id", "DELETE FROM oauth_application WHERE id = @id"])
            await tx.ExecuteAsync(statement, ("id", application.Id));
        await AddEventAsync(tx, "oauth.application_deleted", organizationId, by, clientId, application.Name);
        tx.OnCommit(tokens.DropAll);
        return true;
    }, ct);

    /// <summary>Seals every secret anew under the ring's current key, in the caller's transaction.</summary>
    public async ValueTask<int> ResealAsync(Tx tx)
    {
        var rows = await tx.ListAsync("SELECT id, sealed_secret FROM oauth_application", static r => (Id: r.GetInt64(0), Sealed: r.GetFieldValue<byte[]>(1)));
        foreach (var row in rows)
            await tx.ExecuteAsync("UPDATE oauth_application SET sealed_secret = @sealed WHERE id = @id", ("sealed", ring.Seal(Purpose, ring.Unseal(Purpose, row.Sealed))), ("id", row.Id));
        return rows.Count;
    }

    private byte[] NewSecret() => ring.Seal(Purpose, Encoding.ASCII.GetBytes(RandomNumberGenerator.GetString(Alphabet, SecretLength)));

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, long namespaceId, Principal by, string clientId, ApplicationDetails details) => Events.AddAsync(tx, kind, namespaceId, null, null, new JsonObject
    {
        ["by"] = by.AccountId,
        ["client_id"] = clientId,
        ["application_name"] = details.Name,
        ["application_uri"] = details.Uri,
        ["redirect_uri"] = details.RedirectUri,
    }.ToJsonString());

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, long namespaceId, Principal by, string clientId, string name) => Events.AddAsync(tx, kind, namespaceId, null, null,
        new JsonObject { ["by"] = by.AccountId, ["client_id"] = clientId, ["application_name"] = name }.ToJsonString());

    private Application Read(DbDataReader r, bool withSecret) => new(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetString(3),
        withSecret ? Encoding.ASCII.GetString(ring.Unseal(Purpose, r.GetFieldValue<byte[]>(4))) : null,
        new ApplicationDetails(r.GetString(5), r.GetString(6), r.GetString(7), r.GetString(8), r.IsDBNull(9) ? null : r.GetString(9)));

    /// <summary>Takes the applications of a namespace that is gone for good, in the collector's transaction, with their tokens.</summary>
    public static async ValueTask PurgeAsync(Tx tx, long namespaceId)
    {
        const string Applications = "(SELECT id FROM oauth_application WHERE namespace_id = @ns)";
        foreach (var table in (string[])["oauth_assignment", "oauth_code", "oauth_token"])
            await tx.ExecuteAsync($"DELETE FROM {table} WHERE application_id IN {Applications}", ("ns", namespaceId));
        await tx.ExecuteAsync("DELETE FROM oauth_application WHERE namespace_id = @ns", ("ns", namespaceId));
    }
}
