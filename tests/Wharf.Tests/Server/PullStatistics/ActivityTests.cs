using System.Text.Json;
using Wharf.Tests.Server.Tags;

namespace Wharf.Tests.Server.PullStatistics;

/// <summary>What happens with a repository, by day.</summary>
public sealed class ActivityTests(CountingRegistry registry) : IClassFixture<CountingRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task Pushes_and_pulls_of_today_are_counted_once_each_and_days_long_past_are_not_shown()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        (await _client.PutTagAsync(repository, "v2", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        for (var i = 0; i < 3; i++)
            (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
        var today = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() / 86_400;
        await using (var database = await registry.OpenDatabaseAsync())
        await using (var command = database.CreateCommand())
        {
            command.CommandText = $"""
                INSERT INTO repository_day (namespace_id, repository_id, day, pulls)
                SELECT r.namespace_id, r.id, d.day, 7 FROM repository r, (SELECT {today - 89} AS day UNION SELECT {today - 95}) d WHERE r.name = '{repository.Split('/')[1]}'
                """;
            Assert.Equal(2, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        List<JsonElement> days = [];
        await Poll.UntilAsync(async () =>
        {
            days = [.. (await _client.ReadAsync($"/api/v1/repository/{repository}/activity")).Is(200).Json.GetProperty("days").EnumerateArray()];
            return days.Sum(static d => d.GetProperty("pulls").GetInt64()) == 11;
        });

        // Midnight may pass in between.
        Assert.InRange(days.Count, 2, 3);
        Assert.Equal(7, days[0].GetProperty("pulls").GetInt64());
        Assert.Equal(2, days.Sum(static d => d.GetProperty("pushes").GetInt64()));
        Assert.Matches(@"^\d{4}-\d\d-\d\d$", days[^1].GetProperty("date").GetString());
        var stats = (await _client.ReadAsync($"/api/v1/repository/{repository}?includeStats=true")).Is(200).Json.GetProperty("stats").EnumerateArray();
        Assert.Equal(13, stats.Sum(static d => d.GetProperty("count").GetInt64()));
        (await registry.Anonymous.ReadAsync($"/api/v1/repository/{repository}/activity")).Is(401);
        (await _client.ReadAsync($"/api/v1/repository/{registry.NewRepository()}/activity")).Is(404);
    }
}
