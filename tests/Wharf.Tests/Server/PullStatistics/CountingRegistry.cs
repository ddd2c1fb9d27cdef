namespace Wharf.Tests.Server.PullStatistics;

/// <summary>A registry that writes counts of pulls at once, and where what nothing needs goes within seconds.</summary>
public sealed class CountingRegistry : UserRegistry
{
    public const string Scanner = "scanner";

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Limits:Enabled"] = "false",
        ["PullStatistics:Every"] = "00:00:00.050",
        ["PullStatistics:Exclude:0"] = Scanner,
        ["Lifetimes:Grace"] = "00:00:01",
        ["Lifetimes:History"] = "00:00:00",
        ["GarbageCollection:Every"] = "00:00:00.200",
        ["GarbageCollection:Duty"] = "100",
    };
}
