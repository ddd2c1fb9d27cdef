namespace Wharf.Tests.Server.Superuser;

/// <summary>The places that keep blobs, as superusers see them.</summary>
public sealed class StorageLocationTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task Each_place_says_whether_it_answers_and_what_it_holds()
    {
        var image = await registry.UserClient.PushImageAsync(registry.NewRepository(), "v1");
        await using (var database = await registry.OpenDatabaseAsync())
        await using (var command = database.CreateCommand())
        {
            command.CommandText = "INSERT INTO blob_placement (digest, location, storage_key, state) SELECT digest, 'elsewhere', 'ab/0', 'present' FROM blob WHERE size = 1000 LIMIT 1";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        var locations = (await registry.Client.ReadAsync("/api/v1/superuser/storage")).Is(200).Json.GetProperty("locations").EnumerateArray().ToList();

        Assert.Equal(2, locations.Count);
        var (own, other) = (locations[0], locations[1]);
        Assert.Equal((true, true, true, false), (own.GetProperty("configured").GetBoolean(), own.GetProperty("preferred").GetBoolean(), own.GetProperty("reachable").GetBoolean(), own.GetProperty("given_up").GetBoolean()));
        Assert.True(own.GetProperty("blobs").GetInt64() >= 2);
        Assert.True(own.GetProperty("bytes").GetInt64() >= image.Config.Length + image.Layer.Length);
        Assert.Equal(("elsewhere", false, false, 1L, 1000L),
            (other.GetProperty("name").GetString(), other.GetProperty("configured").GetBoolean(), other.GetProperty("reachable").GetBoolean(), other.GetProperty("blobs").GetInt64(), other.GetProperty("bytes").GetInt64()));
        (await registry.UserClient.ReadAsync("/api/v1/superuser/storage")).Is(403);
    }
}
