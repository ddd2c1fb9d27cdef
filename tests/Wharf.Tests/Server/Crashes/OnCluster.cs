namespace Wharf.Tests.Server.Crashes;

/// <summary>A registry on a PostgreSQL that the test stops.</summary>
public sealed class OnCluster(string database) : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Database"] = database };
}
