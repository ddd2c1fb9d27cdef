namespace Wharf.Tests.Server.Crashes;

/// <summary>A registry whose sessions a test can make old, in the database file.</summary>
public sealed class CrowdedRegistry : UserRegistry
{
    protected override bool AlwaysOnSqlite => true;
}
