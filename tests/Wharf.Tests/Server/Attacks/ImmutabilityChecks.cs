using System.Text.Json;
using Wharf.Oci;
using Wharf.Tests.Server.Immutability;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Tags;
using Wharf.Tests.Server.TimeMachine;

namespace Wharf.Tests.Server.Attacks;

internal sealed class ImmutabilityChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("V01")]
    public async Task Another_digest_and_the_same()
    {
        var (repository, image) = await ProtectedAsync("v1");
        var other = await Client.PushImageAsync(repository, "other");
        (await Client.PutManifestAsync(repository, "v1", other.Manifest)).Is(409, "TAG_IMMUTABLE");
        // By its digest, with the tag beside it.
        (await Client.SendAsync("PUT", $"/v2/{repository}/manifests/{other.Digest}?tag=v1", other.Manifest, ("Content-Type", MediaTypes.OciManifest))).Is(409, "TAG_IMMUTABLE");
        (await Client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);
        await StaysAsync(repository, image);
    }

    [Attack("V02")]
    public async Task Latest_is_a_tag_like_others()
    {
        var (repository, image) = await ProtectedAsync("latest");
        var writer = await Registry.CreateUserAsync();
        await Client.GrantAsync(repository, writer.Name, "write");
        foreach (var client in new[] { Client, writer.Client })
        {
            (await client.PutManifestAsync(repository, "latest", (await Client.PushImageAsync(repository, "other")).Manifest)).Is(409, "TAG_IMMUTABLE");
            (await client.SendAsync("DELETE", $"/v2/{repository}/manifests/latest")).Is(409, "TAG_IMMUTABLE");
        }
        (await writer.Client.PutTagAsync(repository, "latest", """{"immutable":false}""")).Is(403);
        await StaysAsync(repository, image, "latest");
    }

    [Attack("V03")]
    public async Task Ways_around_an_immutable_tag()
    {
        var repository = Registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var then = await Clock.TickAsync();
        var image = await Client.PushImageAsync(repository, "v1");
        var other = await Client.PushImageAsync(repository, "other");
        await Client.ProtectAsync(repository, "v1");
        var former = (await Client.TagsAsync(repository, "?specificTag=v1"))[1].Digest();
        var tag = $"/api/v1/repository/{repository}/tag/v1";
        foreach (var answer in new[]
        {
            await Client.SendAsync("DELETE", tag),
            await Client.SendAsync("DELETE", tag + "?skipRecoveryPeriod=true"),
            await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1"),
            await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}"),
            await Client.SendJsonAsync("PUT", tag, $$"""{"manifest_digest":"{{other.Digest}}"}"""),
            await Client.SendJsonAsync("PUT", tag, $$"""{"manifest_digest":"{{other.Digest}}","immutable":true}"""),
            await Client.SendJsonAsync("PUT", tag, """{"expiration":4000000000}"""),
            await Client.RestoreTagAsync(repository, "v1", former),
            await Client.SendJsonAsync("POST", tag + "/expire", """{"is_alive":true,"include_submanifests":true}"""),
            await Client.SendJsonAsync("POST", tag + "/expire", $$"""{"manifest_digest":"{{image.Digest}}"}"""),
            await Client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/timemachine/restore", $$"""{"as_of":"{{then.Text()}}"}"""),
        })
            answer.Is(409);
        // A blob of it goes no more than its manifest.
        IsOneOf(await Client.SendAsync("DELETE", $"/v2/{repository}/blobs/{image.LayerDigest}"), 405);
        await StaysAsync(repository, image);
        // That is a right of its own: who may delete the repository may do so, and it comes back with them.
        (await Client.SendAsync("DELETE", $"/api/v1/repository/{repository}")).Is(204);
        (await Client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/restore", "{}")).Is(200);
        await StaysAsync(repository, image);
    }

    [Attack("V04")]
    public async Task Deletions_where_nothing_may_be_changed()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        (await Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"READ_ONLY"}""")).Is(200);
        var tag = $"/api/v1/repository/{repository}/tag/v1";
        foreach (var path in new[] { tag, tag + "?skipRecoveryPeriod=true", $"/v2/{repository}/manifests/v1", $"/v2/{repository}/manifests/{image.Digest}", $"/v2/{repository}/blobs/{image.LayerDigest}" })
            IsOneOf(await Client.SendAsync("DELETE", path), 403);
        IsOneOf(await Client.SendJsonAsync("POST", tag + "/expire", """{"is_alive":true}"""), 403);
        IsOneOf(await Client.SendJsonAsync("PUT", tag, """{"immutable":true}"""), 403);
        (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await Client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
    }

    [Attack("V05")]
    public async Task Two_first_pushes_at_once()
    {
        var (repository, _) = await ProtectedAsync("first");
        await Client.CreatePolicyAsync(PolicyRequests.Policies(repository), "v.*");
        var images = new[] { await Client.PushImageAsync(repository, "a"), await Client.PushImageAsync(repository, "b") };
        for (var round = 0; round < 10; round++)
        {
            var answers = await Task.WhenAll(images.Select(i => Client.PutManifestAsync(repository, $"v{round}", i.Manifest)));
            Assert.Equal([201, 409], answers.Select(static a => (int)a.Status).Order());
            Assert.Single(await Client.TagsAsync(repository, $"?specificTag=v{round}"));
        }
    }

    [Attack("V06")]
    public async Task A_policy_that_is_edited_while_pushes_run()
    {
        var (repository, image) = await ProtectedAsync("first");
        var uuid = await Client.CreatePolicyAsync(PolicyRequests.Policies(repository), "nothing");
        var edited = false;
        var pushes = Enumerable.Range(0, 4).Select(async worker =>
        {
            for (var i = 0; !Volatile.Read(ref edited) || i < 20; i++)
                (await Client.PutManifestAsync(repository, $"v{worker}-{i}", image.Manifest)).Is(201);
        }).ToArray();
        (await Client.SendJsonAsync("PUT", PolicyRequests.Policies(repository) + uuid, """{"tagPattern":"v.*"}""")).Is(204);
        Volatile.Write(ref edited, true);
        await Task.WhenAll(pushes);
        await Poll.UntilAsync(async () => (await Client.ReadAsync(PolicyRequests.Policies(repository) + uuid)).Is(200).Json.GetProperty("applied").GetBoolean());
        foreach (var worker in Enumerable.Range(0, 4))
            Assert.All(await Client.TagsAsync(repository, $"?onlyActiveTags=true&limit=100&filter_tag_name=like:v{worker}-"), static t => Assert.True(t.GetProperty("immutable").GetBoolean()));
    }

    private async Task<(string Repository, Image Image)> ProtectedAsync(string tag)
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, tag);
        await Client.ProtectAsync(repository, tag);
        return (repository, image);
    }

    private async Task StaysAsync(string repository, Image image, string tag = "v1")
    {
        var row = (await Client.LiveAsync(repository, tag))!.Value;
        Assert.Equal((image.Digest.ToString(), true, JsonValueKind.Undefined), (row.Digest(), row.GetProperty("immutable").GetBoolean(), row.TryGetProperty("end_ts", out var end) ? end.ValueKind : default));
        Assert.Equal(image.Manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/{tag}")).Is(200).Body);
        (await Client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
    }
}
