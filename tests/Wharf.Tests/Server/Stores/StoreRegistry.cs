using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.Stores;

/// <summary>A registry whose blobs are in an object store behind a proxy that can break things.</summary>
public abstract class StoreRegistry : UserRegistry
{
    private IReadOnlyDictionary<string, string> _store = new Dictionary<string, string>();
    private FaultProxy? _proxy;

    public FaultProxy Proxy => _proxy ?? throw new InvalidOperationException("The registry has not been started.");

    /// <summary>Further settings of the location, such as <c>Redirect</c>.</summary>
    protected virtual IReadOnlyDictionary<string, string> More => new Dictionary<string, string> { ["Redirect"] = "false" };

    protected override IReadOnlyDictionary<string, string> Settings
    {
        get
        {
            var settings = new Dictionary<string, string>(base.Settings);
            foreach (var (key, value) in _store.Concat(More)) settings[$"Storage:Locations:store:{key}"] = value;
            return settings;
        }
    }

    public override async ValueTask InitializeAsync()
    {
        (_proxy, _store) = await OpenAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _proxy?.Heal();
        await base.DisposeAsync();
        if (_proxy is not null) await _proxy.DisposeAsync();
    }

    /// <summary>A new store, and a proxy in front of it, which the settings name.</summary>
    protected abstract Task<(FaultProxy Proxy, IReadOnlyDictionary<string, string> Store)> OpenAsync();
}
