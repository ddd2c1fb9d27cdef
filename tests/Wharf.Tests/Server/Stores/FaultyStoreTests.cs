using System.Globalization;
using System.Net;
using Wharf.Oci;

namespace Wharf.Tests.Server.Stores;

/// <summary>
/// The store is slow, wrong or gone (attacks.tsv X2-02, X2-07): nothing acknowledged is lost, errors are 503 with Retry-After (507 when it is full), and when the fault is over everything
/// works again by itself. One class for each kind of store.
/// </summary>
public abstract class FaultyStoreTests(StoreRegistry registry)
{
    private const string Octets = "application/octet-stream";

    // Several parts, of which the last is not full.
    private const int Large = 13_000_001;

    private static readonly TimeSpan s_recovery = TimeSpan.FromSeconds(30);

    public enum Fault
    {
        Latency,
        Slow,
        Reset,
        CutRequest,
        CutResponse,
        Status500,
        Status503,
        Full,
        Refuses,
        Hangs,
        WrongRequest,
    }

    /// <summary>What may be answered to a push meanwhile. Where a further try helps it succeeds.</summary>
    public static TheoryData<Fault, int[]> Faults => new()
    {
        { Fault.Latency, [201] },
        { Fault.Slow, [503] },
        { Fault.Reset, [201, 503] },
        { Fault.CutRequest, [201, 503] },
        { Fault.CutResponse, [201, 503] },
        { Fault.Status500, [503] },
        { Fault.Status503, [503] },
        { Fault.Full, [507] },
        { Fault.Refuses, [503] },
        { Fault.Hangs, [503] },
        { Fault.WrongRequest, [201, 503] },
    };

    [Theory, Trait("Speed", "Slow")]
    [MemberData(nameof(Faults))]
    public async Task A_push_meanwhile_is_acknowledged_and_there_or_refused_and_works_afterwards(Fault fault, int[] expected)
    {
        var repository = registry.NewRepository();
        var (before, small, large) = (Requests.RandomBytes(50_000), Requests.RandomBytes(60_000), Requests.RandomBytes(Large));
        await registry.UserClient.PushBlobAsync(repository, before);

        foreach (var content in fault is Fault.Slow or Fault.Hangs ? new[] { small } : [small, large])
        {
            Begin(fault, content.Length);
            var answer = await registry.UserClient.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of(content)}", content);
            Assert.Contains((int)answer.Status, expected);
            if ((int)answer.Status >= 500) Assert.NotEmpty(answer.Headers.GetValues("Retry-After"));
            await EndAsync(repository);

            if (answer.Status != HttpStatusCode.Created) await registry.UserClient.PushBlobAsync(repository, content);
            await ReadBackAsync(repository, content);
        }
        await ReadBackAsync(repository, before);
    }

    [Theory, Trait("Speed", "Slow")]
    [InlineData(Fault.CutRequest)]
    [InlineData(Fault.Status503)]
    [InlineData(Fault.WrongRequest)]
    [InlineData(Fault.Refuses)]
    public async Task A_session_goes_on_where_it_was_acknowledged(Fault fault)
    {
        var repository = registry.NewRepository();
        var content = Requests.RandomBytes(Large);
        const int First = 6_000_007;
        var location = await registry.UserClient.StartUploadAsync(repository);
        location = (await registry.UserClient.SendAsync("PATCH", location, content[..First], ("Content-Type", Octets), ("Content-Range", $"0-{First - 1}"))).Is(202).Location;

        Begin(fault, Large - First);
        var answer = await registry.UserClient.SendAsync("PATCH", location, content[First..], ("Content-Type", Octets), ("Content-Range", string.Create(CultureInfo.InvariantCulture, $"{First}-{Large - 1}")));
        await EndAsync(repository);

        if (answer.Status != HttpStatusCode.Accepted)
        {
            answer.Is(503);
            Assert.NotEmpty(answer.Headers.GetValues("Retry-After"));
            var status = await registry.UserClient.SendAsync("GET", location);
            Assert.Equal($"0-{First - 1}", status.Is(204).Headers.GetValues("Range").Single());
            answer = (await registry.UserClient.SendAsync("PATCH", location, content[First..], ("Content-Type", Octets), ("Content-Range", string.Create(CultureInfo.InvariantCulture, $"{First}-{Large - 1}")))).Is(202);
        }
        (await registry.UserClient.SendAsync("PUT", $"{answer.Location}?digest={Digest.Of(content)}", [])).Is(201);
        await ReadBackAsync(repository, content);
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task A_pull_that_the_store_cuts_goes_on_where_it_was()
    {
        var repository = registry.NewRepository();
        var content = Requests.RandomBytes(Large);
        await registry.UserClient.PushBlobAsync(repository, content);

        registry.Proxy.CutResponsesAfter(Large / 2);

        await ReadBackAsync(repository, content);
        registry.Proxy.Heal();
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task What_needs_no_blob_is_served_without_the_store_and_blobs_are_unavailable_not_absent()
    {
        var repository = registry.NewRepository();
        var image = await registry.UserClient.PushImageAsync(repository, "v1");
        registry.Proxy.Refuses = true;
        registry.Proxy.ResetAll();

        for (var i = 0; i < 15; i++)
        {
            (await registry.UserClient.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
            (await registry.UserClient.ReadAsync($"/v2/{repository}/tags/list")).Is(200);
            (await registry.UserClient.SendAsync("HEAD", $"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
            var blob = await registry.UserClient.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}");
            Assert.Equal((503, "5"), ((int)blob.Status, blob.Headers.GetValues("Retry-After").Single()));
        }
        (await registry.Anonymous.ReadAsync("/health/live")).Is(200);
        await EndAsync(repository);

        await ReadBackAsync(repository, image.Layer);
    }

    private void Begin(Fault fault, int length)
    {
        var proxy = registry.Proxy;
        switch (fault)
        {
            case Fault.Latency: proxy.Latency = TimeSpan.FromMilliseconds(50); break;
            case Fault.Slow: proxy.BytesPerSecond = 1000; break;
            case Fault.Reset: proxy.ResetAll(); break;
            case Fault.CutRequest: proxy.CutRequestsAfter(length / 2); break;
            case Fault.CutResponse: proxy.CutResponsesAfter(10); break;
            case Fault.Status500: proxy.AnswerWith(500); break;
            case Fault.Status503: proxy.AnswerWith(503); break;
            case Fault.Full: proxy.AnswerWith(507); break;
            case Fault.Refuses:
                proxy.Refuses = true;
                proxy.ResetAll();
                break;
            case Fault.Hangs: proxy.Hangs = true; break;
            default: proxy.FlipInRequests(length / 2); break;
        }
    }

    // By itself: nobody restarts anything, and somebody asks now and then.
    private async Task EndAsync(string repository)
    {
        registry.Proxy.Heal();
        await Poll.UntilAsync(async () => (await registry.UserClient.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of("x"u8)}", "x"u8.ToArray())).Status == HttpStatusCode.Created, s_recovery);
    }

    private async Task ReadBackAsync(string repository, byte[] content) =>
        Assert.Equal(content, (await registry.UserClient.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(200).Body);
}
