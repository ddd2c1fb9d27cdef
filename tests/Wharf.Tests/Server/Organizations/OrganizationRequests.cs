using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Wharf.Tests.Server.Organizations;

/// <summary>What the tests of organizations ask again and again.</summary>
internal static partial class OrganizationRequests
{
    public static string NewName(string prefix = "org") => prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    public static async Task<string> CreateOrganizationAsync(this HttpClient owner, string? name = null)
    {
        name ??= NewName();
        (await owner.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}"}""")).Is(201);
        return name;
    }

    public static async Task CreateTeamAsync(this HttpClient owner, string organization, string team, string role, params string[] members)
    {
        (await owner.SendJsonAsync("PUT", $"/api/v1/organization/{organization}/team/{team}", $$"""{"role":"{{role}}"}""")).Is(200);
        foreach (var member in members)
            (await owner.SendAsync("PUT", $"/api/v1/organization/{organization}/team/{team}/members/{member}")).Is(200);
    }

    public static async Task CreateRepositoryAsync(this HttpClient by, string organization, string repository) =>
        (await by.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{organization}}","repository":"{{repository}}","visibility":"private","description":""}""")).Is(201);

    public static async Task GrantAsync(this HttpClient by, string repository, string user, string role) =>
        (await by.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{user}", $$"""{"role":"{{role}}"}""")).Is(200);

    /// <summary>Makes a robot and answers a client that is signed in as it.</summary>
    public static async Task<HttpClient> CreateRobotAsync(this Registry registry, HttpClient owner, string organization, string robot)
    {
        var token = (await owner.SendAsync("PUT", $"/api/v1/organization/{organization}/robots/{robot}")).Is(201).Json.GetProperty("token").GetString()!;
        return registry.ClientFor($"{organization}+{robot}", token);
    }

    /// <summary>The role of somebody with a repository, by grants of their own or of teams, as its admins are told; null where there is none.</summary>
    public static async Task<string?> RoleAsync(this HttpClient admin, string repository, string kind, string name)
    {
        var answer = await admin.ReadAsync($"/api/v1/repository/{repository}/permissions/{kind}/{name}");
        return answer.Status == System.Net.HttpStatusCode.OK ? answer.Json.GetProperty("role").GetString() : null;
    }

    /// <summary>
    /// Compares a body with what it is to be, member by member and in order. In it stand * for what a name alone decides (an avatar's
    /// colour and hash) or what changes (times, ids), and the placeholders that are given for names.
    /// </summary>
    public static void Shows(this Answer answer, string expected, params (string Placeholder, string Value)[] names)
    {
        var text = answer.Text;
        foreach (var (placeholder, value) in names)
            text = text.Replace(value, $"{{{placeholder}}}", StringComparison.Ordinal);
        text = Volatile().Replace(text, "\"*\"");
        Assert.Equal(Indent(expected), Indent(text));

        static string Indent(string json) => JsonNode.Parse(json)!.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    [GeneratedRegex("\"([0-9a-f]{32}|[0-9a-f]{40}|#[0-9a-f]{6}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} -0000)\"", RegexOptions.None, 1000)]
    private static partial Regex Volatile();
}
