using Wharf.Storage;
using Wharf.Storage.S3;
using Wharf.Tests.Parts;

namespace Wharf.Tests.Storage;

/// <summary>The driver for S3, on a real Ceph gateway.</summary>
public sealed class S3DriverTests : BlobDriverConformance, IAsyncLifetime
{
    private string _bucket = "";
    private S3Driver _driver = null!;

    protected override IBlobDriver Driver => _driver;

    protected override int LeastUnfinished => 5 << 20;

    public async ValueTask InitializeAsync()
    {
        _bucket = await CephGateway.CreateBucketAsync();
        _driver = Open();
    }

    public ValueTask DisposeAsync()
    {
        _driver.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override IBlobDriver Reopen() => Open();

    protected override Task PutForeignAsync(string name, byte[] content) => CephGateway.PutAsync(_bucket, name, content);

    private S3Driver Open() => new(new S3Options
    {
        Endpoint = CephGateway.Endpoint,
        Bucket = _bucket,
        AccessKey = CephGateway.AccessKey,
        SecretKey = CephGateway.SecretKey,
        PathStyle = true,
        PartBytes = 5 << 20,
    });
}
