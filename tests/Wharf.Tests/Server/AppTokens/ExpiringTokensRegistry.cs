namespace Wharf.Tests.Server.AppTokens;

/// <summary>A registry where app tokens end after thirty days.</summary>
public sealed class ExpiringTokensRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Accounts:AppTokenDays"] = "30" };
}
