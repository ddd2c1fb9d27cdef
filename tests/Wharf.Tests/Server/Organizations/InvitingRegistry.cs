namespace Wharf.Tests.Server.Organizations;

/// <summary>A registry where people must accept before they are in a team, and a name is free at once, as in Quay.</summary>
public sealed class InvitingRegistry : UserRegistry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Accounts:RequireTeamInvite"] = "true",
        ["Accounts:FreeNamesAtOnce"] = "true",
    };
}
