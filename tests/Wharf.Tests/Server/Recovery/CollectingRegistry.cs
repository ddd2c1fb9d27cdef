namespace Wharf.Tests.Server.Recovery;

/// <summary>A registry on SQLite where what is deleted is gone at once.</summary>
public sealed class CollectingRegistry : UserRegistry
{
    protected override bool AlwaysOnSqlite => true;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Lifetimes:Grace"] = "00:00:00.100",
        ["Lifetimes:Condemned"] = "00:00:00",
        ["GarbageCollection:Every"] = "00:00:00.200",
    };
}
