using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.Stores;

/// <summary>On a container of Azurite; clients are not sent there.</summary>
public sealed class AzureRegistry : StoreRegistry
{
    protected override async Task<(FaultProxy Proxy, IReadOnlyDictionary<string, string> Store)> OpenAsync()
    {
        var container = await Azurite.CreateContainerAsync();
        var proxy = FaultProxy.InFrontOf(Azurite.Endpoint);
        return (proxy, StoreUnderTest.OfAzure(container, proxy.Endpoint));
    }
}
