namespace Wharf.Tests.Server.Quota;

/// <summary>A registry whose collector runs each second, and where what nothing needs goes within seconds.</summary>
public sealed class QuotaRegistry : Registry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Auth:PasswordRounds"] = "1000",
        ["Limits:Enabled"] = "false",
        ["Lifetimes:Grace"] = "00:00:02",
        ["Lifetimes:Condemned"] = "00:00:00",
        ["GarbageCollection:Every"] = "00:00:01",
        ["GarbageCollection:PerSecond"] = "100000",
        ["GarbageCollection:Duty"] = "100",
    };
}
