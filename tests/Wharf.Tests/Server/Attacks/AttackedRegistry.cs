using Wharf.Tests.Server.Access;

namespace Wharf.Tests.Server.Attacks;

/// <summary>One user as in <see cref="UserRegistry"/>; guessing is hardly slowed down, so that attacks do not hold each other up.</summary>
public sealed class AttackedRegistry : UserRegistry
{
    private World? _world;

    /// <summary>People of each kind around an organization; nobody may change it.</summary>
    internal async Task<World> WorldAsync() => _world ??= await World.CreateAsync(this, null, samePeople: false);

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Auth:LoginBurst"] = "1000",
        ["Accounts:GlobalReadOnlySuperusers:0"] = AuthorizationRegistry.GlobalReader,
        ["Accounts:Superusers:0"] = AuthorizationRegistry.Superuser,
    };
}
