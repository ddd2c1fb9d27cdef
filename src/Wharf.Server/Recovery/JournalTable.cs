namespace Wharf.Server.Recovery;

/// <summary>
/// A table of which the journal keeps rows, with the columns that it keeps: nothing by which anybody could sign in, no mail
/// addresses, and nothing that people say of themselves. What it leaves out is made anew by a recovery (passwords, tokens) or lost with the database (docs/recovery.md).
/// </summary>
internal sealed class JournalTable
{
    /// <summary>In the order in which rows are written and inserted: what a row refers to comes before it.</summary>
    public static readonly IReadOnlyList<JournalTable> All =
    [
        new("namespace", 1, "id name$ kind$ created_ms deleted_ms deleted_by tag_expiration_s robot_secrets$ purge_ms") { HasIdentity = true, Needs = "", LeavesOut = "email" },
        new("account", 1, "id superuser enabled created_ms verified") { Needs = "namespace.id=id", LeavesOut = "email sealed_password credential last_used_ms given_name family_name company location" },
        new("team", 1, "id namespace_id name$ role$ description$") { HasIdentity = true, Needs = "namespace.id=namespace_id" },
        new("robot", 1, "id namespace_id name$ description$ metadata$ created_by created_ms expires_ms") { Needs = "namespace.id=id namespace.id=namespace_id", LeavesOut = "token_id token_mac sealed_token credential last_used_ms" },
        new("team_member", 2, "account_id team_id") { Needs = "namespace.id=account_id team.id=team_id" },
        new("prototype", 1, "id uuid$ namespace_id activating_id account_id team_id role created_ms") { HasIdentity = true, Needs = "namespace.id=namespace_id" },
        new("repository", 1, "id namespace_id name$ public description$ created_ms deleted_ms state$ deleted_by purge_ms") { HasIdentity = true, Needs = "namespace.id=namespace_id" },
        new("prune_policy", 1, "id uuid$ namespace_id repository_id policy$ created_ms") { HasIdentity = true, Needs = "namespace.id=namespace_id" },
        new("account_grant", 3, "namespace_id repository_id account_id role granted_by granted_ms") { Needs = "repository.id=repository_id" },
        new("team_grant", 3, "namespace_id repository_id team_id role granted_by granted_ms") { Needs = "repository.id=repository_id team.id=team_id" },
        new("manifest", 1, "digest# content#") { PageSize = 20 },
        new("manifest_link", 3, "namespace_id repository_id digest# media_type$ subject# artifact_type$ descriptor# linked_ms deleted_ms origin$ pinned_ms expires_after_ms immutable platform$") { Needs = "repository.id=repository_id manifest.digest=digest", LeavesOut = "released_ms" },
        new("manifest_ref", 4, "namespace_id repository_id manifest# digest# size kind$") { Needs = "repository.id=repository_id" },
        new("label", 4, "namespace_id repository_id manifest# id$ key$ value$ media_type$ created_by created_ms") { Needs = "repository.id=repository_id" },
        new("digest_lease", 1, "id$ namespace_id repository_id digest# holder$ created_by created_ms expires_ms") { Needs = "repository.id=repository_id" },
        new("blob", 1, "digest# size") { LeavesOut = "state condemned_until_ms" },
        new("blob_placement", 2, "digest# location$ storage_key$ state$") { Needs = "blob.digest=digest" },
        new("repository_blob", 3, "namespace_id repository_id digest# linked_ms origin$ deleted_ms") { Needs = "repository.id=repository_id blob.digest=digest", LeavesOut = "released_ms" },
        new("tag", 4, "namespace_id repository_id name$ started_ms digest# ended_ms expires_ms ended_by collected_ms started_by reversion immutable") { Needs = "repository.id=repository_id" },
        new("immutability_policy", 1, "uuid$ namespace_id repository_id pattern$ matches created_by created_ms version next_repository next_tag$ applied_ms") { Needs = "namespace.id=namespace_id" },
        new("quota", 1, "id namespace_id prefix$ limit_bytes warn_bytes reject_bytes created_ms") { HasIdentity = true, Needs = "namespace.id=namespace_id" },
        new("quota_limit", 1, "id namespace_id quota_id kind$ percent") { HasIdentity = true, Needs = "quota.id=quota_id" },
        new("legal_hold", 1, "id$ kind$ level$ namespace_id repository_id tag$ from_ms to_ms reason$ case_reference$ set_by set_ms lifted_by lifted_ms"),
        new("stored_file", 2, "location$ storage_key$ purpose$ expires_ms") { Where = "expires_ms IS NULL" },
    ];

    private static readonly Dictionary<string, JournalTable> s_byName = All.ToDictionary(static t => t.Name, StringComparer.Ordinal);

    /// <param name="keys">How many of the columns, from the first on, are the primary key.</param>
    /// <param name="columns">Names; '$' marks text, '#' bytes, and the others are numbers.</param>
    private JournalTable(string name, int keys, string columns)
    {
        Name = name;
        Columns = [.. columns.Split(' ').Select(static c => new JournalColumn(c.TrimEnd('$', '#'), c[^1] switch { '$' => JournalType.Text, '#' => JournalType.Bytes, _ => JournalType.Number }))];
        Keys = [.. Columns.Take(keys).Select(static c => c.Name)];
        ColumnList = string.Join(", ", Columns.Select(static c => c.Name));
    }

    public string Name { get; }

    public IReadOnlyList<JournalColumn> Columns { get; }

    public IReadOnlyList<string> Keys { get; }

    /// <summary>All columns, for a statement.</summary>
    public string ColumnList { get; }

    /// <summary>Whether the database numbers the rows.</summary>
    public bool HasIdentity { get; private init; }

    /// <summary>What must be there for a row to be of use: <c>table.column=column</c>, separated by blanks.</summary>
    public string Needs { get; private init; } = "";

    /// <summary>Columns that the journal does not have.</summary>
    public string LeavesOut { get; private init; } = "";

    /// <summary>Which rows are kept.</summary>
    public string Where { get; private init; } = "1 = 1";

    /// <summary>How many rows are read at once.</summary>
    public int PageSize { get; private init; } = 1000;

    public static JournalTable? Find(string name) => s_byName.GetValueOrDefault(name);

    public static JournalTable Get(string name) => s_byName[name];
}

internal enum JournalType
{
    Number,
    Text,
    Bytes,
}

internal readonly record struct JournalColumn(string Name, JournalType Type);
