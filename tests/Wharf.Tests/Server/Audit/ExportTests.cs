using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wharf.Server.Hosting;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Audit;

public sealed class ExportTests(ExportTests.CallingRegistry registry) : IClassFixture<ExportTests.CallingRegistry>
{
    /// <summary>Its callbacks may reach 127.0.0.2 and no other address of this machine.</summary>
    public sealed class CallingRegistry : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Audit:CallbackNetworks:0"] = "127.0.0.2/32" };
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_callback_tells_where_the_file_is_and_the_link_is_all_that_is_needed()
    {
        var called = new TaskCompletionSource<JsonNode>();
        await using var receiver = await ReceiverAsync("127.0.0.2", async http =>
        {
            called.TrySetResult((await JsonNode.ParseAsync(http.Request.Body))!);
        });
        var ann = await registry.CreateUserAsync();
        await ann.Client.PushImageAsync($"{ann.Name}/app", "v1");
        await ann.Client.PushImageAsync($"{ann.Name}/other", "v1");

        var queued = (await ann.Client.SendJsonAsync("POST", $"/api/v1/repository/{ann.Name}/app/exportlogs", $$"""{"callback_url":"{{receiver.Urls.First()}}/done"}""")).Is(200).Json.GetProperty("export_id").GetString();

        var told = await called.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        Assert.Equal((queued, "success", ann.Name, "app"), ((string?)told["export_id"], (string?)told["status"], (string?)told["namespace"], (string?)told["repository"]));
        var url = new Uri((string)told["exported_data_url"]!);
        var file = JsonNode.Parse((await registry.Anonymous.ReadAsync(url.PathAndQuery)).Is(200).Text)!;
        Assert.Equal(["push_repo", "create_repo"], file["logs"]!.AsArray().Select(static l => (string?)l!["kind"]));
        Assert.Equal(queued, (string?)file["export_id"]);
        (await registry.Anonymous.ReadAsync("/exportedlogs/" + new string('0', 64))).Is(404);
        await Poll.UntilAsync(async () => (await ann.Client.ReadAsync($"/api/v1/user/logs?kinds=export_logs_success")).Is(200).Json.GetProperty("logs").GetArrayLength() == 1);
    }

    [Fact]
    public async Task The_file_has_what_the_list_has_with_the_same_filters()
    {
        var files = new ConcurrentDictionary<string, string>();
        await using var receiver = await ReceiverAsync("127.0.0.2", async http =>
        {
            var told = (await JsonNode.ParseAsync(http.Request.Body))!;
            files[(string)told["export_id"]!] = new Uri((string)told["exported_data_url"]!).PathAndQuery;
        });
        var (ann, bob) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var place = $"/api/v1/repository/{ann.Name}/app";
        var image = await ann.Client.PushImageAsync($"{ann.Name}/app", "v1");
        await ann.Client.GrantAsync($"{ann.Name}/app", bob.Name, "write");
        await bob.Client.PushImageAsync($"{ann.Name}/app", "v2");
        (await bob.Client.ReadAsync($"/v2/{ann.Name}/app/manifests/{image.Digest}")).Is(200);
        (string Filter, int Count)[] filters =
        [
            ("", 5), ($"performer={bob.Name}", 2), ($"performer={ann.Name},{bob.Name}", 5), ("performer=nobody", 0), ("kinds=push_repo,create_repo", 3), ($"digest={image.Digest}", 2),
            ("changes=true", 4), ($"performer={bob.Name}&kinds=push_repo", 1), ("starttime=01/01/2024&endtime=01/02/2024", 0),
        ];

        foreach (var (filter, count) in filters)
        {
            var listed = Entries(JsonNode.Parse((await ann.Client.ReadAsync($"{place}/logs?limit=100&{filter}")).Is(200).Text)!);
            var id = (await ann.Client.SendJsonAsync("POST", $"{place}/exportlogs?{filter}", $$"""{"callback_url":"{{receiver.Urls.First()}}"}""")).Is(200).Json.GetProperty("export_id").GetString()!;
            await Poll.UntilAsync(() => Task.FromResult(files.ContainsKey(id)));
            var file = JsonNode.Parse((await registry.Anonymous.ReadAsync(files[id])).Is(200).Text)!;
            Assert.Equal(count, listed.Count);
            Assert.Equal(listed, Entries(file));
            Assert.Equal(filter.Length > 0 && !filter.StartsWith("starttime", StringComparison.Ordinal), (bool)file["filtered"]!);
        }
        (await ann.Client.SendJsonAsync("POST", $"{place}/exportlogs?digest=none", $$"""{"callback_url":"{{receiver.Urls.First()}}"}""")).Is(400);

        // Without the exports before, which become entries themselves.
        static List<string?> Entries(JsonNode of) => [.. of["logs"]!.AsArray().Where(static l => !((string)l!["kind"]!).StartsWith("export_logs", StringComparison.Ordinal)).Select(static l => (string?)l!["id"])];
    }

    [Fact]
    public async Task A_callback_reaches_nothing_inside_and_follows_nobody_there()
    {
        var reached = 0;
        await using var inside = await ReceiverAsync("127.0.0.1", _ =>
        {
            Interlocked.Increment(ref reached);
            return Task.CompletedTask;
        });
        await using var leading = await ReceiverAsync("127.0.0.2", http =>
        {
            http.Response.Redirect(inside.Urls.First());
            return Task.CompletedTask;
        });
        var ann = await registry.CreateUserAsync();
        foreach (var url in new[] { inside.Urls.First(), inside.Urls.First().Replace("127.0.0.1", "localhost", StringComparison.Ordinal), inside.Urls.First().Replace("127.0.0.1", "[::ffff:127.0.0.1]", StringComparison.Ordinal), leading.Urls.First() })
            (await ann.Client.SendJsonAsync("POST", "/api/v1/user/exportlogs", $$"""{"callback_url":"{{url}}"}""")).Is(200);

        await Poll.UntilAsync(() => Task.FromResult(registry.Log().Split("The export of logs").Length > 4), TimeSpan.FromSeconds(40));

        Assert.Equal(0, reached);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"callback_url":"ftp://example.com"}""")]
    [InlineData("""{"callback_url":"https://me:secret@example.com"}""")]
    [InlineData("""{"callback_url":"/relative"}""")]
    [InlineData("""{"callback_email":"ann@example.test"}""")]
    [InlineData("""{"callback_url":"https://example.com","callback_email":"ann@example.test"}""")]
    public async Task What_cannot_be_called_is_refused(string body) => (await registry.Client.SendJsonAsync("POST", "/api/v1/user/exportlogs", body)).Is(400);

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("10.0.0.1", false)]
    [InlineData("100.64.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("2002:a00:1::", false)]
    [InlineData("fd00::1", false)]
    [InlineData("fe80::1", false)]
    public void Only_the_public_Internet_is_outside(string address, bool outside) => Assert.Equal(outside, Outgoing.MayReach(IPAddress.Parse(address), []));

    private static async Task<WebApplication> ReceiverAsync(string address, RequestDelegate answer)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://{address}:0");
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync(Ct);
        return app;
    }
}
