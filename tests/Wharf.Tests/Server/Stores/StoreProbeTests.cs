using Wharf.Tests.Hosting;
using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.Stores;

/// <summary>What the settings of a store have wrong stops the start, and the message says what to change; a store that does not answer does not.</summary>
public sealed class StoreProbeTests
{
    [Theory]
    [InlineData("Bucket", "not-there", "NoSuchBucket", "Make the bucket, or correct Bucket, Endpoint or PathStyle.")]
    [InlineData("AccessKey", "WRONG", "InvalidAccessKeyId", "Correct AccessKey.")]
    [InlineData("SecretKey", "wrong", "SignatureDoesNotMatch", "Correct SecretKey, and Region where the store has one of its own.")]
    [InlineData("Endpoint", "http://store.invalid:80", "store.invalid", "The host of Endpoint (or of the region) is not known")]
    [InlineData("Kind", "Local", "Storage.Locations.store.Bucket is for S3, and this location is Local", "correct Kind")]
    [InlineData("PartSize", "1MiB", "Storage.Locations.store.PartSize must be from 5.0 MiB to 512.0 MiB", "")]
    [InlineData("RedirectLifetime", "1h", "Storage.Locations.store.RedirectLifetime must be from 1s to 5m", "")]
    public async Task Wrong_settings_of_S3_stop_the_start_and_the_message_says_what_to_change(string setting, string value, string told, string advice) =>
        await StopsAsync(StoreUnderTest.OfS3(await CephGateway.CreateBucketAsync(), CephGateway.Endpoint), CephGateway.SecretKey, setting, value, told, advice);

    [Theory]
    [InlineData("Container", "not-there", "ContainerNotFound", "Make the container, or correct Container or Account.")]
    [InlineData("AccountKey", "d3Jvbmc=", "Azure answered 403", "Correct AccountKey or Sas")]
    [InlineData("AccountKey", "no base64!", "The account's key is not base64.", "Correct AccountKey.")]
    [InlineData("Endpoint", "http://store.invalid:80", "store.invalid", "correct Account or Endpoint.")]
    [InlineData("CaFile", "/does/not/exist", "/does/not/exist cannot be used as authorities", "Correct CaFile.")]
    public async Task Wrong_settings_of_Azure_stop_the_start_and_the_message_says_what_to_change(string setting, string value, string told, string advice) =>
        await StopsAsync(StoreUnderTest.OfAzure(await Azurite.CreateContainerAsync(), Azurite.Endpoint), Azurite.AccountKey, setting, value, told, advice);

    [Theory]
    [InlineData("Kind", "Swift", "Kind must be one of local, s3, azure, not 'Swift'", "")]
    [InlineData("Path", "/proc/nowhere", "Storage.Locations.store.Path: Opening /proc/nowhere", "Name a directory that can be made, and written by the server's user.")]
    public async Task Wrong_settings_of_a_local_place_are_one_line(string setting, string value, string told, string advice) =>
        Assert.Single((await StopsAsync(new Dictionary<string, string> { ["Kind"] = "Local", ["Path"] = "blobs" }, "no secret", setting, value, told, advice)).Errors.TrimEnd().Split('\n'));

    [Fact]
    public async Task An_endpoint_without_TLS_is_told_from_one_that_is_not_trusted()
    {
        var bucket = await CephGateway.CreateBucketAsync();

        await StopsAsync(StoreUnderTest.OfS3(bucket, CephGateway.Endpoint), CephGateway.SecretKey, "Endpoint", $"https://{CephGateway.Endpoint.Authority}", "Listing objects", "with http:// for plain HTTP");
    }

    // Each would take what the other stored for what a killed process left, and delete it.
    [Fact]
    public async Task One_place_under_two_names_stops_the_start()
    {
        using var directory = new TemporaryDirectory();

        var finished = await RunningWharf.RunAsync(["serve", "--data", directory.File("data"), "--listen", "http://127.0.0.1:0"], directory.Path,
            [("WHARF__Storage__Locations__a__Path", directory.File("blobs")), ("WHARF__Storage__Locations__b__Path", directory.File("blobs/")), ("WHARF__Storage__Prefer", "a")]);

        Assert.Equal(2, finished.Code);
        Assert.Contains("one place under several names: a, b", finished.Errors, StringComparison.Ordinal);
    }

    private static async Task<Finished> StopsAsync(IReadOnlyDictionary<string, string> right, string secret, string setting, string value, string told, string advice)
    {
        using var directory = new TemporaryDirectory();
        var store = new Dictionary<string, string>(right) { [setting] = value };

        var finished = await RunningWharf.RunAsync(["serve", "--data", directory.File("data"), "--listen", "http://127.0.0.1:0"], directory.Path, Environment(store));

        Assert.Equal(2, finished.Code);
        Assert.Contains(told, finished.Errors, StringComparison.Ordinal);
        Assert.Contains(advice, finished.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, finished.Errors + finished.Output, StringComparison.Ordinal);
        return finished;
    }

    [Fact]
    public async Task A_store_that_does_not_answer_stops_nothing()
    {
        await using var proxy = FaultProxy.InFrontOf(CephGateway.Endpoint);
        var bucket = await CephGateway.CreateBucketAsync();
        proxy.Refuses = true;

        await using var wharf = await RunningWharf.StartAsync(environment: Environment(StoreUnderTest.OfS3(bucket, proxy.Endpoint)));

        Assert.Contains("The location store does not answer", wharf.Errors, StringComparison.Ordinal);
        (await wharf.Client.ReadAsync("/health/live")).Is(200);
    }

    private static (string Name, string Value)[] Environment(IReadOnlyDictionary<string, string> store) => [.. store.Select(static s => ($"WHARF__Storage__Locations__store__{s.Key}", s.Value))];
}
