using System.Text.Json;

namespace Wharf.Tests.Server.Search;

/// <summary>Finding tags and manifests over everything that the caller may see.</summary>
public sealed class ContentSearchTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task A_tag_is_found_by_how_it_begins_and_a_manifest_by_its_digest()
    {
        var (repository, word) = (registry.NewRepository(), "V" + Convert.ToHexString(Requests.RandomBytes(5)));
        var image = await _client.PushImageAsync(repository, word);
        (await _client.PutManifestAsync(repository, word + "-rc", image.Manifest)).Is(201);

        var exact = await FindAsync(_client, word);
        var part = await FindAsync(_client, word[..6]);
        var digest = Assert.Single(await FindAsync(_client, image.Digest.ToString()[..16]));

        Assert.Equal([("tag", word), ("tag", word + "-rc")], exact.Select(static t => (Text(t, "kind"), Text(t, "name"))));
        Assert.Equal((repository, image.Digest.ToString(), $"/repository/{repository}/tag/{word}"), (Text(exact[0], "repository"), Text(exact[0], "manifest_digest"), Text(exact[0], "href")));
        Assert.Equal(2, part.Count);
        Assert.Equal(("manifest", image.Digest.ToString(), repository), (Text(digest, "kind"), Text(digest, "name"), Text(digest, "repository")));
        Assert.Empty(await FindAsync(_client, word.ToLowerInvariant()));
        Assert.Single(await FindAsync(_client, image.Digest.ToString()));
        foreach (var nothing in new[] { "sha256:", "sha256:" + image.Digest.ToString()[7..14], image.Digest.ToString() + "0", "sha256:ABCDEF0123", "sha512:" + image.Digest.ToString()[7..20], "md5:0123456789", "%25", "v%00" })
            Assert.Empty(await FindAsync(_client, nothing));
    }

    [Fact]
    public async Task Who_may_not_see_a_repository_finds_nothing_in_it_until_it_is_public_or_he_is_granted_it()
    {
        var (repository, word) = (registry.NewRepository(), "t" + Convert.ToHexStringLower(Requests.RandomBytes(6)));
        var image = await _client.PushImageAsync(repository, word);
        var friend = await registry.CreateUserAsync();
        string[] texts = [word, image.Digest.ToString()];
        foreach (var text in texts)
        {
            Assert.Empty(await FindAsync(friend.Client, text));
            Assert.Empty(await FindAsync(registry.Anonymous, text));
        }

        (await _client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{friend.Name}", """{"role":"read"}""")).Is(200);
        foreach (var text in texts)
            Assert.Single(await FindAsync(friend.Client, text));
        await _client.SetPublicAsync(repository, true);
        foreach (var text in texts)
            Assert.Single(await FindAsync(registry.Anonymous, text));

        (await _client.SendAsync("DELETE", $"/api/v1/repository/{repository}/tag/{word}")).Is(204);
        Assert.Empty(await FindAsync(_client, word));
    }

    private static async Task<List<JsonElement>> FindAsync(HttpClient client, string text) =>
        [.. (await client.ReadAsync($"/api/v1/find/all?query={text}")).Is(200).Json.GetProperty("results").EnumerateArray()];

    private static string? Text(JsonElement found, string name) => found.TryGetProperty(name, out var value) ? value.GetString() : null;
}
