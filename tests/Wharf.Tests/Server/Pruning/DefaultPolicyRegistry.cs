namespace Wharf.Tests.Server.Pruning;

/// <summary>A registry with a policy for all, which only applies policies when it is told to.</summary>
public sealed class DefaultPolicyRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Pruning:Enabled"] = "false",
        ["Pruning:DefaultPolicy"] = """{"method":"number_of_tags","value":2}""",
    };
}
