using System.Net.Http.Headers;
using System.Text.Json;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.OAuth;

/// <summary>What the tests of OAuth ask again and again.</summary>
internal static class OAuthRequests
{
    public const string AllScopes = "org:admin repo:admin repo:create repo:read repo:write super:user user:admin user:read";

    /// <summary>Makes an application.</summary>
    /// <returns>As the organization's admin sees it.</returns>
    public static async Task<(string ClientId, string Secret)> CreateApplicationAsync(this HttpClient owner, string organization, string name = "robot", string redirect = "https://app.example.test/callback")
    {
        var made = (await owner.SendJsonAsync("POST", $"/api/v1/organization/{organization}/applications", $$"""{"name":"{{name}}","redirect_uri":"{{redirect}}"}""")).Is(200).Json;
        return (made.GetProperty("client_id").GetString()!, made.GetProperty("client_secret").GetString()!);
    }

    /// <summary>Makes an organization with an application, and a token of it that acts for its owner.</summary>
    public static async Task<(string Organization, string ClientId, string Token, string Uuid)> MintAsync(this Account owner, string scope, string? organization = null)
    {
        organization ??= await owner.Client.CreateOrganizationAsync();
        var (clientId, _) = await owner.Client.CreateApplicationAsync(organization);
        var made = await owner.Client.MintAsync(organization, clientId, scope);
        return (organization, clientId, made.GetProperty("token").GetString()!, made.GetProperty("uuid").GetString()!);
    }

    public static async Task<JsonElement> MintAsync(this HttpClient owner, string organization, string clientId, string scope) =>
        (await owner.SendJsonAsync("POST", $"/api/v1/organization/{organization}/applications/{clientId}/tokens", $$"""{"name":"ci","scope":"{{scope}}"}""")).Is(200).Json;

    /// <summary>A client that sends the token as a bearer.</summary>
    public static HttpClient BearerOf(this Registry registry, string token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = registry.Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }
}
