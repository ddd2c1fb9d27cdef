using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.Stores;

/// <summary>On a bucket of a real Ceph gateway; clients are not sent there.</summary>
public class S3Registry : StoreRegistry
{
    protected override async Task<(FaultProxy Proxy, IReadOnlyDictionary<string, string> Store)> OpenAsync()
    {
        var bucket = await CephGateway.CreateBucketAsync();
        var proxy = FaultProxy.InFrontOf(CephGateway.Endpoint);
        return (proxy, StoreUnderTest.OfS3(bucket, proxy.Endpoint));
    }
}
