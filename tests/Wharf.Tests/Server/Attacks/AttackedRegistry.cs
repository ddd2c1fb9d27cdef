using Wharf.Tests.Server.Access;
using Wharf.Tests.Server.Security;

namespace Wharf.Tests.Server.Attacks;

/// <summary>One user as in <see cref="UserRegistry"/>; guessing is hardly slowed down, so that attacks do not hold each other up.</summary>
public sealed class AttackedRegistry : UserRegistry
{
    private World? _world;
    private ScanningRegistry? _scanning;

    /// <summary>People of each kind around an organization; nobody may change it.</summary>
    internal async Task<World> WorldAsync() => _world ??= await World.CreateAsync(this, null, samePeople: false);

    /// <summary>Another server, which scans what is pushed.</summary>
    internal async Task<ScanningRegistry> ScanningAsync() => _scanning ??= await StartAsync<ScanningRegistry>();

    public override async ValueTask DisposeAsync()
    {
        if (_scanning is not null)
            await _scanning.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Auth:LoginBurst"] = "1000",
        ["Accounts:GlobalReadOnlySuperusers:0"] = AuthorizationRegistry.GlobalReader,
        ["Accounts:Superusers:0"] = AuthorizationRegistry.Superuser,
    };
}
