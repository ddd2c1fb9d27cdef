using Wharf.Oci;
using Wharf.Storage;
using Wharf.Storage.S3;
using Wharf.Tests.Hosting;
using Wharf.Tests.Peers;

namespace Wharf.Tests.Server.Stores;

/// <summary>What of S3 has no real component here: the real server, against peers that verify each request (docs/not-verified.md).</summary>
public sealed class S3PeerTests
{
    private const string Key = "AKIDSTATIC";
    private const string Secret = "staticsecret";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void The_signature_of_the_documentations_example_is_computed()
    {
        // docs.aws.amazon.com, "Signature Calculations for the Authorization Header", example "GET Object".
        var headers = new Dictionary<string, string>
        {
            ["host"] = "examplebucket.s3.amazonaws.com",
            ["range"] = "bytes=0-9",
            ["x-amz-content-sha256"] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ["x-amz-date"] = "20130524T000000Z",
        };

        Assert.Equal("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", SignatureV4.Sign("GET", "/test.txt", [.. headers.Keys], name => headers[name],
            headers["x-amz-content-sha256"], headers["x-amz-date"], "us-east-1", "s3", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"));
    }

    public static TheoryData<string> Credentials => ["settings", "environment", "file", "role", "web identity", "instance", "container"];

    [Theory, MemberData(nameof(Credentials))]
    public async Task Credentials_are_found_where_they_are(string where)
    {
        using var directory = new TemporaryDirectory();
        await using var sts = await StsPeer.StartAsync();
        await using var store = await S3Peer.StartAsync(key => key == Key ? (Secret, null) : sts.Find(key));
        var environment = new List<(string Name, string Value)>
        {
            // Nothing of this machine's own.
            ("AWS_CONFIG_FILE", directory.File("none")), ("AWS_SHARED_CREDENTIALS_FILE", directory.File("credentials")), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", sts.Endpoint.ToString().TrimEnd('/')),
        };
        if (where != "instance")
            environment.Add(("AWS_EC2_METADATA_DISABLED", "true"));
        switch (where)
        {
            case "settings":
                environment.AddRange(Location(("AccessKey", Key), ("SecretKey", Secret)));
                break;
            case "environment":
                environment.AddRange([("AWS_ACCESS_KEY_ID", Key), ("AWS_SECRET_ACCESS_KEY", Secret)]);
                break;
            case "file":
                await File.WriteAllTextAsync(directory.File("credentials"), $"[default]\naws_access_key_id={Key}\naws_secret_access_key={Secret}\n", Ct);
                break;
            case "role":
                environment.AddRange(Location(("AccessKey", StsPeer.AccessKey), ("SecretKey", StsPeer.Secret), ("RoleArn", StsPeer.Role), ("ExternalId", StsPeer.ExternalId), ("StsEndpoint", sts.Endpoint.ToString())));
                break;
            case "web identity":
                await File.WriteAllTextAsync(directory.File("token"), StsPeer.WebIdentity, Ct);
                environment.AddRange([("AWS_WEB_IDENTITY_TOKEN_FILE", directory.File("token")), ("AWS_ROLE_ARN", StsPeer.Role), ("AWS_ROLE_SESSION_NAME", "wharf"), ("AWS_REGION", S3Peer.Region), ("AWS_ENDPOINT_URL_STS", sts.Endpoint.ToString())]);
                break;
            case "container":
                environment.AddRange([("AWS_CONTAINER_CREDENTIALS_FULL_URI", new Uri(sts.Endpoint, "/container").ToString()), ("AWS_CONTAINER_AUTHORIZATION_TOKEN", StsPeer.ContainerToken)]);
                break;
        }

        await using var wharf = await RunningWharf.StartAsync(environment: [.. environment, .. Location(("Endpoint", store.Endpoint.ToString())), ("WHARF_ADMIN_PASSWORD", "password1")]);
        await PushAndPullAsync(wharf, Requests.RandomBytes(50_000));

        Assert.Empty(store.Faults);
        Assert.Empty(sts.Faults);
        Assert.Equal(where is "role" or "web identity" or "instance" or "container", sts.Given > 0);
        Assert.Contains(store.Objects, static o => o.StartsWith("blobs/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_roles_credentials_are_taken_anew_before_they_end()
    {
        await using var sts = await StsPeer.StartAsync();
        await using var store = await S3Peer.StartAsync(sts.Find);
        sts.Lifetime = TimeSpan.FromMinutes(2);
        using var driver = Open(store.Endpoint, options => new S3Options
        {
            Endpoint = options.Endpoint,
            Bucket = options.Bucket,
            Region = options.Region,
            PathStyle = true,
            AccessKey = StsPeer.AccessKey,
            SecretKey = StsPeer.Secret,
            RoleArn = StsPeer.Role,
            ExternalId = StsPeer.ExternalId,
            StsEndpoint = sts.Endpoint,
        });

        // They end within the five minutes before which new ones are taken.
        await driver.StatAsync(StorageKey.New(), Ct);
        await driver.StatAsync(StorageKey.New(), Ct);

        Assert.InRange(sts.Given, 2, 10);
        Assert.Empty(sts.Faults);
        Assert.Empty(store.Faults);
    }

    [Theory]
    [InlineData("AES256", null, "AES256")]
    [InlineData("aws:kms", "arn:aws:kms:eu-test-1:1:key/2", "aws:kms arn:aws:kms:eu-test-1:1:key/2")]
    public async Task What_is_stored_asks_for_its_encryption(string method, string? key, string expected)
    {
        await using var store = await S3Peer.StartAsync(static k => k == Key ? (Secret, null) : null);
        using var driver = Open(store.Endpoint, options => new S3Options
        {
            Endpoint = options.Endpoint,
            Bucket = options.Bucket,
            Region = options.Region,
            PathStyle = true,
            AccessKey = Key,
            SecretKey = Secret,
            Encryption = method,
            KmsKey = key,
            PartBytes = S3Driver.LeastPart,
        });

        var small = await WriteAsync(driver, 100);
        var large = await WriteAsync(driver, 12_000_000);
        Assert.True(await driver.TryCopyAsync(driver, small, StorageKey.New(), Ct));

        Assert.Equal([$"PUT {expected}", $"POST {expected}", $"COPY {expected}"], store.Encrypted);
        Assert.Equal(12_000_000, await driver.StatAsync(large, Ct));
        Assert.Empty(store.Faults);
    }

    [Fact]
    public async Task An_object_that_is_locked_is_kept_until_its_date()
    {
        await using var store = await S3Peer.StartAsync(static k => k == Key ? (Secret, null) : null);
        using var driver = Open(store.Endpoint, static options => options);
        var key = await WriteAsync(driver, 100);
        var until = new DateTimeOffset(2099, 1, 2, 3, 4, 5, TimeSpan.Zero);
        store.LockedUntil = until;

        var locked = await Assert.ThrowsAsync<BlobsLockedException>(() => driver.DeleteAsync([key], Ct));
        store.LockedUntil = null;
        await driver.DeleteAsync([key], Ct);

        Assert.Equal([KeyValuePair.Create(key, (DateTimeOffset?)until)], locked.Until);
        Assert.Null(await driver.StatAsync(key, Ct));
    }

    [Fact]
    public async Task A_bucket_may_be_part_of_the_hosts_name_and_the_store_behind_a_proxy()
    {
        await using var store = await S3Peer.StartAsync(static k => k == Key ? (Secret, null) : null, virtualHost: true);
        using var driver = Open(new Uri("http://store.test"), options => new S3Options
        {
            Endpoint = options.Endpoint,
            Proxy = store.Endpoint,
            Bucket = options.Bucket,
            Region = options.Region,
            AccessKey = Key,
            SecretKey = Secret,
            PathStyle = false,
        });

        var key = await WriteAsync(driver, 100);

        Assert.Equal(100, await driver.StatAsync(key, Ct));
        Assert.StartsWith($"{S3Peer.Bucket}.store.test", (await driver.PresignAsync(key, TimeSpan.FromMinutes(1), Ct))!.Host, StringComparison.Ordinal);
        Assert.Empty(store.Faults);
    }

    [Fact]
    public async Task Clients_read_through_CloudFront_by_addresses_that_only_it_can_have_got()
    {
        using var directory = new TemporaryDirectory();
        await using var store = await S3Peer.StartAsync(static k => k == Key ? (Secret, null) : null);
        var content = Requests.RandomBytes(80_000);
        await using var cloudFront = await CloudFrontPeer.StartAsync(name => store.Objects.Contains(name) ? content : null);
        await File.WriteAllTextAsync(directory.File("cloudfront.pem"), cloudFront.PrivateKey, Ct);

        await using var wharf = await RunningWharf.StartAsync(environment:
        [
            .. Location(("Endpoint", store.Endpoint.ToString()), ("AccessKey", Key), ("SecretKey", Secret), ("CloudFront", cloudFront.Address.ToString()), ("CloudFrontKeyPairId", CloudFrontPeer.KeyPairId), ("CloudFrontKeyFile", directory.File("cloudfront.pem"))),
            ("WHARF_ADMIN_PASSWORD", "password1"),
        ]);
        await PushAsync(wharf, content);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var near = new HttpClient(handler) { BaseAddress = wharf.Url };
        var to = (await near.ReadAsync($"/v2/admin/app/blobs/{Digest.Of(content)}", Requests.Basic("admin", "password1"))).Is(307).Headers.Location!;
        using var client = new HttpClient();

        Assert.Equal(cloudFront.Address.Authority, to.Authority);
        Assert.Equal(content, await client.GetByteArrayAsync(to, Ct));
        foreach (var wrong in new[]
        {
            new UriBuilder(to) { Path = to.AbsolutePath[..^1] + (to.AbsolutePath[^1] == '0' ? '1' : '0') }.Uri,
            new Uri(to.OriginalString.Replace("Expires=1", "Expires=2", StringComparison.Ordinal)),
            new Uri(to.OriginalString.Replace("Signature=", "Signature=A", StringComparison.Ordinal)),
            new Uri(to.OriginalString.Replace(CloudFrontPeer.KeyPairId, "K1", StringComparison.Ordinal)),
        })
        {
            using var refused = await client.GetAsync(wrong, Ct);
            Assert.Equal(403, (int)refused.StatusCode);
        }
    }

    private static (string Name, string Value)[] Location(params (string Name, string Value)[] settings) =>
    [
        .. new (string Name, string Value)[] { ("Kind", "S3"), ("Bucket", S3Peer.Bucket), ("Region", S3Peer.Region) }.Concat(settings).Select(static s => ($"WHARF__Storage__Locations__peer__{s.Name}", s.Value)),
    ];

    private static S3Driver Open(Uri endpoint, Func<S3Options, S3Options> change) =>
        new(change(new S3Options { Endpoint = endpoint, Bucket = S3Peer.Bucket, Region = S3Peer.Region, AccessKey = Key, SecretKey = Secret, PathStyle = true }));

    private static async Task<string> WriteAsync(S3Driver driver, int length)
    {
        await using var writer = await driver.BeginAsync(StorageKey.New(), Ct);
        await writer.WriteAsync(new byte[length], Ct);
        return (await writer.CompleteAsync(Ct)).Key;
    }

    private static async Task PushAsync(RunningWharf wharf, byte[] content) =>
        (await wharf.Client.SendAsync("POST", $"/v2/admin/app/blobs/uploads/?digest={Digest.Of(content)}", content, Requests.Basic("admin", "password1"))).Is(201);

    // By a range of two, which no store is asked for by the client itself.
    private static async Task PushAndPullAsync(RunningWharf wharf, byte[] content)
    {
        await PushAsync(wharf, content);
        var parts = (await wharf.Client.ReadAsync($"/v2/admin/app/blobs/{Digest.Of(content)}", ("Range", "bytes=0-9,100-40000"), Requests.Basic("admin", "password1"))).Is(206);
        Assert.True(parts.Body.AsSpan().IndexOf(content.AsSpan(100, 39_901)) > 0);
    }
}
