namespace Wharf.Tests.Server.Lifetimes;

/// <summary>A registry whose collector runs each second, and where what nothing needs goes within seconds.</summary>
public sealed class BusyRegistry : Registry
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(4);

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Auth:PasswordRounds"] = "1000",
        ["Limits:Enabled"] = "false",
        ["Lifetimes:Grace"] = Grace.ToString(),
        ["Lifetimes:Condemned"] = "00:00:00",
        ["GarbageCollection:Every"] = "00:00:01",
        ["GarbageCollection:PerSecond"] = "100000",
        ["GarbageCollection:Duty"] = "100",
        ["GarbageCollection:InventoryEvery"] = "00:00:02",
    };
}
