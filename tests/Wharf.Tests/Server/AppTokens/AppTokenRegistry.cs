namespace Wharf.Tests.Server.AppTokens;

/// <summary>A registry that writes each second when tokens were used.</summary>
public sealed class AppTokenRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Auth:LastUsedSeconds"] = "1" };
}
