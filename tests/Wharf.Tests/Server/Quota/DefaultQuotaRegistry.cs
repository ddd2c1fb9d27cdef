namespace Wharf.Tests.Server.Quota;

/// <summary>A registry that gives each namespace little room.</summary>
public sealed class DefaultQuotaRegistry : Registry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Auth:PasswordRounds"] = "1000",
        ["Limits:Enabled"] = "false",
        ["Quota:DefaultBytes"] = "300KB",
    };
}
