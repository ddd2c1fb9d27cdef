namespace Wharf.Tests.Server.Rules;

/// <summary>A registry whose policies of pruning are applied all the time.</summary>
public sealed class RuleRegistry : Registry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Auth:PasswordRounds"] = "1000",
        ["Limits:Enabled"] = "false",
        ["Pruning:Every"] = "00:00:00.200",
        ["Pruning:LookEvery"] = "00:00:00.100",
    };
}
