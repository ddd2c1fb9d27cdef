using System.Text.Json;

namespace Wharf.Tests.Server.Tags;

/// <summary>Requests of the tag API, as the tests of this folder send them.</summary>
internal static class TagApi
{
    /// <summary>The rows of one page of a repository's tag history.</summary>
    public static async Task<List<JsonElement>> TagsAsync(this HttpClient client, string repository, string query = "") =>
        [.. (await client.ReadAsync($"/api/v1/repository/{repository}/tag/{query}")).Is(200).Json.GetProperty("tags").EnumerateArray()];

    /// <summary>What a tag names now, with its history row; null when it names nothing.</summary>
    public static async Task<JsonElement?> LiveAsync(this HttpClient client, string repository, string tag) =>
        await client.TagsAsync(repository, $"?onlyActiveTags=true&specificTag={tag}") is [var row] ? row : null;

    public static Task<Answer> PutTagAsync(this HttpClient client, string repository, string tag, string json) => client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/tag/{tag}", json);

    public static Task<Answer> RestoreTagAsync(this HttpClient client, string repository, string tag, object digest) =>
        client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/{tag}/restore", $$"""{"manifest_digest":"{{digest}}"}""");

    public static Task<Answer> DeleteTagAsync(this HttpClient client, string repository, string tag) => client.SendAsync("DELETE", $"/api/v1/repository/{repository}/tag/{tag}");

    public static string Digest(this JsonElement row) => row.GetProperty("manifest_digest").GetString()!;

    public static string Name(this JsonElement row) => row.GetProperty("name").GetString()!;

    public static bool Has(this JsonElement row, string name) => row.TryGetProperty(name, out _);

    /// <summary>What the audit trail tells of a repository, the oldest first: kinds, each with its metadata.</summary>
    public static async Task<List<(string Kind, JsonElement Metadata)>> AuditAsync(this HttpClient client, string repository) =>
        [.. (await client.ReadAsync($"/api/v1/repository/{repository}/logs?changes=true&limit=100")).Is(200).Json.GetProperty("logs").EnumerateArray()
            .Select(static l => (l.GetProperty("kind").GetString()!, l.GetProperty("metadata"))).Reverse()];
}
