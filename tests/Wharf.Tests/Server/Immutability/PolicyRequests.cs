using System.Text.Json;
using Wharf.Tests.Server.Tags;

namespace Wharf.Tests.Server.Immutability;

/// <summary>What the tests of immutability ask again and again.</summary>
internal static class PolicyRequests
{
    public static string Policies(string repository) => $"/api/v1/repository/{repository}/immutabilitypolicy/";

    public static string OrganizationPolicies(string organization) => $"/api/v1/organization/{organization}/immutabilitypolicy/";

    /// <summary>Makes a policy and answers its id.</summary>
    /// <param name="path">Of the list that it is to be in.</param>
    public static async Task<string> CreatePolicyAsync(this HttpClient admin, string path, string pattern, bool matches = true) =>
        (await admin.SendJsonAsync("POST", path, JsonSerializer.Serialize(new Dictionary<string, object> { ["tagPattern"] = pattern, ["tagPatternMatches"] = matches }))).Is(201).Json.GetProperty("uuid").GetString()!;

    public static async Task ProtectAsync(this HttpClient client, string repository, string tag) => (await client.PutTagAsync(repository, tag, """{"immutable":true}""")).Is(201);

    /// <summary>Whether a tag that is there is immutable.</summary>
    public static async Task<bool> IsImmutableAsync(this HttpClient client, string repository, string tag) => (await client.LiveAsync(repository, tag))!.Value.GetProperty("immutable").GetBoolean();

    public static void IsImmutable(this Answer answer, string operation)
    {
        answer.Is(409);
        Assert.Equal("tag_immutable", answer.Json.GetProperty("error_type").GetString());
        Assert.StartsWith($"Cannot {operation} immutable tag", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
