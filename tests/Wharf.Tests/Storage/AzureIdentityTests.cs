using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Wharf.Server.Hosting;
using Wharf.Storage;
using Wharf.Storage.Azure;
using Wharf.Tests.Hosting;
using Wharf.Tests.Parts;
using Wharf.Tests.Peers;
using Wharf.Tests.Server;

namespace Wharf.Tests.Storage;

/// <summary>Managed identities, the addresses that they sign, and locked blobs: against peers that hold the client to Azure's documentation, because no emulator has them.</summary>
public sealed class AzureIdentityTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(TokenPeer.Machine, null)]
    [InlineData(TokenPeer.Machine, TokenPeer.ClientId)]
    [InlineData(TokenPeer.AppService, null)]
    [InlineData(TokenPeer.AppService, TokenPeer.ClientId)]
    [InlineData(TokenPeer.Workload, null)]
    public async Task An_identity_writes_reads_and_signs_addresses_for_strangers(string kind, string? clientId)
    {
        await using var tokens = await TokenPeer.StartAsync(kind);
        await using var azure = await AzurePeer.StartAsync(tokens);
        using var client = new AzureClient(OptionsOf(azure, clientId), variable: tokens.Variable);
        using var http = new HttpClient();

        Assert.True(await client.PutBlobAsync("folder/one", new MemoryStream([1, 2]), Ct));
        Assert.True(await client.PutBlobAsync("two", new MemoryStream([3]), Ct));
        Assert.Equal(2, (await client.StatAsync("folder/one", Ct))?.Size);
        var address = (await client.PresignAsync("folder/one", TimeSpan.FromMinutes(5), Ct))!.AbsoluteUri;
        await client.PresignAsync("two", TimeSpan.FromMinutes(5), Ct);

        using var read = await http.GetAsync(new Uri(address), Ct);
        Assert.Equal([1, 2], await read.Content.ReadAsByteArrayAsync(Ct));
        Assert.Equal("application/octet-stream", read.Content.Headers.ContentType?.MediaType);
        foreach (var changed in new[] { address.Replace("folder/one", "two", StringComparison.Ordinal), address.Replace("sp=r", "sp=rw", StringComparison.Ordinal), address.Replace("rsct=application", "rsct=text", StringComparison.Ordinal) })
        {
            Assert.NotEqual(address, changed);
            using var refused = await http.GetAsync(new Uri(changed), Ct);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
        using var put = await http.PutAsync(new Uri(address), new ByteArrayContent([9]), Ct);
        Assert.Equal(HttpStatusCode.Forbidden, put.StatusCode);
        Assert.Empty(tokens.Faults);
        Assert.Empty(azure.Faults);
        Assert.Equal((1, 1), (tokens.Requests, azure.Keys));
    }

    [Fact]
    public async Task A_token_is_fetched_once_for_all_and_again_five_minutes_before_its_end()
    {
        await using var peer = await TokenPeer.StartAsync(TokenPeer.Machine);
        var clock = new ManualClock();
        using var http = new HttpClient();
        using var tokens = new IdentityTokens(null, http, http, peer.Variable, clock);

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () => await tokens.GetAsync(Ct), Ct)));
        Assert.Single(all.Distinct());
        clock.Advance(peer.Lifetime - TimeSpan.FromMinutes(6));
        Assert.Equal(all[0], await tokens.GetAsync(Ct));
        Assert.Equal(1, peer.Requests);
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.NotEqual(all[0], await tokens.GetAsync(Ct));

        Assert.Equal(2, peer.Requests);
    }

    [Fact]
    public async Task A_token_that_is_still_valid_bridges_an_endpoint_that_refuses_and_an_ended_one_does_not()
    {
        await using var peer = await TokenPeer.StartAsync(TokenPeer.Machine);
        var clock = new ManualClock();
        using var http = new HttpClient();
        using var tokens = new IdentityTokens(null, http, http, peer.Variable, clock);
        var first = await tokens.GetAsync(Ct);
        clock.Advance(peer.Lifetime - TimeSpan.FromMinutes(4));
        peer.Misbehave(400, 400);

        Assert.Equal(first, await tokens.GetAsync(Ct));
        Assert.Equal(first, await tokens.GetAsync(Ct));
        Assert.Equal(2, peer.Requests);
        clock.Advance(TimeSpan.FromMinutes(5));
        var fault = await Assert.ThrowsAsync<StorageMisconfiguredException>(async () => await tokens.GetAsync(Ct));

        Assert.Equal("Getting a token of the managed identity for Azure Storage: the answer is 400 temporarily_unavailable Come again.", fault.Message);
        Assert.NotEqual(first, await tokens.GetAsync(Ct));
    }

    [Fact]
    public async Task An_endpoint_that_is_busy_is_asked_again()
    {
        await using var peer = await TokenPeer.StartAsync(TokenPeer.AppService);
        using var http = new HttpClient();
        using var tokens = new IdentityTokens(null, http, http, peer.Variable, TimeProvider.System);
        peer.Misbehave(429, 503);

        Assert.True(peer.Knows(await tokens.GetAsync(Ct)));

        Assert.Equal(3, peer.Requests);
    }

    [Fact]
    public async Task A_machine_without_an_identity_is_told_what_to_give()
    {
        using var http = new HttpClient();
        using var tokens = new IdentityTokens(null, http, http, static name => name == "AZURE_POD_IDENTITY_AUTHORITY_HOST" ? $"http://127.0.0.1:{FreePort.Take()}" : null, TimeProvider.System);

        var fault = await Assert.ThrowsAsync<StorageMisconfiguredException>(async () => await tokens.GetAsync(Ct));

        Assert.Equal("Give AccountKey or Sas, or give the machine an identity.", fault.Advice);
    }

    [Fact]
    public async Task A_workload_shows_the_newest_token_of_its_cluster()
    {
        await using var peer = await TokenPeer.StartAsync(TokenPeer.Workload);
        var clock = new ManualClock();
        using var http = new HttpClient();
        using var tokens = new IdentityTokens(null, http, http, peer.Variable, clock);
        await tokens.GetAsync(Ct);
        peer.RenewAssertion();
        clock.Advance(peer.Lifetime);

        Assert.True(peer.Knows(await tokens.GetAsync(Ct)));

        Assert.Empty(peer.Faults);
        using var other = new IdentityTokens(TokenPeer.Tenant, http, http, peer.Variable, clock);
        var fault = await Assert.ThrowsAsync<StorageMisconfiguredException>(async () => await other.GetAsync(Ct));
        Assert.Contains("400 invalid_request AADSTS90014", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Trace", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_delegation_key_is_taken_anew_when_it_would_end_before_the_address()
    {
        await using var tokens = await TokenPeer.StartAsync(TokenPeer.Machine);
        tokens.Lifetime = TimeSpan.FromDays(3);
        await using var azure = await AzurePeer.StartAsync(tokens);
        using var client = new AzureClient(OptionsOf(azure, null), variable: tokens.Variable);

        await client.PresignAsync("one", TimeSpan.FromMinutes(5), Ct);
        await client.PresignAsync("one", TimeSpan.FromHours(20), Ct);
        Assert.Equal(1, azure.Keys);
        await client.PresignAsync("one", TimeSpan.FromDays(2), Ct);

        Assert.Equal(2, azure.Keys);
        Assert.Empty(azure.Faults);
    }

    [Fact]
    public async Task Locked_blobs_are_named_with_their_dates_and_the_others_of_the_call_are_gone()
    {
        await using var tokens = await TokenPeer.StartAsync(TokenPeer.Machine);
        await using var azure = await AzurePeer.StartAsync(tokens);
        var options = OptionsOf(azure, null);
        using var driver = new AzureDriver(options, new AzureClient(options, variable: tokens.Variable));
        string[] keys = [StorageKey.New(), StorageKey.New(), StorageKey.New()];
        foreach (var key in keys)
        {
            await using var writer = await driver.BeginAsync(key, Ct);
            await writer.WriteAsync(new byte[1], Ct);
            await writer.CompleteAsync(Ct);
        }
        var until = new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.Zero);
        azure.Lock($"blobs/{keys[0]}", until);
        azure.Lock($"blobs/{keys[2]}", null);

        var locked = await Assert.ThrowsAsync<BlobsLockedException>(() => driver.DeleteAsync(keys, Ct));

        Assert.Equal(new Dictionary<string, DateTimeOffset?> { [keys[0]] = until, [keys[2]] = null }, locked.Until);
        Assert.DoesNotContain($"blobs/{keys[1]}", azure.Blobs);
        Assert.Empty(azure.Faults);
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("aborted")]
    public async Task A_copy_is_waited_for_and_one_that_fails_leaves_nothing(string end)
    {
        await using var tokens = await TokenPeer.StartAsync(TokenPeer.Machine);
        await using var azure = await AzurePeer.StartAsync(tokens);
        using var client = new AzureClient(OptionsOf(azure, null), variable: tokens.Variable);
        await client.PutBlobAsync("from", new MemoryStream([1, 2, 3]), Ct);

        Assert.True(await client.CopyAsync(client, "from", "to", Ct));
        Assert.Equal(3, (await client.StatAsync("to", Ct))?.Size);
        azure.CopyEnd = end;
        var fault = await Assert.ThrowsAsync<StorageException>(() => client.CopyAsync(client, "from", "broken", Ct));

        Assert.Contains(end, fault.Message, StringComparison.Ordinal);
        Assert.Equal(["from", "to"], azure.Blobs.Order());
        Assert.Empty(azure.Faults);
    }

    [Fact]
    public async Task A_private_authority_is_trusted_when_the_settings_name_it_and_addresses_are_for_HTTPS_only()
    {
        using var directory = new TemporaryDirectory();
        using var authority = new PrivateAuthority(directory.Path);
        await using var tokens = await TokenPeer.StartAsync(TokenPeer.Machine);
        await using var azure = await AzurePeer.StartAsync(tokens, authority);
        using var client = new AzureClient(OptionsOf(azure, null, authority.CertificateFile), variable: tokens.Variable);
        using var stranger = new AzureClient(OptionsOf(azure, null), variable: tokens.Variable);

        await client.PutBlobAsync("one", new MemoryStream([1]), Ct);
        var address = await client.PresignAsync("one", TimeSpan.FromMinutes(5), Ct);

        await using var read = await client.OpenAsync("one", 0, 10, Ct);
        Assert.Equal(1, await read!.ReadAsync(new byte[10], Ct));
        Assert.Contains("&spr=https&", address!.Query, StringComparison.Ordinal);
        using var http = Outgoing.Trusted(authority.CertificateFile, TimeSpan.FromSeconds(30));
        using var answer = await http.GetAsync(address, Ct);
        Assert.Equal([1], await answer.Content.ReadAsByteArrayAsync(Ct));
        Assert.Contains("CaFile", (await Assert.ThrowsAsync<StorageMisconfiguredException>(() => stranger.StatAsync("one", Ct))).Advice, StringComparison.Ordinal);
        Assert.Empty(azure.Faults);
    }

    [Fact]
    public async Task A_proxy_of_the_settings_is_asked_for_the_account_and_never_for_the_machine_s_token()
    {
        await using var tokens = await TokenPeer.StartAsync(TokenPeer.Machine);
        var asked = new ConcurrentQueue<string>();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var proxy = builder.Build();
        proxy.Run(http =>
        {
            asked.Enqueue($"{http.Request.Method} {http.Features.Get<IHttpRequestFeature>()!.RawTarget}");
            http.Response.StatusCode = 404;
            http.Response.Headers["x-ms-error-code"] = "BlobNotFound";
            return Task.CompletedTask;
        });
        await proxy.StartAsync(Ct);
        using var client = new AzureClient(new AzureOptions { Account = "a", Container = "c", Endpoint = new Uri("http://account.example.test"), Proxy = new Uri(proxy.Urls.First()) }, variable: tokens.Variable);

        Assert.Null(await client.StatAsync("blob", Ct));

        Assert.Equal(["HEAD http://account.example.test/c/blob"], asked);
        Assert.Equal(1, tokens.Requests);
        Assert.Empty(tokens.Faults);
    }

    [Fact]
    public async Task A_token_that_Azure_does_not_accept_is_a_fault_that_does_not_show_it()
    {
        await using var tokens = await TokenPeer.StartAsync(TokenPeer.Machine);
        await using var strangers = await TokenPeer.StartAsync(TokenPeer.Machine);
        await using var azure = await AzurePeer.StartAsync(tokens);
        using var client = new AzureClient(OptionsOf(azure, null), variable: strangers.Variable);

        var fault = await Assert.ThrowsAsync<StorageMisconfiguredException>(() => client.StatAsync("blob", Ct));

        Assert.Contains("401 InvalidAuthenticationInfo", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", fault.ToString(), StringComparison.Ordinal);
    }

    private static AzureOptions OptionsOf(AzurePeer azure, string? clientId, string? authority = null) =>
        new() { Account = AzurePeer.Account, Container = AzurePeer.Container, Endpoint = azure.Endpoint, ClientId = clientId, CaFile = authority };

    private sealed class ManualClock : TimeProvider
    {
        private DateTimeOffset _now = System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan time) => _now += time;
    }
}
