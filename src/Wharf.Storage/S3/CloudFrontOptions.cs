namespace Wharf.Storage.S3;

/// <summary>A CloudFront distribution in front of the bucket, with a key pair of a trusted key group.</summary>
public sealed class CloudFrontOptions
{
    /// <summary>Such as <c>https://d111111abcdef8.cloudfront.net</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>The id of the public key, such as <c>K2JCJMDEHXQW5F</c>.</summary>
    public required string KeyPairId { get; init; }

    /// <summary>The private key (RSA, PEM).</summary>
    public required string KeyFile { get; init; }
}
