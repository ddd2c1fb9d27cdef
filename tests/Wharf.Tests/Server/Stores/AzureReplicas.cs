using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.Stores;

/// <summary>Two servers on one PostgreSQL database and one container.</summary>
public sealed class AzureReplicas : Replicas.Replicas
{
    protected override async Task<IReadOnlyDictionary<string, string>> NewStoreAsync() =>
        new Dictionary<string, string>(StoreUnderTest.OfAzure(await Azurite.CreateContainerAsync(), Azurite.Endpoint)) { ["Redirect"] = "false" };
}
