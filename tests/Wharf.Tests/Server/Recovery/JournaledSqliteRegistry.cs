namespace Wharf.Tests.Server.Recovery;

/// <summary>The same on SQLite, whatever the run's engine is: its database is a file that can be deleted.</summary>
public sealed class JournaledSqliteRegistry : JournaledRegistry
{
    protected override bool AlwaysOnSqlite => true;

    public void DeleteDatabase()
    {
        foreach (var file in Directory.GetFiles(DataDirectory, "wharf.db*"))
            File.Delete(file);
    }
}
