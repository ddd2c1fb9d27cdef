using System.Globalization;
using System.Security.Cryptography;

namespace Wharf.Tests.Server.Repositories;

/// <summary>An organization of an owner, with people in teams.</summary>
internal sealed record Company(Registry Registry, Account Owner, string Name, long Id)
{
    public static string NewName(string prefix) => prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    public static async Task<Company> CreateAsync(Registry registry, Account owner)
    {
        var name = NewName("org");
        (await owner.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}","email":"{{name}}@example.test"}""")).Is(201);
        return new Company(registry, owner, name, await OneAsync(registry, $"SELECT id FROM namespace WHERE name = '{name}'"));
    }

    /// <summary>Makes a team with these members.</summary>
    public async Task AddTeamAsync(string team, string role, params string[] members)
    {
        (await Owner.Client.SendJsonAsync("PUT", $"/api/v1/organization/{Name}/team/{team}", $$"""{"role":"{{role}}"}""")).Is(200);
        foreach (var member in members)
            (await Owner.Client.SendJsonAsync("PUT", $"/api/v1/organization/{Name}/team/{team}/members/{member}", "{}")).Is(200);
    }

    /// <summary>Makes an empty repository as the owner does.</summary>
    public async Task<string> AddRepositoryAsync(Account owner, string? name = null, bool isPublic = false)
    {
        name ??= NewName("repo");
        (await owner.Client.SendJsonAsync("POST", "/api/v1/repository",
            $$"""{"namespace":"{{Name}}","repository":"{{name}}","visibility":"{{(isPublic ? "public" : "private")}}","description":""}""")).Is(201);
        return $"{Name}/{name}";
    }

    /// <summary>The number that a statement answers.</summary>
    public static async Task<long> OneAsync(Registry registry, string sql)
    {
        await using var connection = await registry.OpenDatabaseAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
    }
}
