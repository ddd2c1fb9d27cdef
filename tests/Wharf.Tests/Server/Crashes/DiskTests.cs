using System.Globalization;
using Wharf.Oci;

namespace Wharf.Tests.Server.Crashes;

/// <summary>Disks that are full or read-only (attacks.tsv D04).</summary>
public sealed class DiskTests
{
    private const string Octets = "application/octet-stream";

    [Fact]
    public async Task A_full_blob_store_refuses_pushes_and_goes_on_by_itself_when_there_is_room_again()
    {
        await using var registry = await Registry.StartAsync<StorageOnTmpfs>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        var before = await client.PushImageAsync(repository, "before");
        var content = Requests.RandomBytes(2 << 20);
        var digest = Digest.Of(content);
        var begun = await client.StartUploadAsync(repository);
        (await client.SendAsync("PATCH", begun, content[..1000], ("Content-Type", Octets))).Is(202);
        var fresh = await client.StartUploadAsync(repository);

        registry.Disk.Fill();

        Refused(await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", content), 507, "STORAGE_FULL");
        Refused(await client.SendAsync("PATCH", begun, content[1000..], ("Content-Type", Octets)), 507, "STORAGE_FULL");
        Refused(await client.SendAsync("PUT", $"{fresh}?digest={digest}", content, ("Content-Type", Octets)), 507, "STORAGE_FULL");
        // What filled the disk gave its room back, and its session with it.
        (await client.ReadAsync(begun)).Is(404, "BLOB_UPLOAD_UNKNOWN");
        Assert.Empty(Directory.GetFiles(Path.Join(registry.Disk.Path, "uploads")));
        (await client.SendAsync("HEAD", $"/v2/{repository}/blobs/{digest}")).Is(404);
        await IsPulledAsync(client, repository, "before", before);

        registry.Disk.Free();

        await client.PushBlobAsync(repository, content);
        Assert.Equal(content, (await client.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(200).Body);
    }

    [Fact]
    public async Task A_push_that_fills_the_disk_midway_leaves_nothing()
    {
        await using var registry = await Registry.StartAsync<StorageOnTmpfs>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        var content = Requests.RandomBytes(12 << 20);
        var location = await client.StartUploadAsync(repository);

        Refused(await client.SendAsync("PATCH", location, content, ("Content-Type", Octets)), 507, "STORAGE_FULL");
        Refused(await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of(content)}", content), 507, "STORAGE_FULL");

        Assert.Empty(Directory.GetFiles(registry.Disk.Path, "*", SearchOption.AllDirectories));
        await client.PushBlobAsync(repository, content[..(6 << 20)]);
    }

    [Fact]
    public async Task A_full_disk_of_the_database_refuses_pushes_and_goes_on_by_itself_when_there_is_room_again()
    {
        await using var registry = await Registry.StartAsync<DataOnTmpfs>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        var before = await client.PushImageAsync(repository, "before");
        var image = Image.Random();
        await client.PushBlobAsync(repository, image.Config);
        await client.PushBlobAsync(repository, image.Layer);

        registry.Disk.Fill();

        // The log still has some pages that a small write may use.
        var large = Requests.RandomBytes(100);
        await Poll.UntilAsync(async () =>
        {
            registry.Disk.Fill();
            var answer = await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", []);
            return (int)answer.Status == 202 ? null : answer;
        });
        for (var i = 0; i < 3; i++)
        {
            Refused(await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", []), 507, "STORAGE_FULL");
            Refused(await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of(large)}", large), 507, "STORAGE_FULL");
            Refused(await client.PutManifestAsync(repository, "after", image.Manifest), 507, "STORAGE_FULL");
        }
        (await client.ReadAsync($"/v2/{repository}/manifests/after")).Is(404, "MANIFEST_UNKNOWN");
        (await client.SendAsync("HEAD", $"/v2/{repository}/blobs/{Digest.Of(large)}")).Is(404);
        await IsPulledAsync(client, repository, "before", before);

        registry.Disk.Free();

        (await client.PutManifestAsync(repository, "after", image.Manifest)).Is(201);
        await client.PushBlobAsync(repository, large);
        await IsPulledAsync(client, repository, "after", image);
        await registry.RestartAsync();
        await IsPulledAsync(registry.ClientFor(registry.User.Name, registry.User.Password), repository, "after", image);
    }

    [Fact]
    public async Task A_read_only_blob_store_serves_pulls_and_takes_pushes_again_when_it_is_writable()
    {
        await using var registry = await Registry.StartAsync<StorageOnTmpfs>();
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        var before = await client.PushImageAsync(repository, "before");
        var content = Requests.RandomBytes(100_000);
        var digest = Digest.Of(content);
        var location = await client.StartUploadAsync(repository);
        (await client.SendAsync("PATCH", location, content[..1000], ("Content-Type", Octets))).Is(202);

        await Poll.UntilAsync(() => Task.FromResult(registry.Disk.TryMakeReadOnly()));

        for (var i = 0; i < 3; i++)
        {
            Refused(await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", content), 503, "UNAVAILABLE");
            Refused(await client.SendAsync("PATCH", location, content[1000..], ("Content-Type", Octets)), 503, "UNAVAILABLE");
            (await client.SendAsync("HEAD", $"/v2/{repository}/blobs/{digest}")).Is(404);
            await IsPulledAsync(client, repository, "before", before);
        }

        registry.Disk.MakeWritable();

        // The session goes on where it was.
        (await client.SendAsync("PUT", $"{location}?digest={digest}", content[1000..], ("Content-Type", Octets), ("Content-Range", string.Create(CultureInfo.InvariantCulture, $"1000-{content.Length - 1}")))).Is(201);
        Assert.Equal(content, (await client.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(200).Body);
    }

    private static void Refused(Answer answer, int status, string code)
    {
        answer.Is(status, code);
        Assert.InRange(int.Parse(answer.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 60);
    }

    private static async Task IsPulledAsync(HttpClient client, string repository, string tag, Image image)
    {
        Assert.Equal(image.Manifest, (await client.ReadAsync($"/v2/{repository}/manifests/{tag}")).Is(200).Body);
        Assert.Equal(image.Layer, (await client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200).Body);
    }
}
