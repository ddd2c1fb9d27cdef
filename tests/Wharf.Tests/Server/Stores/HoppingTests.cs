using System.Globalization;
using Wharf.Oci;

namespace Wharf.Tests.Server.Stores;

/// <summary>Uploads that go on at another server after every chunk, whose boundaries have nothing to do with those of the parts (contracts 3, 4). One class for each kind of store.</summary>
public abstract class HoppingTests(Replicas.Replicas replicas)
{
    [Theory]
    [InlineData(300_000, 70_001)]
    [InlineData(14_000_000, 1_234_567)]
    [InlineData(17_000_000, 5_000_001)]
    [InlineData(33_000_000, 11 << 20)]
    public async Task An_upload_goes_on_at_the_other_server_after_every_chunk(int length, int chunk)
    {
        var repository = replicas.NewRepository();
        var content = Requests.RandomBytes(length);
        HttpClient[] clients = [replicas.User.Client, replicas.Two.ClientFor(replicas.User.Name, replicas.User.Password)];
        var location = await clients[0].StartUploadAsync(repository);

        for (var (at, turn) = (0, 1); at < length; at += chunk, turn++)
        {
            var end = Math.Min(length, at + chunk);
            location = (await clients[turn % 2].SendAsync("PATCH", location, content[at..end],
                ("Content-Range", string.Create(CultureInfo.InvariantCulture, $"{at}-{end - 1}")), ("Content-Type", "application/octet-stream"))).Is(202).Location;
        }
        (await clients[0].SendAsync("PUT", $"{location}?digest={Digest.Of(content)}", [])).Is(201);

        foreach (var client in clients)
            Assert.Equal(content, (await client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(200).Body);
    }
}
