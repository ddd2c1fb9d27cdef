using Wharf.Oci;

namespace Wharf.Tests.Server.Quota;

/// <summary>The quota of namespaces that have none of their own.</summary>
public sealed class DefaultQuotaTests(DefaultQuotaRegistry registry) : IClassFixture<DefaultQuotaRegistry>
{
    [Fact]
    public async Task A_namespace_that_has_just_been_made_does_not_go_beyond_it_by_pushes_at_once()
    {
        var owner = await registry.CreateUserAsync();
        const int Size = 40_000;

        var statuses = await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
        {
            var blob = Requests.RandomBytes(Size);
            return (int)(await owner.Client.SendAsync("POST", $"/v2/{owner.Name}/r{i % 3}/blobs/uploads/?digest={Digest.Of(blob)}", blob)).Status;
        }));

        Assert.All(statuses, static s => Assert.Contains(s, new[] { 201, 403 }));
        var usage = (await owner.Client.ReadAsync("/api/v1/user/usage")).Is(200).Json;
        Assert.InRange(usage.GetProperty("bytes").GetInt64(), 300_000 - Size, 300_000);
        Assert.True(usage.GetProperty("quotas")[0].GetProperty("is_default").GetBoolean());
    }

    [Fact]
    public async Task Its_own_quota_takes_the_place_of_the_registrys()
    {
        var owner = await registry.CreateUserAsync();
        (await registry.Client.SendJsonAsync("POST", $"/api/v1/superuser/users/{owner.Name}/quota", """{"limit":"1 MiB","limits":[{"type":"Reject","threshold_percent":100}]}""")).Is(201);
        var blob = Requests.RandomBytes(500_000);

        (await owner.Client.SendAsync("POST", $"/v2/{owner.Name}/app/blobs/uploads/?digest={Digest.Of(blob)}", blob)).Is(201);

        blob = Requests.RandomBytes(600_000);
        Assert.Contains("of the 1.0 MiB", (await owner.Client.SendAsync("POST", $"/v2/{owner.Name}/app/blobs/uploads/?digest={Digest.Of(blob)}", blob)).Is(403, "DENIED").Text, StringComparison.Ordinal);
    }
}
