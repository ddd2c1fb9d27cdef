using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Wharf.Oci;

namespace Wharf.Tests.Server.Replicas;

public sealed class ReplicaTests(Replicas replicas) : IClassFixture<Replicas>
{
    private HttpClient OnOne => replicas.User.Client;

    private HttpClient OnTwo => field ??= replicas.Two.ClientFor(replicas.User.Name, replicas.User.Password);

    [Fact]
    public async Task An_upload_goes_on_at_the_other_replica_after_every_chunk()
    {
        var repository = replicas.NewRepository();
        var content = Requests.RandomBytes(3 << 20);
        var digest = Digest.Of(content);
        var location = await OnOne.StartUploadAsync(repository);

        const int Chunk = 256 << 10;
        for (var at = 0; at < content.Length; at += Chunk)
        {
            var client = at / Chunk % 2 == 0 ? OnTwo : OnOne;
            var patched = (await client.SendAsync("PATCH", location, content[at..(at + Chunk)],
                ("Content-Range", string.Create(CultureInfo.InvariantCulture, $"{at}-{at + Chunk - 1}")), ("Content-Type", "application/octet-stream"))).Is(202);
            location = patched.Location;
        }
        (await OnTwo.SendAsync("PUT", $"{location}?digest={digest}", [])).Is(201);

        Assert.Equal(content, (await OnOne.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(200).Body);
        Assert.Equal(content, (await OnTwo.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(200).Body);
    }

    [Fact]
    public async Task A_token_of_one_replica_is_good_at_the_other()
    {
        var repository = replicas.NewRepository();
        var token = await OnOne.TokenAsync($"repository:{repository}:pull,push");
        var image = Image.Random();

        foreach (var blob in new[] { image.Config, image.Layer })
            (await replicas.Two.Anonymous.WithTokenAsync(token, "POST", $"/v2/{repository}/blobs/uploads/?digest={Digest.Of(blob)}", blob)).Is(201);
        (await replicas.Two.Anonymous.WithTokenAsync(token, "PUT", $"/v2/{repository}/manifests/1", image.Manifest, ("Content-Type", MediaTypes.OciManifest))).Is(201);

        (await replicas.One.Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/1")).Is(200);
    }

    [Fact]
    public async Task What_is_deleted_at_one_replica_is_gone_at_the_other_within_seconds()
    {
        var repository = replicas.NewRepository();
        var image = await OnOne.PushImageAsync(repository, "1");
        (await OnTwo.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);

        (await OnOne.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);

        (await OnOne.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404);
        await Poll.UntilAsync(async () => (await OnTwo.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Status == HttpStatusCode.NotFound, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_repository_made_private_at_one_replica_is_closed_at_the_other_within_seconds()
    {
        var repository = replicas.NewRepository();
        await OnOne.PushImageAsync(repository, "1");
        await OnOne.SetPublicAsync(repository, isPublic: true);
        await Poll.UntilAsync(async () => (await replicas.Two.Anonymous.ReadAsync($"/v2/{repository}/manifests/1")).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(5));

        await OnOne.SetPublicAsync(repository, isPublic: false);

        (await replicas.One.Anonymous.ReadAsync($"/v2/{repository}/manifests/1")).Is(401);
        await Poll.UntilAsync(async () => (await replicas.Two.Anonymous.ReadAsync($"/v2/{repository}/manifests/1")).Status == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task One_tag_moved_from_both_replicas_at_once_always_names_one_of_the_manifests()
    {
        var repository = replicas.NewRepository();
        var images = new List<Image>();
        for (var i = 0; i < 8; i++)
            images.Add(await OnOne.PushImageAsync(repository, $"own{i}"));

        var statuses = new ConcurrentBag<HttpStatusCode>();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            for (var n = 0; n < 10; n++)
                statuses.Add((await (i % 2 == 0 ? OnOne : OnTwo).PutManifestAsync(repository, "moved", images[(i + n) % images.Count].Manifest)).Status);
        }));

        Assert.All(statuses, static s => Assert.Equal(HttpStatusCode.Created, s));
        var one = (await OnOne.ReadAsync($"/v2/{repository}/manifests/moved")).Is(200);
        Assert.Contains(images, i => i.Manifest.AsSpan().SequenceEqual(one.Body));
        Assert.Equal(one.Body, (await OnTwo.ReadAsync($"/v2/{repository}/manifests/moved")).Is(200).Body);
        Assert.Equal(["0"], await OverlapsAsync(repository));
    }

    [Fact]
    public async Task Both_replicas_push_the_same_blob_at_once_and_it_is_kept_once()
    {
        var repository = replicas.NewRepository();
        var content = Requests.RandomBytes(100_000);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? OnOne : OnTwo).PushBlobAsync(repository, content)));

        Assert.Equal(content, (await OnTwo.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(content)}")).Is(200).Body);
        var placements = await QueryAsync("SELECT count(*)::text FROM blob_placement WHERE digest = @digest", Digest.Of(content).ToArray());
        Assert.Equal(["1"], placements);
    }

    [Fact]
    public async Task A_blob_that_is_deleted_while_its_manifest_is_pushed_is_never_missing_from_an_acknowledged_one()
    {
        var repository = replicas.NewRepository();
        var acknowledged = 0;
        for (var round = 0; round < 60; round++)
        {
            var image = Image.Random();
            await OnOne.PushBlobAsync(repository, image.Config);
            await OnOne.PushBlobAsync(repository, image.Layer);

            var pushing = OnOne.PutManifestAsync(repository, $"round{round}", image.Manifest);
            var deleting = OnTwo.SendAsync("DELETE", $"/v2/{repository}/blobs/{image.LayerDigest}");
            var (pushed, deleted) = (await pushing, await deleting);

            Assert.Contains((int)deleted.Status, new[] { 202, 405 });
            if (pushed.Status != HttpStatusCode.Created)
            {
                pushed.Is(404);
                continue;
            }
            acknowledged++;
            Assert.Equal(["1"], await QueryAsync("SELECT count(*)::text FROM repository_blob WHERE digest = @digest", image.LayerDigest.ToArray()));
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{acknowledged} of 60 pushes came first");
    }

    // Half-open intervals of one tag that share a moment.
    private Task<List<string>> OverlapsAsync(string repository) => QueryAsync($"""
        SELECT count(*)::text FROM tag a JOIN tag b USING (repository_id, name) JOIN repository r ON r.id = a.repository_id
         WHERE r.name = '{repository.Split('/')[1]}' AND a.started_ms < b.started_ms AND (a.ended_ms IS NULL OR a.ended_ms > b.started_ms) AND @digest IS NOT NULL
        """, [0]);

    private async Task<List<string>> QueryAsync(string sql, byte[] digest)
    {
        await using var source = Npgsql.NpgsqlDataSource.Create(replicas.Database);
        await using var command = source.CreateCommand(sql);
        command.Parameters.AddWithValue("digest", digest);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            rows.Add(reader.GetString(0));
        return rows;
    }
}
