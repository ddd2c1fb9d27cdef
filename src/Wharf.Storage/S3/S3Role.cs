using Amazon;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;

namespace Wharf.Storage.S3;

/// <summary>Temporary credentials of a role (STS AssumeRole), taken anew before they end.</summary>
internal sealed class S3Role : RefreshingAWSCredentials
{
    private const string SessionName = "wharf";

    private readonly S3Options _options;
    private readonly AWSCredentials? _own;
    private readonly string _role;

    /// <param name="own">The credentials that may take the role on; null for those of the surroundings.</param>
    public S3Role(S3Options options, AWSCredentials? own, string role)
    {
        (_options, _own, _role) = (options, own, role);
        PreemptExpiryTime = TimeSpan.FromMinutes(5);
    }

    protected override CredentialsRefreshState GenerateNewCredentials() => throw new NotSupportedException("Credentials are fetched asynchronously.");

    protected override async Task<CredentialsRefreshState> GenerateNewCredentialsAsync()
    {
        var config = new AmazonSecurityTokenServiceConfig { HttpClientFactory = new S3HttpClients(_options), AuthenticationRegion = _options.Region, Timeout = TimeSpan.FromSeconds(10) };
        if (_options.StsEndpoint is { } endpoint) config.ServiceURL = endpoint.AbsoluteUri;
        else config.RegionEndpoint = RegionEndpoint.GetBySystemName(_options.Region);
        using var sts = _own is null ? new AmazonSecurityTokenServiceClient(config) : new AmazonSecurityTokenServiceClient(_own, config);
        var taken = (await sts.AssumeRoleAsync(new AssumeRoleRequest { RoleArn = _role, RoleSessionName = SessionName, ExternalId = _options.ExternalId })).Credentials;
        return new CredentialsRefreshState(new ImmutableCredentials(taken.AccessKeyId, taken.SecretAccessKey, taken.SessionToken), taken.Expiration ?? TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(15));
    }
}
