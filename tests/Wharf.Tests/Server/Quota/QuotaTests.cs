using System.Globalization;
using Wharf.Oci;
using Wharf.Server.Hosting.Settings;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Quota;

/// <summary>What namespaces hold, and what does not fit (docs/quota.md).</summary>
public sealed class QuotaTests(QuotaRegistry registry) : IClassFixture<QuotaRegistry>
{
    [Fact]
    public async Task Each_content_counts_once_however_many_repositories_have_it()
    {
        var (owner, org) = await NewOrganizationAsync();
        var image = await owner.Client.PushImageAsync($"{org}/a", "v1");
        var size = image.Config.Length + image.Layer.Length + image.Manifest.Length;
        Assert.Equal(size, await UsedAsync(owner, org));

        await owner.Client.PushImageAsync($"{org}/b", "v1", image);
        (await owner.Client.PutManifestAsync($"{org}/a", "v2", image.Manifest)).Is(201);
        Assert.Equal(size, await UsedAsync(owner, org));

        var other = await owner.Client.PushImageAsync($"{org}/a", "v3");
        Assert.Equal(size + other.Config.Length + other.Layer.Length + other.Manifest.Length, await UsedAsync(owner, org));

        (await owner.Client.SendAsync("POST", $"/v2/{owner.Name}/own/blobs/uploads/?mount={image.LayerDigest}&from={org}/a")).Is(201);
        Assert.Equal(image.Layer.Length, (await owner.Client.ReadAsync("/api/v1/user/usage")).Is(200).Json.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task What_tags_do_not_show_any_more_is_told_apart_and_is_free_when_it_is_collected()
    {
        var (owner, org) = await NewOrganizationAsync(window: 3);
        var (stays, goes) = (await owner.Client.PushImageAsync($"{org}/a", "stays"), await owner.Client.PushImageAsync($"{org}/a", "goes"));
        var both = await UsedAsync(owner, org);

        (await owner.Client.SendAsync("DELETE", $"/v2/{org}/a/manifests/goes")).Is(202);

        Assert.Equal(both, await UsedAsync(owner, org));
        var size = stays.Config.Length + stays.Layer.Length + stays.Manifest.Length;
        var left = await Poll.UntilAsync(async () => await UsedAsync(owner, org) is var used && used < both ? used : 0);
        left = await Poll.UntilAsync(async () => await UsedAsync(owner, org) is var used && used == size ? used : 0, TimeSpan.FromSeconds(60));
        Assert.Equal(size, left);
        _ = goes;
    }

    [Fact]
    public async Task The_share_of_the_time_machine_is_shown()
    {
        var (owner, org) = await NewOrganizationAsync();
        var (current, past) = (await owner.Client.PushImageAsync($"{org}/a", "v1"), await owner.Client.PushImageAsync($"{org}/a", "v2"));
        (await owner.Client.SendAsync("DELETE", $"/v2/{org}/a/manifests/v2")).Is(202);

        var usage = (await owner.Client.ReadAsync($"/api/v1/organization/{org}/usage")).Is(200).Json;

        Assert.Equal(current.Config.Length + current.Layer.Length + current.Manifest.Length, usage.GetProperty("current_bytes").GetInt64());
        Assert.Equal(past.Config.Length + past.Layer.Length + past.Manifest.Length, usage.GetProperty("time_machine_bytes").GetInt64());
    }

    [Fact]
    public async Task Quays_operations_make_change_and_take_away_quotas_and_thresholds()
    {
        var (owner, org) = await NewOrganizationAsync();
        var path = $"/api/v1/organization/{org}/quota";
        Assert.Equal("[]", (await owner.Client.ReadAsync(path)).Is(200).Text);
        (await owner.Client.SendJsonAsync("POST", path, """{"limit_bytes":1000000}""")).Is(403);
        Assert.Equal("\"Created\"", (await registry.Client.SendJsonAsync("POST", path, """{"limit_bytes":1000000}""")).Is(201).Text);
        Assert.Contains("already exists", (await registry.Client.SendJsonAsync("POST", path, """{"limit_bytes":1000000}""")).Is(400).Text, StringComparison.Ordinal);
        foreach (var bad in (string[])["""{"limit_bytes":0}""", """{"limit_bytes":-5}""", """{"limit":"10 bananas"}""", "{}", """{"limit_bytes":"many"}""", """{"limit_bytes":1152921504606846977}""", """{"limit":"99999999999 EiB"}"""])
            (await registry.Client.SendJsonAsync("POST", path, bad)).Is(400);
        var id = (await owner.Client.ReadAsync(path)).Is(200).Json[0].GetProperty("id").GetInt64();
        Assert.Equal($$"""{"id":{{id}},"limit_bytes":1000000,"limits":[]}""", (await owner.Client.ReadAsync($"{path}/{id}")).Is(200).Text);

        (await registry.Client.SendJsonAsync("POST", $"{path}/{id}/limit", """{"type":"Warning","threshold_percent":70}""")).Is(201);
        (await registry.Client.SendJsonAsync("POST", $"{path}/{id}/limit", """{"type":"Reject","threshold_percent":90}""")).Is(201);
        (await registry.Client.SendJsonAsync("POST", $"{path}/{id}/limit", """{"type":"Reject","threshold_percent":95}""")).Is(400);
        (await registry.Client.SendJsonAsync("POST", $"{path}/{id}/limit", """{"type":"Warning","threshold_percent":70}""")).Is(400);
        (await registry.Client.SendJsonAsync("POST", $"{path}/{id}/limit", """{"type":"Perhaps","threshold_percent":70}""")).Is(400);
        (await registry.Client.SendJsonAsync("POST", $"{path}/{id}/limit", """{"type":"Warning","threshold_percent":101}""")).Is(400);
        (await owner.Client.SendJsonAsync("POST", $"{path}/{id}/limit", """{"type":"Warning","threshold_percent":60}""")).Is(403);
        var limits = (await owner.Client.ReadAsync($"{path}/{id}/limit")).Is(200).Json;
        var (warning, reject) = (limits[0].GetProperty("id").GetInt64(), limits[1].GetProperty("id").GetInt64());
        Assert.Equal($$"""[{"id":{{warning}},"type":"Warning","limit_percent":70},{"id":{{reject}},"type":"Reject","limit_percent":90}]""", limits.GetRawText());
        Assert.Equal($$"""{"id":{{warning}},"type":"Warning","limit_percent":70}""", (await owner.Client.ReadAsync($"{path}/{id}/limit/{warning}")).Is(200).Text);
        (await registry.Client.SendJsonAsync("PUT", $"{path}/{id}/limit/{warning}", """{"threshold_percent":50}""")).Is(200);
        (await registry.Client.SendJsonAsync("PUT", $"{path}/{id}/limit/{warning}", """{"type":"Reject"}""")).Is(400);
        Assert.Equal(500000, await UsageOfQuotaAsync(owner, org, "warn_bytes"));
        Assert.Equal(900000, await UsageOfQuotaAsync(owner, org, "reject_bytes"));
        (await registry.Client.SendAsync("DELETE", $"{path}/{id}/limit/{reject}")).Is(204);
        (await registry.Client.SendAsync("DELETE", $"{path}/{id}/limit/{reject}")).Is(404);
        (await registry.Client.SendJsonAsync("PUT", $"{path}/{id}", """{"limit_bytes":5}""")).Is(200);
        Assert.Equal(5, (await registry.Client.SendJsonAsync("PUT", $"{path}/{id}", "{}")).Is(200).Json.GetProperty("limit_bytes").GetInt64());
        (await owner.Client.SendAsync("DELETE", $"{path}/{id}")).Is(403);
        (await registry.Client.SendAsync("DELETE", $"{path}/{id}")).Is(204);
        (await registry.Client.SendAsync("DELETE", $"{path}/{id}")).Is(404);
        (await registry.Client.ReadAsync($"{path}/99999999999999999999")).Is(404);
    }

    [Fact]
    public async Task Superusers_set_quotas_of_anybody_in_units_that_people_use()
    {
        var user = await registry.CreateUserAsync();
        var path = $"/api/v1/superuser/users/{user.Name}/quota";
        (await registry.Client.SendJsonAsync("POST", path, """{"limit":"10 GiB"}""")).Is(201);
        var quota = (await registry.Client.ReadAsync(path)).Is(200).Json[0];
        Assert.Equal(10L << 30, quota.GetProperty("limit_bytes").GetInt64());
        var id = quota.GetProperty("id").GetInt64();
        Assert.Equal(500_000_000, (await registry.Client.SendJsonAsync("PUT", $"{path}/{id}", """{"limit":"500MB"}""")).Is(200).Json.GetProperty("limit_bytes").GetInt64());
        Assert.Equal(id, (await user.Client.ReadAsync("/api/v1/user/quota")).Is(200).Json[0].GetProperty("id").GetInt64());
        (await user.Client.ReadAsync($"/api/v1/user/quota/{id}")).Is(200);
        Assert.Equal("[]", (await user.Client.ReadAsync($"/api/v1/user/quota/{id}/limit")).Is(200).Text);
        (await user.Client.ReadAsync($"/api/v1/user/quota/{id}/limit/1")).Is(404);
        (await user.Client.ReadAsync(path)).Is(403);
        (await registry.Client.SendAsync("DELETE", $"{path}/{id}")).Is(204);
        (await registry.Client.ReadAsync("/api/v1/superuser/users/nobody-of-this-name/quota")).Is(404);
        (await registry.Client.ReadAsync("/api/v1/superuser/organization/nobody-of-this-name/quota")).Is(404);
    }

    [Fact]
    public async Task A_push_that_does_not_fit_is_refused_before_its_bytes_come_and_told_what_would_help()
    {
        var (owner, org) = await NewOrganizationAsync();
        await owner.Client.PushImageAsync($"{org}/a", "v1");
        await SetAsync(org, 1_000_000);

        var large = Requests.RandomBytes(1_000_000);
        var refused = (await owner.Client.SendAsync("POST", $"/v2/{org}/a/blobs/uploads/?digest={Digest.Of(large)}", large)).Is(403, "DENIED");
        foreach (var told in (string[])["KiB of the 976.6 KiB that its quota allows", "976.6 KiB more do not fit", "time machine", "administrator"])
            Assert.Contains(told, refused.Text, StringComparison.Ordinal);
        var location = await owner.Client.StartUploadAsync($"{org}/a");
        (await owner.Client.SendAsync("PUT", $"{location}?digest={Digest.Of(large)}", large)).Is(403, "DENIED");
        (await owner.Client.SendAsync("PATCH", location, large)).Is(403, "DENIED");

        // What fits is taken, and what is there already needs no room.
        var small = Requests.RandomBytes(900_000);
        await owner.Client.PushBlobAsync($"{org}/a", small);
        await owner.Client.PushBlobAsync($"{org}/a", small);
        await owner.Client.PushBlobAsync($"{org}/b", small);
        var mine = await owner.Client.PushBlobAsync($"{owner.Name}/own", large);
        (await owner.Client.SendAsync("POST", $"/v2/{org}/a/blobs/uploads/?mount={mine}&from={owner.Name}/own")).Is(202);
        (await owner.Client.ReadAsync($"/v2/{org}/a/blobs/{mine}")).Is(404);
    }

    [Fact]
    public async Task A_quota_without_a_threshold_to_refuse_at_refuses_nothing_as_in_Quay()
    {
        var (owner, org) = await NewOrganizationAsync();
        (await registry.Client.SendJsonAsync("POST", $"/api/v1/organization/{org}/quota", """{"limit_bytes":1,"limits":[{"type":"Warning","threshold_percent":100}]}""")).Is(201);

        var image = Image.Random();
        await owner.Client.PushBlobAsync($"{org}/a", image.Config);
        await owner.Client.PushBlobAsync($"{org}/a", image.Layer);
        var pushed = (await owner.Client.PutManifestAsync($"{org}/a", "v1", image.Manifest)).Is(201);

        Assert.StartsWith($"299 - \"{org} holds ", pushed.Header("Warning"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prefix_has_a_quota_of_its_own_which_admins_of_the_organization_set()
    {
        var (owner, org) = await NewOrganizationAsync();
        var before = await owner.Client.PushImageAsync($"{org}/team-a/app", "v1");
        (await owner.Client.SendJsonAsync("POST", $"/api/v1/organization/{org}/quota", """{"limit_bytes":100000,"prefix":"team-a/","limits":[{"type":"Reject","threshold_percent":100}]}""")).Is(201);
        (await owner.Client.SendJsonAsync("POST", $"/api/v1/organization/{org}/quota", """{"limit_bytes":100000,"prefix":"Team A"}""")).Is(400);
        var size = before.Config.Length + before.Layer.Length + before.Manifest.Length;
        Assert.Equal(size, await Poll.UntilAsync(async () => await UsageOfQuotaAsync(owner, org, "bytes") is var used && used == size ? used : 0));

        var large = Requests.RandomBytes(100_000);
        (await owner.Client.SendAsync("POST", $"/v2/{org}/team-a/app/blobs/uploads/?digest={Digest.Of(large)}", large)).Is(403, "DENIED");
        await owner.Client.PushBlobAsync($"{org}/team-b/app", large);
        // What the organization has elsewhere is new here all the same.
        (await owner.Client.SendAsync("POST", $"/v2/{org}/team-a/app/blobs/uploads/?mount={Digest.Of(large)}&from={org}/team-b/app")).Is(202);
        Assert.Equal(size, await UsageOfQuotaAsync(owner, org, "bytes"));
    }

    // Q01
    [Fact]
    public async Task Fifty_pushes_at_once_do_not_go_beyond_the_quota()
    {
        var (owner, org) = await NewOrganizationAsync();
        const int Size = 20_000;
        await owner.Client.PushImageAsync($"{org}/a", "v1");
        await SetAsync(org, 500_000);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            var blob = Requests.RandomBytes(Size);
            return (await owner.Client.SendAsync("POST", $"/v2/{org}/r{i % 7}/blobs/uploads/?digest={Digest.Of(blob)}", blob)).Status;
        }));

        var used = await UsedAsync(owner, org);
        Assert.All(outcomes, static status => Assert.Contains((int)status, new[] { 201, 403 }));
        Assert.InRange(used, 500_000 - Size, 500_000);
        Assert.InRange(outcomes.Count(static status => (int)status == 201), 1, 25);
    }

    [Fact]
    public async Task Sessions_that_are_open_take_room_until_they_end()
    {
        var (owner, org) = await NewOrganizationAsync();
        await owner.Client.PushImageAsync($"{org}/a", "v1");
        await SetAsync(org, 500_000);
        var open = await owner.Client.StartUploadAsync($"{org}/a");
        (await owner.Client.SendAsync("PATCH", open, Requests.RandomBytes(300_000))).Is(202);
        var blob = Requests.RandomBytes(300_000);

        (await owner.Client.SendAsync("POST", $"/v2/{org}/a/blobs/uploads/?digest={Digest.Of(blob)}", blob)).Is(403, "DENIED");
        (await owner.Client.SendAsync("DELETE", open)).Is(204);
        (await owner.Client.SendAsync("POST", $"/v2/{org}/a/blobs/uploads/?digest={Digest.Of(blob)}", blob)).Is(201);
    }

    // Q04
    [Fact]
    public async Task Counting_anew_mends_what_went_wrong()
    {
        var (owner, org) = await NewOrganizationAsync();
        await owner.Client.PushImageAsync($"{org}/a", "v1");
        var right = await UsedAsync(owner, org);
        await using (var database = await registry.OpenDatabaseAsync())
        {
            await using var command = database.CreateCommand();
            command.CommandText = $"""
                DELETE FROM usage_blob WHERE folded = 0 AND namespace_id = (SELECT id FROM namespace WHERE name = '{org}');
                INSERT INTO usage_blob (namespace_id, quota_id, digest, bytes, folded) SELECT id, 0, {(registry.Database is null ? "x'0102'" : "'\\x0102'::bytea")}, 7777, 0 FROM namespace WHERE name = '{org}'
                """;
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        Assert.Equal(0, (await RunningWharf.RunAsync(["quota", "recount", "--data", registry.DataDirectory], registry.DataDirectory)).Code);

        Assert.Equal(right, await Poll.UntilAsync(async () => await UsedAsync(owner, org) is var used && used == right ? used : 0, TimeSpan.FromSeconds(60)));
    }

    [Theory]
    [InlineData("1", 1), InlineData("10B", 10), InlineData("1 KiB", 1024), InlineData("1Ki", 1024), InlineData("2 KB", 2000), InlineData("3K", 3000), InlineData("1GiB", 1L << 30), InlineData("7 EiB", 7L << 60)]
    [InlineData("", -1), InlineData("KiB", -1), InlineData("-1", -1), InlineData("1 Kibi", -1), InlineData("1 ZiB", -1), InlineData("8 EiB", -1), InlineData("1.5 GiB", -1)]
    public void Sizes_are_read_as_people_write_them(string text, long bytes)
    {
        Assert.Equal(bytes >= 0, ByteSize.TryParse(text, null, out var parsed));
        Assert.Equal(Math.Max(0, bytes), parsed.Bytes);
    }

    [Fact]
    public void Growth_is_the_slope_of_the_days_also_of_those_without_a_change()
    {
        const long Day = 86_400_000;
        Assert.Null(Wharf.Server.Quota.Usages.Growth([(0, 5), (3 * Day, 10)]));
        Assert.Equal(100, Wharf.Server.Quota.Usages.Growth([.. Enumerable.Range(0, 14).Select(static d => (d * Day, 1000L + (d * 100)))])!.Value, 6);
        Assert.Equal(0, Wharf.Server.Quota.Usages.Growth([(0, 1000), (10 * Day, 1000)])!.Value, 6);
        Assert.True(Wharf.Server.Quota.Usages.Growth([(0, 1000), (9 * Day, 1000), (10 * Day, 2000)]) is > 0 and < 100);
    }

    private async Task<(Account Owner, string Organization)> NewOrganizationAsync(int? window = null)
    {
        var owner = await registry.CreateUserAsync();
        var org = "o" + owner.Name;
        (await owner.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}"}""")).Is(201);
        if (window is { } seconds)
            (await owner.Client.SendJsonAsync("PUT", $"/api/v1/organization/{org}", string.Create(CultureInfo.InvariantCulture, $$"""{"tag_expiration_s":{{seconds}}}"""))).Is(200);
        return (owner, org);
    }

    private async Task SetAsync(string org, long bytes) =>
        (await registry.Client.SendJsonAsync("POST", $"/api/v1/organization/{org}/quota", $$"""{"limit_bytes":{{bytes}},"limits":[{"type":"Reject","threshold_percent":100}]}""")).Is(201);

    private static async Task<long> UsedAsync(Account owner, string org) => (await owner.Client.ReadAsync($"/api/v1/organization/{org}/usage")).Is(200).Json.GetProperty("bytes").GetInt64();

    private static async Task<long> UsageOfQuotaAsync(Account owner, string org, string member) =>
        (await owner.Client.ReadAsync($"/api/v1/organization/{org}/usage")).Is(200).Json.GetProperty("quotas")[0].GetProperty(member).GetInt64();
}
