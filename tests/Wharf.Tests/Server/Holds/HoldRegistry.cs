namespace Wharf.Tests.Server.Holds;

/// <summary>A registry with two superusers, whose collector runs each second, and where what nothing needs goes within seconds.</summary>
public sealed class HoldRegistry : UserRegistry
{
    private Account? _other;

    /// <summary>A superuser beside the first one.</summary>
    public HttpClient Other => _other!.Client;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings)
    {
        ["Accounts:Superusers:0"] = "counsel",
        ["Limits:Enabled"] = "false",
        ["Lifetimes:Grace"] = "00:00:02",
        ["Lifetimes:Condemned"] = "00:00:00",
        ["GarbageCollection:Every"] = "00:00:00.300",
        ["GarbageCollection:PerSecond"] = "100000",
        ["GarbageCollection:Duty"] = "100",
        ["GarbageCollection:InventoryEvery"] = "00:00:02",
    };

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _other = await CreateUserAsync("counsel");
    }
}
