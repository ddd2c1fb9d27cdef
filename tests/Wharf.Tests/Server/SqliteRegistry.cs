namespace Wharf.Tests.Server;

/// <summary>A registry on SQLite, whatever the run's engine is.</summary>
public sealed class SqliteRegistry : Registry
{
    protected override bool AlwaysOnSqlite => true;

    public string DatabaseFile => Path.Combine(DataDirectory, "wharf.db");
}
