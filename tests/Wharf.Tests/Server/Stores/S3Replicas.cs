using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.Stores;

/// <summary>Two servers on one PostgreSQL database and one bucket.</summary>
public sealed class S3Replicas : Replicas.Replicas
{
    protected override async Task<IReadOnlyDictionary<string, string>> NewStoreAsync() =>
        new Dictionary<string, string>(StoreUnderTest.OfS3(await CephGateway.CreateBucketAsync(), CephGateway.Endpoint)) { ["Redirect"] = "false" };
}
