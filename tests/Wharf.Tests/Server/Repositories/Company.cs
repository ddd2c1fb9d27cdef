using System.Globalization;
using System.Security.Cryptography;

namespace Wharf.Tests.Server.Repositories;

/// <summary>An organization with people in teams, written into the database: these tests are about what repositories make of it.</summary>
internal sealed record Company(Registry Registry, string Name, long Id)
{
    public static string NewName(string prefix) => prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    public static async Task<Company> CreateAsync(Registry registry, Account owner)
    {
        var name = NewName("org");
        var id = await OneAsync(registry, $"INSERT INTO namespace (name, kind, created_ms) VALUES ('{name}', 'organization', 1) RETURNING id");
        var company = new Company(registry, name, id);
        await company.AddTeamAsync("owners", "admin", owner.Name);
        return company;
    }

    /// <summary>Makes a team with these members.</summary>
    public async Task AddTeamAsync(string team, string role, params string[] members)
    {
        var id = await OneAsync(Registry, $"INSERT INTO team (namespace_id, name, role) VALUES ({Number(Id)}, '{team}', '{role}') RETURNING id");
        foreach (var member in members)
            await OneAsync(Registry, $"INSERT INTO team_member (team_id, account_id) SELECT {Number(id)}, id FROM namespace WHERE name = '{member}' RETURNING account_id");
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

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
