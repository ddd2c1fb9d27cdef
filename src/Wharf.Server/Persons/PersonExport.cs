using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Audit;
using Wharf.Server.Data;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Persons;

/// <summary>What is stored about a person, as JSON files in a directory: no secrets, and nothing about anybody else but the names that stand beside.</summary>
internal sealed class PersonExport(Database db, PersonStore persons, PersonTrail trail)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly JsonWriterOptions s_indented = new() { Indented = true };

    // The file, and what is in it: times end in _ms.
    private static readonly (string File, string Sql)[] s_files =
    [
        ("account", """
            SELECT n.id, n.name, a.email, a.given_name, a.family_name, a.company, a.location, a.verified, a.enabled, a.superuser, a.created_ms, a.last_used_ms, n.tag_expiration_s, n.deleted_ms FROM namespace n JOIN account a ON a.id = n.id WHERE n.id = @id
            """),
        ("names", "SELECT name, from_ms, to_ms, deleted_ms FROM namespace_history WHERE id = @id ORDER BY entry"),
        ("sessions", "SELECT address, agent, created_ms, seen_ms, expires_ms FROM session WHERE account_id = @id ORDER BY created_ms"),
        ("app_tokens", "SELECT title, created_ms, expires_ms, last_used_ms FROM app_token WHERE account_id = @id ORDER BY id"),
        ("oauth_tokens", """
            SELECT n.name AS organization, p.name AS application, t.name, t.scope, t.created_ms, t.expires_ms, t.last_used_ms
              FROM oauth_token t JOIN oauth_application p ON p.id = t.application_id JOIN namespace n ON n.id = p.namespace_id WHERE t.account_id = @id ORDER BY t.id
            """),
        ("oauth_assignments", """
            SELECT n.name AS organization, p.name AS application, t.scope, t.created_ms
              FROM oauth_assignment t JOIN oauth_application p ON p.id = t.application_id JOIN namespace n ON n.id = p.namespace_id WHERE t.account_id = @id ORDER BY t.id
            """),
        ("mailed_codes", "SELECT purpose, email, created_ms, expires_ms FROM mail_code WHERE account_id = @id ORDER BY created_ms"),
        ("memberships", """
            SELECT n.name AS organization, t.name AS team, t.role FROM team_member m JOIN team t ON t.id = m.team_id JOIN namespace n ON n.id = t.namespace_id WHERE m.account_id = @id ORDER BY n.name, t.name
            """),
        ("former_memberships", """
            SELECT n.name AS organization, t.name AS team, m.from_ms, m.to_ms
              FROM team_member_history m LEFT JOIN team t ON t.id = m.team_id LEFT JOIN namespace n ON n.id = t.namespace_id WHERE m.account_id = @id AND m.to_ms IS NOT NULL ORDER BY m.entry
            """),
        ("invitations", """
            SELECT n.name AS organization, t.name AS team, i.email, i.created_ms FROM team_invite i JOIN team t ON t.id = i.team_id JOIN namespace n ON n.id = t.namespace_id
             WHERE i.account_id = @id OR i.email = (SELECT a.email FROM account a WHERE a.id = @id) ORDER BY i.created_ms
            """),
        ("grants", """
            SELECT n.name AS namespace, r.name AS repository, g.role, g.granted_ms FROM account_grant g JOIN repository r ON r.id = g.repository_id JOIN namespace n ON n.id = r.namespace_id
             WHERE g.account_id = @id ORDER BY n.name, r.name
            """),
        ("default_permissions", """
            SELECT n.name AS organization, p.role, p.created_ms FROM prototype p JOIN namespace n ON n.id = p.namespace_id WHERE p.account_id = @id OR p.activating_id = @id ORDER BY p.id
            """),
        ("robots", "SELECT name, description, metadata, created_ms, expires_ms, last_used_ms FROM robot WHERE namespace_id = @id ORDER BY name"),
        ("repositories", "SELECT name, public, description, created_ms, deleted_ms FROM repository WHERE namespace_id = @id ORDER BY name, id"),
        ("stars", """
            SELECT n.name AS namespace, r.name AS repository, s.created_ms FROM star s JOIN repository r ON r.id = s.repository_id JOIN namespace n ON n.id = r.namespace_id WHERE s.account_id = @id ORDER BY s.created_ms
            """),
        ("leases", """
            SELECT n.name AS namespace, r.name AS repository, l.holder, l.created_ms, l.expires_ms FROM digest_lease l JOIN repository r ON r.id = l.repository_id JOIN namespace n ON n.id = l.namespace_id
             WHERE l.created_by = @id ORDER BY l.created_ms
            """),
        ("exports_of_logs", "SELECT callback_url, callback_email, from_ms, to_ms, expires_ms FROM log_export WHERE requested_by = @id ORDER BY expires_ms"),
        ("mail_of_repositories", """
            SELECT n.name AS namespace, r.name AS repository, e.created_ms, e.confirmed_ms FROM repository_email e JOIN repository r ON r.id = e.repository_id JOIN namespace n ON n.id = r.namespace_id
             WHERE e.email = (SELECT a.email FROM account a WHERE a.id = @id) ORDER BY e.created_ms
            """),
    ];

    /// <param name="directory">Made when it is missing; it must be empty.</param>
    public async Task<AdminResult> RunAsync(string name, string directory, CancellationToken ct)
    {
        if (await persons.FindAsync(name, ct) is not { } id)
            return new AdminResult(false, $"There is and was no user called {name}.");
        try
        {
            if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
                return new AdminResult(false, $"{directory} is not empty.");
            Directory.CreateDirectory(directory, Private);
            foreach (var (file, sql) in s_files)
            {
                await using var stream = Create(directory, file + ".json");
                await using var json = new Utf8JsonWriter(stream, s_indented);
                new JsonArray([.. await db.ListAsync(sql, Row, ct, ("id", id))]).WriteTo(json);
            }
            var entries = 0L;
            await using (var stream = Create(directory, "audit.jsonl"))
            await using (var lines = new StreamWriter(stream))
                await foreach (var entry in trail.ReadAsync(id, ct))
                {
                    await lines.WriteLineAsync(entry.ToJsonString().AsMemory(), ct);
                    entries++;
                }
            return new AdminResult(true, $"What is stored about {name} is in {directory}: {s_files.Length} files, and {entries} entries of the audit trail.",
                new JsonObject { ["directory"] = directory, ["entries"] = entries });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new AdminResult(false, $"The files could not be written: {e.Message}");
        }
    }

    private static FileStream Create(string directory, string name) => new(Path.Combine(directory, name), new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    private static JsonNode Row(DbDataReader r)
    {
        var row = new JsonObject();
        for (var i = 0; i < r.FieldCount; i++)
        {
            var name = r.GetName(i);
            if (name.EndsWith("_ms", StringComparison.Ordinal))
                row[name[..^3]] = r.IsDBNull(i) ? null : QuayDate.FormatIso(r.GetInt64(i));
            else
                row[name] = r.IsDBNull(i) ? null : r.GetValue(i) is string text ? text : r.GetInt64(i);
        }
        return row;
    }
}
