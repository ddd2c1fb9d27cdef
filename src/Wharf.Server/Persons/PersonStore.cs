using Wharf.Server.Data;

namespace Wharf.Server.Persons;

/// <summary>Persons by the names that they have or had.</summary>
internal sealed class PersonStore(Database db)
{
    /// <summary>The account that has a name, or else the one that had it last.</summary>
    public ValueTask<long?> FindAsync(string name, CancellationToken ct) => db.OneAsync("""
        SELECT n.id FROM namespace n JOIN account a ON a.id = n.id
         WHERE n.name = @name AND n.kind = 'user' ORDER BY CASE WHEN n.deleted_ms IS NULL THEN 0 ELSE 1 END, n.deleted_ms DESC, n.id DESC LIMIT 1
        """, static r => (long?)r.GetInt64(0), ct, ("name", name));

    public async ValueTask<bool> IsDeletedAsync(long id, CancellationToken ct) =>
        await db.OneAsync("SELECT 1 FROM namespace WHERE id = @id AND deleted_ms IS NOT NULL", static r => r.GetInt32(0), ct, ("id", id)) == 1;

    /// <summary>The repositories of somebody's own namespace that are not deleted.</summary>
    public ValueTask<List<(long Id, string Name)>> RepositoriesAsync(long id, CancellationToken ct) => db.ListAsync(
        "SELECT id, name FROM repository WHERE namespace_id = @id AND deleted_ms IS NULL ORDER BY id", static r => (r.GetInt64(0), r.GetString(1)), ct, ("id", id));

    /// <summary>The robots that somebody has or had, by number.</summary>
    public ValueTask<List<long>> RobotsAsync(long id, CancellationToken ct) => db.ListAsync(
        "SELECT DISTINCT id FROM robot_history WHERE namespace_id = @id ORDER BY id", static r => r.GetInt64(0), ct, ("id", id));
}
