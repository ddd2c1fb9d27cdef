namespace Wharf.Tests.Server.Superuser;

/// <summary>What superusers have to say to everybody.</summary>
public sealed class MessageTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task Everybody_reads_what_a_superuser_says_until_it_is_taken_back()
    {
        (await registry.Client.SendJsonAsync("POST", "/api/v1/messages", """{"message":{"content":"Down on *Sunday*","media_type":"text/markdown","severity":"warning"}}""")).Is(201);

        var message = (await registry.Anonymous.ReadAsync("/api/v1/messages")).Is(200).Json.GetProperty("messages").EnumerateArray().Single(static m => m.GetProperty("content").GetString() == "Down on *Sunday*");
        Assert.Equal(["uuid", "severity", "media_type", "content"], message.EnumerateObject().Select(static p => p.Name));
        Assert.Equal(("warning", "text/markdown"), (message.GetProperty("severity").GetString(), message.GetProperty("media_type").GetString()));

        (await registry.Client.SendAsync("DELETE", $"/api/v1/message/{message.GetProperty("uuid").GetString()}")).Is(204);
        Assert.DoesNotContain("Sunday", (await registry.Anonymous.ReadAsync("/api/v1/messages")).Is(200).Text, StringComparison.Ordinal);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/message/{message.GetProperty("uuid").GetString()}")).Is(204);
        (await registry.Client.SendAsync("DELETE", "/api/v1/message/nobody")).Is(204);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"message":null}""")]
    [InlineData("""{"message":{"content":"x","media_type":"text/plain"}}""")]
    [InlineData("""{"message":{"content":"","media_type":"text/plain","severity":"info"}}""")]
    [InlineData("""{"message":{"content":"\u0000","media_type":"text/plain","severity":"info"}}""")]
    [InlineData("""{"message":{"content":"x","media_type":"text/html","severity":"info"}}""")]
    [InlineData("""{"message":{"content":"x","media_type":"text/plain","severity":"loud"}}""")]
    public async Task What_is_no_message_is_refused(string body) => (await registry.Client.SendJsonAsync("POST", "/api/v1/messages", body)).Is(400);

    [Fact]
    public async Task There_are_not_more_than_people_can_be_shown()
    {
        await using var own = await Registry.StartAsync<UserRegistry>();
        for (var i = 0; i < 100; i++)
            (await own.Client.SendJsonAsync("POST", "/api/v1/messages", """{"message":{"content":"x","media_type":"text/plain","severity":"info"}}""")).Is(201);

        (await own.Client.SendJsonAsync("POST", "/api/v1/messages", """{"message":{"content":"x","media_type":"text/plain","severity":"info"}}""")).Is(400);
        Assert.Equal(100, (await own.Anonymous.ReadAsync("/api/v1/messages")).Is(200).Json.GetProperty("messages").GetArrayLength());
    }
}
