namespace Wharf.Storage.S3;

/// <summary>A bucket of Amazon S3 or of what speaks its protocol (Ceph's gateway, NooBaa, MinIO, Google Cloud Storage's XML API with an HMAC key), and how to reach it.</summary>
public sealed class S3Options
{
    /// <summary>Such as <c>https://rgw.example.com</c>; null for Amazon's own of the region.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Where clients of the registry reach the same store, when that is elsewhere; their signed addresses lead there.</summary>
    public Uri? PublicEndpoint { get; init; }

    public required string Bucket { get; init; }

    /// <summary>What all objects of Wharf's begin with, without a slash at the end; empty for none.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Amazon's name of the region; it is part of signatures.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>Null: from the environment, the shared file, a web identity token (IRSA), the container or the instance, in the order of Amazon's SDK.</summary>
    public string? AccessKey { get; init; }

    public string? SecretKey { get; init; }

    /// <summary>Belongs to a temporary key.</summary>
    public string? SessionToken { get; init; }

    /// <summary>A role to take on with those credentials, by STS.</summary>
    public string? RoleArn { get; init; }

    /// <summary>What the role's owner asks for beside that.</summary>
    public string? ExternalId { get; init; }

    /// <summary>Null for Amazon's own.</summary>
    public Uri? StsEndpoint { get; init; }

    /// <summary>Whether the bucket is in the path rather than in the host name.</summary>
    public bool PathStyle { get; init; }

    /// <summary><c>AES256</c> or <c>aws:kms</c>; null for what the bucket does by itself.</summary>
    public string? Encryption { get; init; }

    /// <summary>The key for <c>aws:kms</c>; null for the account's own.</summary>
    public string? KmsKey { get; init; }

    /// <summary>A PEM file with the authorities to trust in place of the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>An HTTP proxy.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Bytes of a part, of which a transfer holds two in memory: from 5 MiB, which is the least that S3 takes.</summary>
    public int PartBytes { get; init; } = 16 << 20;

    /// <summary>When given, clients read through it.</summary>
    public CloudFrontOptions? CloudFront { get; init; }
}
