namespace Wharf.Tests.Server.Cors;

/// <summary>A registry whose API pages of one other origin may call.</summary>
public sealed class PortalRegistry : UserRegistry
{
    public const string Portal = "https://portal.example.test";

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Cors:Origins"] = Portal, ["Cors:Credentials"] = "true" };
}
