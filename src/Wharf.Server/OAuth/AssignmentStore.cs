using System.Data.Common;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.OAuth;

/// <summary>Tokens that admins of an organization assigned to people, who have not made them yet.</summary>
internal sealed class AssignmentStore(Database db, OAuthTokenStore tokens)
{
    /// <summary>So many a person has at most.</summary>
    private const int Most = 1000;

    private const string Select = """
        SELECT s.id, s.uuid, s.redirect_uri, s.scope, s.response_type, a.id, a.namespace_id, o.name, a.client_id, a.name, a.description, a.application_uri
          FROM oauth_assignment s JOIN oauth_application a ON a.id = s.application_id JOIN namespace o ON o.id = a.namespace_id AND o.deleted_ms IS NULL
        """;

    /// <summary>The person's, by number, after <paramref name="after"/>.</summary>
    public ValueTask<List<Assignment>> ListAsync(long accountId, long after, int count, CancellationToken ct) => db.ListAsync(
        $"{Select} WHERE s.account_id = @account AND s.id > @after ORDER BY s.id LIMIT @count", Read, ct, ("account", accountId), ("after", after), ("count", count));

    public ValueTask<Assignment?> FindAsync(long accountId, string uuid, CancellationToken ct) =>
        db.OneAsync($"{Select} WHERE s.account_id = @account AND s.uuid = @uuid", Read, ct, ("account", accountId), ("uuid", uuid));

    /// <summary>Assigns what the request asks for to a person.</summary>
    /// <returns>Its uuid, or what stands against it.</returns>
    public Task<(string? Uuid, string? Problem)> CreateAsync(Principal by, AuthorizationRequest request, Accounts.Person person, CancellationToken ct) => db.WriteAsync<(string?, string?)>(async tx =>
    {
        if (!await tokens.LockAsync(tx, person.Id, request.Application.Id))
            return (null, "The user or the application has gone.");
        if (await tx.OneAsync("SELECT count(*) FROM oauth_assignment WHERE account_id = @account", static r => r.GetInt64(0), ("account", person.Id)) >= Most)
            return (null, "The user has too many assigned tokens that were not made yet.");
        var uuid = Guid.NewGuid().ToString();
        await tx.ExecuteAsync("""
            INSERT INTO oauth_assignment (uuid, application_id, account_id, redirect_uri, scope, response_type, assigned_by, created_ms)
            VALUES (@uuid, @application, @account, @redirect, @scope, @type, @by, now_ms())
            """, ("uuid", uuid), ("application", request.Application.Id), ("account", person.Id), ("redirect", request.RedirectUri), ("scope", ScopeText.Format(request.Scopes)),
            ("type", request.ResponseType), ("by", by.AccountId));
        await AddEventAsync(tx, "oauth.token_assigned", by, uuid, person.Id, request.Scopes, request.Application);
        return (uuid, null);
    }, ct);

    /// <summary>Removes one of the person's own.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> DeleteAsync(Principal person, string uuid, CancellationToken ct) =>
        await FindAsync(person.AccountId, uuid, ct) is { } assignment && await db.WriteAsync(async tx =>
        {
            if (!await TakeAsync(tx, assignment))
                return false;
            await AddEventAsync(tx, "oauth.assignment_deleted", person, uuid, person.AccountId, assignment.Scopes, assignment.Application);
            return true;
        }, ct);

    /// <summary>Uses it up, in the caller's transaction; false when somebody else has.</summary>
    public static async ValueTask<bool> TakeAsync(Tx tx, Assignment assignment) => await tx.ExecuteAsync("DELETE FROM oauth_assignment WHERE id = @id", ("id", assignment.Id)) == 1;

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, Principal by, string uuid, long person, Scopes scopes, Application application) => Events.AddAsync(tx, kind, application.NamespaceId, null, null, new JsonObject
    {
        ["by"] = by.AccountId,
        ["assignment"] = uuid,
        ["account"] = person,
        ["scope"] = ScopeText.Format(scopes),
        ["client_id"] = application.ClientId,
        ["application_name"] = application.Details.Name,
    }.ToJsonString());

    private static Assignment Read(DbDataReader r) => new(r.GetInt64(0), r.GetString(1), r.GetString(2), ScopeText.Parse(r.GetString(3)) ?? Scopes.None, r.GetString(4),
        new Application(r.GetInt64(5), r.GetInt64(6), r.GetString(7), r.GetString(8), null, new ApplicationDetails(r.GetString(9), r.GetString(10), r.GetString(11), "", null)));
}
