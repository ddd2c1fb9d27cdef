using Wharf.Server.Data;

namespace Wharf.Server.Organizations;

/// <summary>Who is in the teams of an organization, and who is in none but was granted something.</summary>
internal sealed class MemberStore(Database db)
{
    private const string IsMember = "EXISTS (SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id WHERE t.namespace_id = @ns AND m.account_id = n.id)";

    /// <summary>The people in any team, by name.</summary>
    public ValueTask<List<OrganizationMember>> MembersAsync(long namespaceId, string last, int count, CancellationToken ct) => db.ListAsync("""
        SELECT DISTINCT n.id, n.name
          FROM team t JOIN team_member m ON m.team_id = t.id JOIN namespace n ON n.id = m.account_id
         WHERE t.namespace_id = @ns AND n.kind = 'user' AND n.deleted_ms IS NULL AND n.name > @last ORDER BY n.name LIMIT @count
        """, static r => new OrganizationMember(r.GetInt64(0), r.GetString(1), false), ct, ("ns", namespaceId), ("last", last), ("count", count));

    /// <summary>The people in no team who were granted something, by name.</summary>
    public ValueTask<List<OrganizationMember>> CollaboratorsAsync(long namespaceId, string last, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT DISTINCT n.id, n.name
          FROM account_grant g JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL JOIN namespace n ON n.id = g.account_id
         WHERE g.namespace_id = @ns AND n.kind = 'user' AND n.deleted_ms IS NULL AND n.name > @last AND NOT {IsMember} ORDER BY n.name LIMIT @count
        """, static r => new OrganizationMember(r.GetInt64(0), r.GetString(1), false), ct, ("ns", namespaceId), ("last", last), ("count", count));

    /// <summary>A person in a team, or a robot of the organization.</summary>
    public async ValueTask<OrganizationMember?> FindAsync(long namespaceId, string name, CancellationToken ct) => await db.OneAsync($"""
        SELECT n.id, n.kind
          FROM namespace n
         WHERE n.name = @name AND n.deleted_ms IS NULL
           AND ((n.kind = 'user' AND {IsMember}) OR EXISTS (SELECT 1 FROM robot b WHERE b.id = n.id AND b.namespace_id = @ns))
        """, r => (OrganizationMember?)new OrganizationMember(r.GetInt64(0), name, r.GetString(1) == "robot"), ct, ("ns", namespaceId), ("name", name));

    /// <summary>The teams of those whose names are after one and up to another.</summary>
    public ValueTask<List<(long Id, string Team)>> TeamsAsync(long namespaceId, string after, string upTo, CancellationToken ct) => db.ListAsync("""
        SELECT n.id, t.name
          FROM team t JOIN team_member m ON m.team_id = t.id JOIN namespace n ON n.id = m.account_id
         WHERE t.namespace_id = @ns AND n.deleted_ms IS NULL AND n.name > @after AND n.name <= @to ORDER BY t.id LIMIT 100000
        """, static r => (r.GetInt64(0), r.GetString(1)), ct, ("ns", namespaceId), ("after", after), ("to", upTo));

    /// <summary>The repositories that were granted to those whose names are after one and up to another.</summary>
    public ValueTask<List<(long Id, string Repository)>> RepositoriesAsync(long namespaceId, string after, string upTo, CancellationToken ct) => db.ListAsync("""
        SELECT n.id, r.name
          FROM account_grant g JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL JOIN namespace n ON n.id = g.account_id
         WHERE g.namespace_id = @ns AND n.deleted_ms IS NULL AND n.name > @after AND n.name <= @to ORDER BY r.name LIMIT 100000
        """, static r => (r.GetInt64(0), r.GetString(1)), ct, ("ns", namespaceId), ("after", after), ("to", upTo));

    /// <summary>The teams of one member.</summary>
    public ValueTask<List<string>> TeamsOfAsync(long namespaceId, long id, CancellationToken ct) => db.ListAsync(
        "SELECT t.name FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @id AND t.namespace_id = @ns ORDER BY t.id LIMIT 1000",
        static r => r.GetString(0), ct, ("ns", namespaceId), ("id", id));

    /// <summary>The repositories that were granted to one member.</summary>
    public ValueTask<List<string>> RepositoriesOfAsync(long namespaceId, long id, CancellationToken ct) => db.ListAsync("""
        SELECT r.name FROM account_grant g JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL
         WHERE g.namespace_id = @ns AND g.account_id = @id ORDER BY r.name LIMIT 100000
        """, static r => r.GetString(0), ct, ("ns", namespaceId), ("id", id));
}
