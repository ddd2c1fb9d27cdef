using System.Diagnostics;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.Tags;

namespace Wharf.Tests.Server.Live;

/// <summary>Streams of what happens: who hears what, from where on, and how they end.</summary>
public sealed class LiveTests(FewStreamsRegistry registry) : IClassFixture<FewStreamsRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task A_push_is_told_with_its_tag_and_its_digest()
    {
        // Nobody has pushed as this person before: on PostgreSQL the end of another test could be told here.
        var person = await registry.CreateUserAsync();
        var repository = $"{person.Name}/told";
        var (stream, hello) = await EventStream.OpenAsync(person.Client);
        using var _ = stream;
        Assert.Equal("hello", hello.Kind);
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType?.MediaType);
        Assert.True(stream.Response.Headers.CacheControl?.NoStore);

        var image = await person.Client.PushImageAsync(repository, "v1");
        var told = await stream.NextAsync("tag");

        Assert.Equal((repository, person.Name, image.Digest.ToString()), (told.Repository, told.Namespace, told.Text("digest")));
        Assert.Equal(["v1"], told.Data.GetProperty("tags").Strings());
        Assert.True(told.Id > hello.Id);
        (await person.Client.DeleteTagAsync(repository, "v1")).Is(204);
        Assert.Equal(["v1"], (await stream.NextAsync("tag")).Data.GetProperty("tags").Strings());
    }

    [Fact]
    public async Task Strangers_hear_nothing_of_a_private_repository_and_of_a_public_one_when_they_ask_for_it()
    {
        var (repository, other) = (registry.NewRepository(), registry.NewRepository());
        await _client.PushImageAsync(repository, "v1");
        await _client.PushImageAsync(other, "v1");
        var stranger = (await registry.CreateUserAsync()).Client;

        (await stranger.ReadAsync($"/api/v1/events?repository={repository}")).Is(404);
        (await stranger.ReadAsync($"/api/v1/events?namespace={registry.User.Name}")).Is(404);
        (await stranger.ReadAsync("/api/v1/events?repository=NO")).Is(404);
        (await stranger.ReadAsync($"/api/v1/events?repository={repository}&namespace=x")).Is(400);
        (await registry.Anonymous.ReadAsync("/api/v1/events")).Is(401);

        await _client.SetPublicAsync(repository, true);
        var (stream, _) = await EventStream.OpenAsync(stranger, $"?repository={repository}");
        using var __ = stream;
        await _client.PushImageAsync(other, "v2");
        await _client.PushImageAsync(repository, "v2");
        await stream.UntilAsync(repository, "v2");

        // It is closed to him: the stream ends with that. Nothing comes before the end but news of his own account.
        await _client.SetPublicAsync(repository, false);
        await _client.PushImageAsync(repository, "v3");
        while (await stream.NextAsync() is { } rest)
            Assert.Equal("account", rest.Kind);
    }

    [Fact]
    public async Task Of_a_whole_namespace_a_member_hears_what_he_may_see_from_the_moment_that_he_may()
    {
        var org = "org" + Convert.ToHexStringLower(Requests.RandomBytes(5));
        (await _client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}","email":"{{org}}@example.test"}""")).Is(201);
        (await _client.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/members", """{"role":"member"}""")).Is(200);
        var member = await registry.CreateUserAsync();
        (await _client.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/members/members/{member.Name}", "{}")).Is(200);
        await _client.PushImageAsync($"{org}/secret", "v1");
        await _client.PushImageAsync($"{org}/shown", "v1");
        (await _client.SendJsonAsync("PUT", $"/api/v1/repository/{org}/shown/permissions/user/{member.Name}", """{"role":"read"}""")).Is(200);
        var (stream, _) = await EventStream.OpenAsync(member.Client, $"?namespace={org}");
        using var __ = stream;

        await _client.PushImageAsync($"{org}/secret", "v2");
        await _client.PushImageAsync($"{org}/shown", "v2");
        await stream.UntilAsync($"{org}/shown", "v2");

        (await _client.SendJsonAsync("PUT", $"/api/v1/repository/{org}/secret/permissions/user/{member.Name}", """{"role":"read"}""")).Is(200);
        await _client.PushImageAsync($"{org}/secret", "v3");
        await stream.UntilAsync($"{org}/secret", "v3");

        (await _client.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/more", """{"role":"member"}""")).Is(200);
        Assert.Equal(org, (await stream.NextAsync("namespace")).Namespace);

        // No member any more, and so nobody who may ask for the namespace.
        (await _client.SendAsync("DELETE", $"/api/v1/organization/{org}/team/members/members/{member.Name}")).Is(204);
        while (await stream.NextAsync() is { } rest)
            Assert.NotEqual($"{org}/secret2", rest.Repository);
    }

    [Fact]
    public async Task A_stream_goes_on_where_the_last_one_broke_or_says_that_it_cannot()
    {
        var repository = registry.NewRepository();
        await _client.PushImageAsync(repository, "v0");
        var (first, hello) = await EventStream.OpenAsync(_client, $"?repository={repository}");
        first.Dispose();
        await _client.PushImageAsync(repository, "v1");
        await _client.PushImageAsync(repository, "v2");

        var (again, next) = await EventStream.OpenAsync(_client, $"?repository={repository}", ("Last-Event-ID", $"{hello.Id}"));
        var tags = new List<string>();
        // Where replicas share the database, positions are given out a moment later: v0 may be behind the place, too.
        for (; !tags.Contains("v2"); next = tags.Contains("v2") ? next : await again.NextAsync("tag"))
            if (next.Kind == "tag")
                tags.AddRange(next.Data.GetProperty("tags").Strings());
        again.Dispose();

        Assert.Equal(["v1", "v2"], tags.Except(["v0"]));
        foreach (var nonsense in new[] { "9223372036854775807", "-3", "abc", "99999999999999999999" })
        {
            var (stream, one) = await EventStream.OpenAsync(_client, $"?repository={repository}", ("Last-Event-ID", nonsense));
            Assert.Equal("resync", one.Kind);
            await _client.PushImageAsync(repository, "more");
            Assert.Equal(["more"], (await stream.NextAsync("tag")).Data.GetProperty("tags").Strings());
            stream.Dispose();
        }
    }

    [Fact]
    public async Task It_ends_with_the_session_and_one_may_have_only_so_many()
    {
        var person = await registry.CreateUserAsync();
        var browser = await Browser.SignedInAsync(registry, person);
        var streams = new List<EventStream>();
        for (var i = 0; i < FewStreamsRegistry.StreamsOfOne; i++)
            streams.Add((await EventStream.OpenAsync(person.Client)).Stream);
        var refused = (await person.Client.ReadAsync("/api/v1/events")).Is(429);
        Assert.NotNull(refused.Header("Retry-After"));
        streams[0].Dispose();
        // The server notices that the connection is gone.
        using var ofSession = await Poll.UntilAsync(() => EventStream.TryOpenAsync(registry.Anonymous, "", ("Cookie", $"wharf-session={browser.Cookie}")));

        (await browser.SendAsync("POST", "/api/v1/signout")).Is(200);

        while (await ofSession!.NextAsync() is not null)
        {
        }
        streams.ForEach(static s => s.Dispose());
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_streams_at_once()
    {
        await using var own = await Registry.StartAsync<UserRegistry>();
        var (stream, _) = await EventStream.OpenAsync(own.UserClient);
        using var __ = stream;
        var began = Stopwatch.GetTimestamp();

        var stopping = own.StopAsync();
        var end = await stream.NextAsync();
        await stopping;

        Assert.Null(end);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(8), "It waited for what never ends.");
    }
}

/// <summary>A registry on which one caller may have few streams.</summary>
public sealed class FewStreamsRegistry : UserRegistry
{
    public const int StreamsOfOne = 10;

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(base.Settings) { ["Live:StreamsOfOne"] = $"{StreamsOfOne}" };
}
