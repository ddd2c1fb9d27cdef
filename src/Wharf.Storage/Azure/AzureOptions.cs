namespace Wharf.Storage.Azure;

/// <summary>
/// Which container of which account of Azure Blob Storage, and how to get in: by the account's key, by a SAS token, or, when there is neither, by the
/// managed identity of the machine, App Service or AKS pod.
/// </summary>
public sealed class AzureOptions
{
    /// <summary>Bytes of the largest block. Azure takes more, but a transfer holds two in memory.</summary>
    public const int MostPartBytes = 256 << 20;

    /// <summary>The storage account.</summary>
    public required string Account { get; init; }

    /// <summary>The container, which must exist.</summary>
    public required string Container { get; init; }

    /// <summary>What the names of all blobs begin with, without a slash at either end; for a container that is shared with others.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Where the account answers; https://ACCOUNT.blob.core.windows.net when not set.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Where clients reach the account, for the addresses that they are redirected to; the endpoint when not set.</summary>
    public Uri? PublicEndpoint { get; init; }

    /// <summary>A key of the account, in base64.</summary>
    public string? Key { get; init; }

    /// <summary>A SAS token for the container that may read, add, create, write, delete and list. Clients get no addresses then: Azure signs no SAS by a SAS.</summary>
    public string? Sas { get; init; }

    /// <summary>The client id of the managed identity, where there are several.</summary>
    public string? ClientId { get; init; }

    /// <summary>A PEM file with the authorities to trust in place of the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>The HTTP proxy to reach the account by; none when not set.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Bytes of a block at first; a transfer holds two in memory.</summary>
    public int PartBytes { get; init; } = 16 << 20;

    /// <summary>The endpoint, given or made from the account.</summary>
    public Uri EffectiveEndpoint => Endpoint ?? new Uri($"https://{Account}.blob.core.windows.net");
}
