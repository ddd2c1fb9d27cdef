using System.ComponentModel.DataAnnotations;
using System.Net;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Content;

/// <summary>One place of <c>Storage.Locations</c>. Which of the settings it may have follows from its kind.</summary>
internal sealed class LocationOptions : IValidatableObject
{
    private const long LeastPart = 5 << 20;
    private const long MostPart = 512 << 20;

    public StorageKind Kind { get; set; }

    /// <summary>Local: the directory; <c>storage</c> in the data directory when empty.</summary>
    public string Path { get; set; } = "";

    /// <summary>S3 and Azure: where the store is. Not needed for Amazon's and Azure's own.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>S3 and Azure: where clients of the registry reach the same store, when that is another address.</summary>
    public Uri? PublicEndpoint { get; set; }

    /// <summary>S3: the bucket.</summary>
    public string Bucket { get; set; } = "";

    /// <summary>Azure: the container.</summary>
    public string Container { get; set; } = "";

    /// <summary>S3 and Azure: a folder in the bucket or container that is Wharf's.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>S3: the region that signatures name.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>S3: without a key, from the environment, the shared file, a web identity token, the container or the instance.</summary>
    public Secret AccessKey { get; set; }

    public Secret SecretKey { get; set; }

    /// <summary>S3: belongs to a temporary key.</summary>
    public Secret SessionToken { get; set; }

    /// <summary>S3: a role to take on by STS.</summary>
    public string RoleArn { get; set; } = "";

    public string ExternalId { get; set; } = "";

    public Uri? StsEndpoint { get; set; }

    /// <summary>S3: whether the bucket is in the path; when it is not said, it is where there is an endpoint.</summary>
    public bool? PathStyle { get; set; }

    /// <summary>S3: <c>AES256</c> or <c>aws:kms</c>.</summary>
    public string Encryption { get; set; } = "";

    public Secret KmsKey { get; set; }

    /// <summary>Azure: the storage account.</summary>
    public string Account { get; set; } = "";

    /// <summary>Azure: a key of the account. Without it and <see cref="Sas"/>, the managed identity.</summary>
    public Secret AccountKey { get; set; }

    /// <summary>Azure: a shared access signature for the container.</summary>
    public Secret Sas { get; set; }

    /// <summary>Azure: which managed identity, where there are several.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>S3 and Azure: a PEM file with the authorities to trust in place of the system's.</summary>
    public string CaFile { get; set; } = "";

    /// <summary>S3 and Azure: an HTTP proxy.</summary>
    public Uri? Proxy { get; set; }

    /// <summary>S3 and Azure: bytes of a part of an upload; a transfer holds two in memory.</summary>
    public ByteSize PartSize { get; set; } = new(16 << 20);

    /// <summary>S3 and Azure: whether clients are sent to the store for a blob, by an address that is good for this one blob and a short time.</summary>
    public bool Redirect { get; set; } = true;

    /// <summary>Only clients of these networks are sent there; empty: all.</summary>
    public List<IPNetwork> RedirectTo { get; set; } = [];

    /// <summary>Clients of these networks never are, because they cannot reach the store.</summary>
    public List<IPNetwork> StreamTo { get; set; } = [];

    /// <summary>How long such an address is good. At most five minutes.</summary>
    public TimeSpan RedirectLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>S3: a CloudFront distribution in front of the bucket, through which clients read.</summary>
    public Uri? CloudFront { get; set; }

    public string CloudFrontKeyPairId { get; set; } = "";

    /// <summary>S3: the file with the private key of that pair.</summary>
    public string CloudFrontKeyFile { get; set; } = "";

    /// <summary>
    /// Whether objects that others wrote and that were adopted (<c>wharf storage adopt</c>) are deleted like the registry's own when no
    /// repository has the blob any more. Only for a place that nobody else uses any more.
    /// </summary>
    public bool DeleteForeign { get; set; }

    /// <summary>What two locations have in common only when they are one place.</summary>
    public object Place => (Kind, System.IO.Path.TrimEndingDirectorySeparator(Path.Length > 0 ? System.IO.Path.GetFullPath(Path) : ""), Endpoint, Account, Bucket, Container, Prefix.Trim('/'));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind == StorageKind.S3 && Bucket.Length == 0)
            yield return new("is required for S3", [nameof(Bucket)]);
        if (Kind == StorageKind.Azure && Container.Length == 0)
            yield return new("is required for Azure", [nameof(Container)]);
        if (Kind == StorageKind.Azure && Account.Length == 0)
            yield return new("is required for Azure: the name of the storage account", [nameof(Account)]);
        if (AccessKey.Reveal().Length > 0 != SecretKey.Reveal().Length > 0)
            yield return new("needs both AccessKey and SecretKey, or neither", [AccessKey.Reveal().Length > 0 ? nameof(SecretKey) : nameof(AccessKey)]);
        if (Encryption is not ("" or "AES256" or "aws:kms"))
            yield return new("must be AES256 or aws:kms", [nameof(Encryption)]);
        if (PartSize.Bytes is < LeastPart or > MostPart)
            yield return new($"must be from {new ByteSize(LeastPart)} to {new ByteSize(MostPart)}", [nameof(PartSize)]);
        if (RedirectLifetime < TimeSpan.FromSeconds(1) || RedirectLifetime > TimeSpan.FromMinutes(5))
            yield return new("must be from 1s to 5m", [nameof(RedirectLifetime)]);
        if (CloudFront is not null && (CloudFrontKeyPairId.Length == 0 || CloudFrontKeyFile.Length == 0))
            yield return new("needs CloudFrontKeyPairId and CloudFrontKeyFile as well", [nameof(CloudFront)]);
        foreach (var (name, address) in ((string, Uri?)[])[(nameof(Endpoint), Endpoint), (nameof(PublicEndpoint), PublicEndpoint), (nameof(StsEndpoint), StsEndpoint), (nameof(Proxy), Proxy), (nameof(CloudFront), CloudFront)])
            if (address is not null && (address.Scheme is not ("http" or "https") || address.Query.Length > 0 || address.UserInfo.Length > 0))
                yield return new("must be an address with http:// or https://, and no user or query", [name]);
        foreach (var (name, used, kinds) in ((string, bool, StorageKind[])[])
        [
            (nameof(Path), Path.Length > 0, [StorageKind.Local]), (nameof(Bucket), Bucket.Length > 0, [StorageKind.S3]), (nameof(Container), Container.Length > 0, [StorageKind.Azure]),
            (nameof(AccessKey), AccessKey.Reveal().Length > 0, [StorageKind.S3]), (nameof(SecretKey), SecretKey.Reveal().Length > 0, [StorageKind.S3]), (nameof(RoleArn), RoleArn.Length > 0, [StorageKind.S3]), (nameof(Account), Account.Length > 0, [StorageKind.Azure]),
            (nameof(AccountKey), AccountKey.Reveal().Length > 0, [StorageKind.Azure]), (nameof(Sas), Sas.Reveal().Length > 0, [StorageKind.Azure]), (nameof(CloudFront), CloudFront is not null, [StorageKind.S3]),
            (nameof(Endpoint), Endpoint is not null, [StorageKind.S3, StorageKind.Azure]), (nameof(Prefix), Prefix.Length > 0, [StorageKind.S3, StorageKind.Azure]),
        ])
            if (used && !kinds.Contains(Kind))
                yield return new($"is for {string.Join(" and ", kinds)}, and this location is {Kind}{(Kind == StorageKind.Azure ? ", which has Container, Account and AccountKey" : "")}: correct Kind, or take it out", [name]);
    }
}
