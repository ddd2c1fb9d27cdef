using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Wharf.Storage.S3;

/// <summary>Clients of Amazon's SDK, set up for any store that speaks its protocol.</summary>
internal static class S3Clients
{
    private const int FurtherTries = 2;
    private const int BufferSize = 256 << 10;

    public static AmazonS3Client Create(S3Options options, Uri? endpoint)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle,
            AuthenticationRegion = options.Region,
            HttpClientFactory = new S3HttpClients(options),
            MaxErrorRetry = FurtherTries,
            BufferSize = BufferSize,
            // Ceph and others do not know the checksums that newer clients send by themselves.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (endpoint is null) config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        else config.ServiceURL = endpoint.AbsoluteUri;
        return Credentials(options) is { } credentials ? new AmazonS3Client(credentials, config) : new AmazonS3Client(config);
    }

    private static AWSCredentials? Credentials(S3Options options)
    {
        AWSCredentials? own = options switch
        {
            { AccessKey: { } key, SecretKey: { } secret, SessionToken: { } token } => new SessionAWSCredentials(key, secret, token),
            { AccessKey: { } key, SecretKey: { } secret } => new BasicAWSCredentials(key, secret),
            _ => null,
        };
        return options.RoleArn is { } role ? new S3Role(options, own, role) : own;
    }
}
