using System.Collections.Concurrent;

namespace Wharf.Tests.Server.StorageCare;

/// <summary>Clients that push, pull and delete until they are stopped or the registry is gone, and what they were told is there.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<Task> _clients;

    /// <param name="acknowledged">Gets each image by its tag when it was pushed; some of them are pulled.</param>
    public Traffic(HttpClient client, string repository, ConcurrentDictionary<string, Image> acknowledged, int clients = 2) =>
        _clients = [.. Enumerable.Range(0, clients).Select(i => Task.Run(() => RunAsync(client, repository, acknowledged, i)))];

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_clients);
        _over.Dispose();
    }

    public static async Task CheckAsync(HttpClient client, string repository, IEnumerable<KeyValuePair<string, Image>> images) => await Parallel.ForEachAsync(images, async (image, _) =>
    {
        Assert.Equal(image.Value.Manifest, (await client.ReadAsync($"/v2/{repository}/manifests/{image.Key}")).Is(200).Body);
        Assert.Equal(image.Value.Layer, (await client.ReadAsync($"/v2/{repository}/blobs/{image.Value.LayerDigest}")).Is(200).Body);
        Assert.Equal(image.Value.Config, (await client.ReadAsync($"/v2/{repository}/blobs/{image.Value.ConfigDigest}")).Is(200).Body);
    });

    private async Task RunAsync(HttpClient client, string repository, ConcurrentDictionary<string, Image> acknowledged, int number)
    {
        var random = new Random();
        try
        {
            while (!_over.IsCancellationRequested)
            {
                var tag = "t" + Guid.NewGuid().ToString("N");
                acknowledged[tag] = await client.PushImageAsync(repository, tag);
                await client.PushImageAsync(repository, $"gone{number}");
                (await client.SendAsync("DELETE", $"/v2/{repository}/manifests/gone{number}")).Is(202);
                var images = acknowledged.ToArray();
                await CheckAsync(client, repository, [images[random.Next(images.Length)]]);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // It was killed.
        }
    }
}
