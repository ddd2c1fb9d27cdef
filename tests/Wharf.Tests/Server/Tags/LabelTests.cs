using System.Text.Json;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.Tags;

/// <summary>Labels of manifests: the image's own, and those that were added.</summary>
public sealed class LabelTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task The_labels_of_an_image_and_those_that_were_added_are_listed()
    {
        var repository = registry.NewRepository();
        var image = TagExpiryTests.WithConfig($$$"""{"config":{"Labels":{"maintainer":"somebody","info":"{\"a\":1}"}},"nonce":"{{{Guid.NewGuid()}}}"}""");
        await _client.PushImageAsync(repository, "v1", image);
        var path = $"/api/v1/repository/{repository}/manifest/{image.Digest}/labels";

        var added = (await _client.SendJsonAsync("POST", path, """{"key":"team","value":"blue","media_type":"text/plain"}""")).Is(201);

        var label = added.Json.GetProperty("label");
        var id = label.GetProperty("id").GetString()!;
        Assert.Equal($"{path}/{id}", added.Location);
        await Body.MatchesAsync(added, "addManifestLabel", (id, "<id>"));
        await Body.MatchesAsync((await _client.ReadAsync(added.Location)).Is(200), "getManifestLabel", (id, "<id>"));
        var list = (await _client.ReadAsync(path)).Is(200);
        Assert.Equal(["info manifest application/json", "maintainer manifest text/plain", "org.example.made-by manifest text/plain", "team api text/plain"],
            Labels(list).Select(static l => $"{l.GetProperty("key")} {l.GetProperty("source_type")} {l.GetProperty("media_type")}"));
        await Body.MatchesAsync(list, "listManifestLabels", [.. Labels(list).Select(static (l, i) => (l.GetProperty("id").GetString()!, $"<id {i}>"))]);
        Assert.Equal(["maintainer"], Labels((await _client.ReadAsync(path + "?filter=main")).Is(200)).Select(static l => l.GetProperty("key").GetString()));
        // The image's own have the same ids each time.
        foreach (var own in Labels(list))
            (await _client.ReadAsync($"{path}/{own.GetProperty("id").GetString()}")).Is(200);
    }

    [Fact]
    public async Task Only_what_was_added_can_be_deleted()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        var path = $"/api/v1/repository/{repository}/manifest/{image.Digest}/labels";
        var id = (await _client.SendJsonAsync("POST", path, """{"key":"team","value":"blue","media_type":null}""")).Is(201).Json.GetProperty("label").GetProperty("id").GetString()!;
        var own = Labels((await _client.ReadAsync(path + "?filter=org.")).Is(200)).Single().GetProperty("id").GetString()!;

        (await _client.SendAsync("DELETE", $"{path}/{own}")).Is(400);
        (await _client.SendAsync("DELETE", $"{path}/{Guid.NewGuid()}")).Is(404);
        (await _client.SendAsync("DELETE", $"{path}/a%01b")).Is(404);
        (await _client.SendAsync("DELETE", $"{path}/{id}")).Is(204);
        (await _client.SendAsync("DELETE", $"{path}/{id}")).Is(404);

        Assert.Single(Labels((await _client.ReadAsync(path)).Is(200)));
        var told = (await _client.AuditAsync(repository)).Where(static l => l.Kind.StartsWith("manifest_label", StringComparison.Ordinal)).ToList();
        Assert.Equal(["manifest_label_add", "manifest_label_delete"], told.Select(static l => l.Kind));
        Assert.All(told, l => Assert.Equal(("team", "blue", image.Digest.ToString(), id), (l.Metadata.GetProperty("key").GetString(), l.Metadata.GetProperty("value").GetString(),
            l.Metadata.GetProperty("manifest_digest").GetString(), l.Metadata.GetProperty("id").GetString())));
    }

    [Theory]
    [InlineData("""{"key":"quay.expires-after","value":"1h","media_type":"text/plain"}""")]
    [InlineData("""{"key":"io.kubernetes.x","value":"1h","media_type":"text/plain"}""")]
    [InlineData("""{"key":"","value":"1h","media_type":"text/plain"}""")]
    [InlineData("""{"key":"Upper","value":"1h","media_type":"text/plain"}""")]
    [InlineData("""{"key":"a..b","value":"1h","media_type":"text/plain"}""")]
    [InlineData("""{"key":"a\n","value":"1h","media_type":"text/plain"}""")]
    [InlineData("""{"key":"a","value":"x\u0000y","media_type":"text/plain"}""")]
    [InlineData("""{"key":"a","value":"x","media_type":"text/html"}""")]
    [InlineData("""{"key":"a","value":"x"}""")]
    [InlineData("""{"key":"a","value":5,"media_type":"text/plain"}""")]
    [InlineData("""{"key":"a","value":"\ud800","media_type":"text/plain"}""")]
    public async Task What_is_no_label_is_refused(string label)
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");

        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/manifest/{image.Digest}/labels", label)).Is(400);
    }

    [Fact]
    public async Task A_manifest_that_is_not_there_has_no_labels()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        const string Label = """{"key":"team","value":"blue","media_type":"text/plain"}""";
        foreach (var manifest in new[] { "sha256:" + new string('0', 64), "v1", "a%01b" })
        {
            (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{manifest}/labels")).Is(404);
            (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/manifest/{manifest}/labels", Label)).Is(404);
            (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{manifest}/labels/x")).Is(404);
            (await _client.SendAsync("DELETE", $"/api/v1/repository/{repository}/manifest/{manifest}/labels/{Guid.NewGuid()}")).Is(404);
        }

        (await _client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);
        (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{image.Digest}/labels")).Is(404);
    }

    [Fact]
    public async Task A_read_only_repository_lets_nobody_change_labels()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        (await _client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"READ_ONLY"}""")).Is(200);

        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/manifest/{image.Digest}/labels", """{"key":"team","value":"blue","media_type":"text/plain"}""")).Is(403);
    }

    private static List<JsonElement> Labels(Answer answer) => [.. answer.Json.GetProperty("labels").EnumerateArray()];
}
