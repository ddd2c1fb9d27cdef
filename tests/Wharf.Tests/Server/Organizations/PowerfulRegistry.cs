namespace Wharf.Tests.Server.Organizations;

/// <summary>A registry whose superusers administer everything, and are the only ones to make organizations.</summary>
public sealed class PowerfulRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Accounts:SuperusersFullAccess"] = "true",
        ["Accounts:SuperusersOrgCreationOnly"] = "true",
    };
}
