using System.Text;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Repositories;
using Wharf.Tests.Server.Tags;
using Wharf.Tests.Server.TimeMachine;

namespace Wharf.Tests.Server.Immutability;

/// <summary>Tags that cannot be changed, on every way to change one.</summary>
public sealed class ImmutableTagTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task An_immutable_tag_stays_where_it_is_and_the_same_digest_is_welcome()
    {
        var repository = registry.NewRepository();
        var (image, other) = (await _client.PushImageAsync(repository, "v1"), await _client.PushImageAsync(repository, "other"));
        await _client.ProtectAsync(repository, "v1");

        var refused = (await _client.PutManifestAsync(repository, "v1", other.Manifest)).Is(409, "TAG_IMMUTABLE");
        Assert.Contains("'v1'", refused.Message, StringComparison.Ordinal);
        (await _client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);
        (await _client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(409, "TAG_IMMUTABLE");
        (await _client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(409, "TAG_IMMUTABLE");
        (await _client.SendAsync("DELETE", $"/v2/{repository}/blobs/{image.LayerDigest}")).Is(405);
        (await _client.PutTagAsync(repository, "v1", $$"""{"manifest_digest":"{{other.Digest}}"}""")).IsImmutable("overwrite");
        (await _client.PutTagAsync(repository, "v1", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        (await _client.DeleteTagAsync(repository, "v1")).IsImmutable("delete");
        (await _client.DeleteTagAsync(repository, "v1?skipRecoveryPeriod=true")).IsImmutable("delete");
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", """{"is_alive":true}""")).IsImmutable("delete");
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", $$"""{"manifest_digest":"{{image.Digest}}"}""")).IsImmutable("delete");
        (await _client.RestoreTagAsync(repository, "v1", other.Digest)).IsImmutable("overwrite");
        (await _client.PutTagAsync(repository, "v1", """{"expiration":4000000000}""")).IsImmutable("set expiration on");
        (await _client.PutTagAsync(repository, "v1", $$"""{"manifest_digest":"{{image.Digest}}","expiration":4000000000}""")).IsImmutable("set expiration on");
        (await _client.PutTagAsync(repository, "v1", """{"expiration":null}""")).Is(201);

        var row = Assert.Single(await _client.TagsAsync(repository, "?specificTag=v1"));
        Assert.Equal((image.Digest.ToString(), true, false), (row.Digest(), row.GetProperty("immutable").GetBoolean(), row.Has("end_ts")));
        // Its own digest under another tag is nobody's business.
        (await _client.PutTagAsync(repository, "v2", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        (await _client.DeleteTagAsync(repository, "v2")).Is(204);
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v2/expire", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
    }

    [Fact]
    public async Task A_push_of_several_tags_moves_none_when_one_of_them_is_immutable()
    {
        var repository = registry.NewRepository();
        var (image, other) = (await _client.PushImageAsync(repository, "v1"), await _client.PushImageAsync(repository, "other"));
        await _client.ProtectAsync(repository, "v1");

        (await _client.SendAsync("PUT", $"/v2/{repository}/manifests/{other.Digest}?tag=v2&tag=v1", other.Manifest, ("Content-Type", MediaTypes.OciManifest))).Is(409, "TAG_IMMUTABLE");

        Assert.Null(await _client.LiveAsync(repository, "v2"));
        Assert.Equal(image.Digest.ToString(), (await _client.LiveAsync(repository, "v1"))!.Value.Digest());
    }

    [Fact]
    public async Task Writers_make_tags_immutable_and_administrators_make_them_changeable()
    {
        var (owner, writer) = (_client, await registry.CreateUserAsync());
        var repository = registry.NewRepository();
        var (image, other) = (await owner.PushImageAsync(repository, "v1"), await owner.PushImageAsync(repository, "other"));
        await owner.GrantAsync(repository, writer.Name, "write");

        await writer.Client.ProtectAsync(repository, "v1");
        await writer.Client.ProtectAsync(repository, "v1");
        (await writer.Client.PutTagAsync(repository, "v1", """{"immutable":false}""")).Is(403);
        (await writer.Client.PutTagAsync(repository, "v1", $$"""{"immutable":false,"manifest_digest":"{{other.Digest}}"}""")).Is(403);
        (await writer.Client.PutTagAsync(repository, "other", """{"immutable":false}""")).Is(201);
        Assert.True(await owner.IsImmutableAsync(repository, "v1"));
        (await owner.PutTagAsync(repository, "v1", """{"immutable":false}""")).Is(201);
        Assert.False(await owner.IsImmutableAsync(repository, "v1"));
        await owner.ProtectAsync(repository, "v1");
        // At once with what it is for.
        (await owner.PutTagAsync(repository, "v1", $$"""{"immutable":false,"manifest_digest":"{{other.Digest}}"}""")).Is(201);
        (await owner.PutTagAsync(repository, "v1", $$"""{"immutable":true,"manifest_digest":"{{image.Digest}}"}""")).Is(201);

        Assert.True(await owner.IsImmutableAsync(repository, "v1"));
        var told = (await owner.AuditAsync(repository)).Where(static l => l.Kind == "change_tag_immutability").Select(static l => l.Metadata).ToList();
        Assert.Equal(["False True v1", "True False v1", "False True v1", "True False v1", "False True v1"],
            told.Select(static m => $"{m.GetProperty("previous_immutable").GetBoolean()} {m.GetProperty("immutable").GetBoolean()} {m.GetProperty("tag").GetString()}"));
        (await owner.PutTagAsync(repository, "none", """{"immutable":true}""")).Is(404);
        (await owner.PutTagAsync(repository, "v1", """{"immutable":"yes"}""")).Is(400);
        (await owner.PutTagAsync(repository, "v1", """{"immutable":null}""")).Is(400);
    }

    [Fact]
    public async Task What_expires_cannot_become_immutable_before_that_is_taken_away()
    {
        var repository = registry.NewRepository();
        await _client.PushImageAsync(repository, "v1");
        (await _client.PutTagAsync(repository, "v1", """{"expiration":4000000000}""")).Is(201);

        var refused = (await _client.PutTagAsync(repository, "v1", """{"immutable":true}""")).Is(400);
        Assert.Contains("expiration", refused.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        (await _client.PutTagAsync(repository, "v1", """{"immutable":true,"expiration":4000000000}""")).IsImmutable("set expiration on");
        (await _client.PutTagAsync(repository, "v1", """{"immutable":true,"expiration":null}""")).Is(201);

        var row = (await _client.LiveAsync(repository, "v1"))!.Value;
        Assert.Equal((true, false), (row.GetProperty("immutable").GetBoolean(), row.Has("end_ts")));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData(" TRUE ", true)]
    [InlineData("false", false)]
    [InlineData("1", false)]
    [InlineData("", false)]
    public async Task An_image_says_by_a_label_that_its_tags_are_immutable(string value, bool immutable)
    {
        var repository = registry.NewRepository();
        var image = Labelled($$"""{"quay.immutable":"{{value}}","quay.expires-after":"2h"}""");

        await _client.PushImageAsync(repository, "v1", image);

        var row = (await _client.LiveAsync(repository, "v1"))!.Value;
        // As in Quay, what is immutable does not end by itself.
        Assert.Equal((immutable, !immutable), (row.GetProperty("immutable").GetBoolean(), row.Has("end_ts")));
        // A further push of it brings its expiry no more than the first.
        (await _client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);
        Assert.Equal(!immutable, (await _client.LiveAsync(repository, "v1"))!.Value.Has("end_ts"));
        (await _client.PutTagAsync(repository, "v2", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        Assert.Equal(immutable, await _client.IsImmutableAsync(repository, "v2"));
        var other = await _client.PushImageAsync(repository, "other");
        (await _client.PutManifestAsync(repository, "v1", other.Manifest)).Is(immutable ? 409 : 201);
        Assert.DoesNotContain(await _client.AuditAsync(repository), static l => l.Kind.Contains("immutable", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("true", "True", true)]
    [InlineData("true", "false", false)]
    [InlineData("true", null, false)]
    public async Task An_index_is_immutable_when_all_its_images_say_so(string one, string? two, bool immutable)
    {
        var repository = registry.NewRepository();
        var images = new[] { Labelled($$"""{"quay.immutable":"{{one}}"}"""), Labelled(two is null ? "{}" : $$"""{"quay.immutable":"{{two}}"}""") };
        foreach (var image in images)
            await _client.PushImageAsync(repository, image.Digest.ToString(), image);

        (await _client.PutManifestAsync(repository, "all", Image.Index(MediaTypes.OciIndex, [.. images.Select(static i => (MediaTypes.OciManifest, i.Manifest))]), MediaTypes.OciIndex)).Is(201);

        Assert.Equal(immutable, await _client.IsImmutableAsync(repository, "all"));
    }

    [Fact]
    public async Task A_repository_is_not_taken_back_to_before_an_immutable_tag()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "latest");
        var then = await Clock.TickAsync();
        await _client.PushImageAsync(repository, "latest");
        await _client.PushImageAsync(repository, "v1");
        await _client.ProtectAsync(repository, "v1");
        var path = $"/api/v1/repository/{repository}/timemachine/restore";

        (await _client.SendJsonAsync("POST", path, $$"""{"as_of":"{{then.Text()}}"}""")).IsImmutable("overwrite");
        Assert.NotEqual(image.Digest.ToString(), (await _client.LiveAsync(repository, "latest"))!.Value.Digest());
        // One that stays where it is is not in the way.
        var later = await Clock.TickAsync();
        (await _client.PutTagAsync(repository, "latest", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        (await _client.SendJsonAsync("POST", path, $$"""{"as_of":"{{later.Text()}}"}""")).Is(200);

        Assert.NotEqual(image.Digest.ToString(), (await _client.LiveAsync(repository, "latest"))!.Value.Digest());
        Assert.True(await _client.IsImmutableAsync(repository, "v1"));
    }

    [Fact]
    public async Task Tags_that_come_back_are_immutable_where_a_policy_or_their_image_says_so()
    {
        var repository = registry.NewRepository();
        var labelled = Labelled("""{"quay.immutable":"true","quay.expires-after":"2h"}""");
        await _client.PushImageAsync(repository, "labelled", labelled);
        foreach (var tag in new[] { "v1", "v2", "latest" })
            await _client.PushImageAsync(repository, tag);
        var then = await Clock.TickAsync();
        (await _client.PutTagAsync(repository, "labelled", """{"immutable":false}""")).Is(201);
        foreach (var tag in new[] { "v1", "v2", "latest", "labelled" })
            (await _client.DeleteTagAsync(repository, tag)).Is(204);
        await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), "v.*");

        var v2 = Assert.Single(await _client.TagsAsync(repository, "?specificTag=v2")).Digest();
        (await _client.RestoreTagAsync(repository, "v2", v2)).Is(200);
        Assert.True(await _client.IsImmutableAsync(repository, "v2"));
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/timemachine/restore", $$"""{"as_of":"{{then.Text()}}"}""")).Is(200);

        Assert.Equal(["labelled True", "latest False", "v1 True", "v2 True"],
            (await _client.TagsAsync(repository, "?onlyActiveTags=true")).Select(static t => $"{t.Name()} {t.GetProperty("immutable").GetBoolean()}").Order(StringComparer.Ordinal));
        Assert.False((await _client.LiveAsync(repository, "labelled"))!.Value.Has("end_ts"));
    }

    [Fact]
    public async Task A_deleted_repository_comes_back_with_its_immutable_tags()
    {
        var organization = await _client.CreateOrganizationAsync();
        var repository = $"{organization}/app";
        foreach (var tag in new[] { "v1", "late-1", "other" })
            await _client.PushImageAsync(repository, tag);
        await _client.ProtectAsync(repository, "v1");
        var uuid = await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), "release-.*");

        (await _client.SendAsync("DELETE", $"/api/v1/repository/{repository}")).Is(204);
        await _client.CreatePolicyAsync(PolicyRequests.OrganizationPolicies(organization), "late-.*");
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/restore", "{}")).Is(200);

        Assert.Equal((true, true, false), (await _client.IsImmutableAsync(repository, "v1"), await _client.IsImmutableAsync(repository, "late-1"), await _client.IsImmutableAsync(repository, "other")));
        (await _client.ReadAsync(PolicyRequests.Policies(repository) + uuid)).Is(200);
        await _client.PushImageAsync(repository, "release-1");
        Assert.True(await _client.IsImmutableAsync(repository, "release-1"));
        // One that is made anew under the name has nothing of it.
        (await _client.SendAsync("DELETE", $"/api/v1/repository/{repository}")).Is(204);
        await _client.PushImageAsync(repository, "release-1");
        Assert.False(await _client.IsImmutableAsync(repository, "release-1"));
    }

    [Fact]
    public async Task A_refusal_is_told_as_in_Quay_and_tag_lists_show_why()
    {
        var repository = registry.NewRepository();
        await _client.PushImageAsync(repository, "v1");
        await _client.ProtectAsync(repository, "v1");

        var refused = (await _client.DeleteTagAsync(repository, "v1")).Is(409);

        Assert.True((await _client.TagsAsync(repository))[0].GetProperty("immutable").GetBoolean());
        await Body.MatchesAsync(refused, "tagImmutable", (refused.Json.GetProperty("request_id").GetString()!, "<request>"));
    }

    /// <summary>An image with labels in its config.</summary>
    private static Image Labelled(string labels)
    {
        var image = TagExpiryTests.WithConfig($$$"""{"config":{"Labels":{{{labels}}}},"nonce":"{{{Guid.NewGuid()}}}"}""");
        Assert.NotNull(JsonNode.Parse(Encoding.UTF8.GetString(image.Config)));
        return image;
    }
}
