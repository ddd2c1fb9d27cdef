using System.Globalization;
using Wharf.Storage;
using Wharf.Storage.Azure;
using Wharf.Storage.Local;
using Wharf.Storage.S3;
using Wharf.Tests.Parts;

namespace Wharf.Tests.Server;

/// <summary>
/// The kind of store that registries of this run have, by the environment: <c>WHARF_TEST_STORAGE</c> is <c>s3</c> (a bucket of a real Ceph gateway) or <c>azure</c> (a container of Azurite); else it is a directory.
/// </summary>
internal static class StoreUnderTest
{
    /// <summary>The name that its location has.</summary>
    public const string Name = "store";

    // Small, so that tests need no large blobs to have several parts.
    private const string PartSize = "5MiB";

    private static readonly string s_kind = Environment.GetEnvironmentVariable("WHARF_TEST_STORAGE") ?? "";

    /// <summary>Whether it is a directory.</summary>
    public static bool IsLocal => s_kind.Length == 0;

    /// <summary>What the settings of a registry say of a new, empty one: keys below <c>Storage.Locations.store</c>. None where it is a directory.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> NewAsync() => s_kind switch
    {
        "" => new Dictionary<string, string>(),
        "s3" => OfS3(await CephGateway.CreateBucketAsync(), CephGateway.Endpoint),
        "azure" => OfAzure(await Azurite.CreateContainerAsync(), Azurite.Endpoint),
        _ => throw new InvalidOperationException($"WHARF_TEST_STORAGE is '{s_kind}'; it may be s3 or azure."),
    };

    /// <param name="endpoint">The gateway's, or that of a proxy in front of it.</param>
    public static IReadOnlyDictionary<string, string> OfS3(string bucket, Uri endpoint) => new Dictionary<string, string>
    {
        ["Kind"] = "S3",
        ["Endpoint"] = endpoint.ToString(),
        ["Bucket"] = bucket,
        ["AccessKey"] = CephGateway.AccessKey,
        ["SecretKey"] = CephGateway.SecretKey,
        ["PartSize"] = PartSize,
    };

    /// <param name="endpoint">Azurite's, or that of a proxy in front of it.</param>
    public static IReadOnlyDictionary<string, string> OfAzure(string container, Uri endpoint) => new Dictionary<string, string>
    {
        ["Kind"] = "Azure",
        ["Endpoint"] = endpoint.ToString(),
        ["Account"] = Azurite.AccountName,
        ["AccountKey"] = Azurite.AccountKey,
        ["Container"] = container,
        ["PartSize"] = PartSize,
    };

    /// <summary>The same as YAML below <c>Storage:</c>.</summary>
    public static string Yaml(IReadOnlyDictionary<string, string> store) => store.Count == 0 ? ""
        : string.Create(CultureInfo.InvariantCulture, $"  Locations:\n    {Name}:\n{string.Concat(store.Select(static s => $"      {s.Key}: \"{s.Value}\"\n"))}");

    /// <summary>A driver for a new, empty one.</summary>
    /// <param name="directory">Where it is, if it is a directory.</param>
    public static async Task<IBlobDriver> OpenAsync(string directory) => s_kind switch
    {
        "" => new LocalDriver(directory),
        "s3" => OpenS3(await CephGateway.CreateBucketAsync()),
        "azure" => OpenAzure(await Azurite.CreateContainerAsync()),
        _ => throw new InvalidOperationException(),
    };

    private static AzureDriver OpenAzure(string container) => new(new AzureOptions
    {
        Endpoint = Azurite.Endpoint,
        Account = Azurite.AccountName,
        Key = Azurite.AccountKey,
        Container = container,
        PartBytes = 5 << 20,
    });

    private static S3Driver OpenS3(string bucket) => new(new S3Options
    {
        Endpoint = CephGateway.Endpoint,
        Bucket = bucket,
        AccessKey = CephGateway.AccessKey,
        SecretKey = CephGateway.SecretKey,
        PathStyle = true,
        PartBytes = 5 << 20,
    });
}
