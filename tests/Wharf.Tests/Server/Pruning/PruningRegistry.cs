namespace Wharf.Tests.Server.Pruning;

/// <summary>A registry whose policies are applied all the time.</summary>
public sealed class PruningRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Pruning:Every"] = "00:00:00.200",
        ["Pruning:LookEvery"] = "00:00:00.100",
    };
}
