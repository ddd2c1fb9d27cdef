using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Wharf.Tests.Parts;

/// <summary>That the real stores run here; what they do is the drivers' tests.</summary>
public sealed class PartsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_gateway_keeps_an_object_for_its_user_and_refuses_a_wrong_key()
    {
        var bucket = await CephGateway.CreateBucketAsync();
        using var client = Client(CephGateway.SecretKey);
        await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = "a", ContentBody = "bytes", UseChunkEncoding = false }, Ct);

        using var stored = await client.GetObjectAsync(bucket, "a", Ct);
        using var reader = new StreamReader(stored.ResponseStream);

        Assert.Equal("bytes", await reader.ReadToEndAsync(Ct));
        using var stranger = Client("wrong");
        Assert.Equal("SignatureDoesNotMatch", (await Assert.ThrowsAsync<AmazonS3Exception>(() => stranger.GetObjectAsync(bucket, "a", Ct))).ErrorCode);
    }

    [Fact]
    public async Task Azurite_makes_containers_and_shows_them_to_no_stranger()
    {
        var container = await Azurite.CreateContainerAsync();
        using var http = new HttpClient();

        using var answer = await http.GetAsync($"{Azurite.Endpoint}/{container}/blob", Ct);

        Assert.Equal(System.Net.HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.NotEqual(await Azurite.CreateContainerAsync(), container);
    }

    private static AmazonS3Client Client(string secret) => new(new BasicAWSCredentials(CephGateway.AccessKey, secret), new AmazonS3Config
    {
        ServiceURL = CephGateway.Endpoint.ToString(),
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
        ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });
}
