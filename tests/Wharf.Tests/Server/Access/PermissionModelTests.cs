using System.Text;
using System.Text.Json;
using Wharf.Server.Auth;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Access;

/// <summary>
/// Random organizations against a model of the rules that is as plain as they are: what the engine decides, what it explains, and what
/// a client gets are the same, asked cold and again from memory.
/// </summary>
public sealed class PermissionModelTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private const int Worlds = 12;

    [Fact]
    public async Task Engine_explanation_and_registry_do_what_the_model_says()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        List<Account> people = [];
        for (var i = 0; i < 5; i++)
            people.Add(await registry.CreateUserAsync());
        var (asked, allowed) = (0, 0);
        for (var w = 0; w < Worlds; w++)
        {
            var world = await SeedAsync(random, people);
            for (var round = 0; round < 2; round++)
                foreach (var subject in world.Subjects.Keys)
                    foreach (var repository in world.Repositories)
                    {
                        var role = world.RoleOf(subject, repository);
                        foreach (var (action, needed) in ((string, RepositoryRole)[])[("pull", RepositoryRole.Read), ("push", RepositoryRole.Write), ("delete", RepositoryRole.Write), ("admin", RepositoryRole.Admin)])
                        {
                            var expected = role >= needed && !(repository.ReadOnly && needed == RepositoryRole.Write) && (subject != "anonymous()" || needed == RepositoryRole.Read);
                            var why = (await registry.Client.ReadAsync(
                                $"/api/v1/permission/explain?subject={Uri.EscapeDataString(subject)}&repository={world.Name}/{repository.Name}&action={action}")).Is(200).Json;
                            Assert.True(expected == why.GetProperty("allowed").GetBoolean(), $"seed {seed}: {why.GetRawText()} but the model says {expected} for {role}");
                            Assert.Equal(role > RepositoryRole.None, why.GetProperty("decided_by").ValueKind == JsonValueKind.Object);
                            asked++;
                            allowed += expected ? 1 : 0;
                        }
                        var client = world.Subjects[subject];
                        var pull = await client.ReadAsync($"/v2/{world.Name}/{repository.Name}/tags/list");
                        Assert.True((role >= RepositoryRole.Read) == ((int)pull.Status == 200), $"seed {seed}: {subject} with {role} pulls {repository} and gets {(int)pull.Status}");
                        var push = await client.SendAsync("POST", $"/v2/{world.Name}/{repository.Name}/blobs/uploads/", []);
                        Assert.True((role >= RepositoryRole.Write && !repository.ReadOnly && subject != "anonymous()") == ((int)push.Status == 202), $"seed {seed}: {subject} with {role} pushes to {repository} and gets {(int)push.Status}");
                    }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{asked} decisions in {Worlds} organizations, {allowed} of them allowed");
        Assert.InRange(allowed, asked / 10, asked * 9 / 10);
    }

    // One organization, straight into the tables: nobody has asked about it before.
    private async Task<ModelWorld> SeedAsync(Random random, List<Account> people)
    {
        var world = new ModelWorld("world" + Convert.ToHexStringLower(Requests.RandomBytes(5)));
        var sql = new StringBuilder($"INSERT INTO namespace (name, kind, created_ms) VALUES ('{world.Name}', 'organization', 1);");
        await RunAsync(sql.ToString());
        // A robot is made through the API by somebody who is an admin for that long.
        await RunAsync($"INSERT INTO team (namespace_id, name, role) SELECT id, 'first', 'admin' FROM namespace WHERE name = '{world.Name}'; INSERT INTO team_member SELECT t.id, a.id FROM team t JOIN namespace n ON n.id = t.namespace_id, namespace a WHERE n.name = '{world.Name}' AND a.name = '{people[0].Name}'");
        for (var r = 0; r < 2; r++)
        {
            var token = (await people[0].Client.SendAsync("PUT", $"/api/v1/organization/{world.Name}/robots/robot{r}")).Is(201).Json.GetProperty("token").GetString()!;
            world.Subjects[$"{world.Name}+robot{r}"] = registry.ClientFor($"{world.Name}+robot{r}", token);
        }
        sql = new StringBuilder($"DELETE FROM team_member WHERE team_id IN (SELECT t.id FROM team t JOIN namespace n ON n.id = t.namespace_id WHERE n.name = '{world.Name}'); DELETE FROM team WHERE namespace_id = (SELECT id FROM namespace WHERE name = '{world.Name}');");
        foreach (var person in people)
            world.Subjects[person.Name] = person.Client;
        world.Subjects["anonymous()"] = registry.Anonymous;
        string[] roles = ["member", "member", "creator", "admin"];
        for (var t = 0; t < 4; t++)
        {
            var team = new ModelTeam($"team{t}", roles[t], [.. world.Subjects.Keys.Where(s => s != "anonymous()" && random.Next(t == 3 ? 6 : 3) == 0)]);
            world.Teams.Add(team);
            sql.Append($"INSERT INTO team (namespace_id, name, role) SELECT id, '{team.Name}', '{team.Role}' FROM namespace WHERE name = '{world.Name}';");
            foreach (var member in team.Members)
                sql.Append($"INSERT INTO team_member (team_id, account_id) SELECT t.id, a.id FROM team t JOIN namespace n ON n.id = t.namespace_id, namespace a WHERE n.name = '{world.Name}' AND t.name = '{team.Name}' AND a.name = '{member}';");
        }
        for (var r = 0; r < 3; r++)
        {
            var repository = new ModelRepository($"repo{r}", random.Next(4) == 0, random.Next(4) == 0);
            world.Repositories.Add(repository);
            sql.Append($"INSERT INTO repository (namespace_id, name, public, description, created_ms, state) SELECT id, '{repository.Name}', {(repository.Public ? 1 : 0)}, '', 1, '{(repository.ReadOnly ? "read_only" : "normal")}' FROM namespace WHERE name = '{world.Name}';");
            foreach (var subject in world.Subjects.Keys.Where(s => s != "anonymous()" && random.Next(3) == 0))
            {
                repository.Grants[subject] = (RepositoryRole)random.Next(1, 4);
                sql.Append($"INSERT INTO account_grant SELECT n.id, r.id, a.id, {(int)repository.Grants[subject]}, a.id, 1 FROM repository r JOIN namespace n ON n.id = r.namespace_id, namespace a WHERE n.name = '{world.Name}' AND r.name = '{repository.Name}' AND a.name = '{subject}';");
            }
            foreach (var team in world.Teams.Where(_ => random.Next(3) == 0))
            {
                repository.TeamGrants[team.Name] = (RepositoryRole)random.Next(1, 4);
                sql.Append($"INSERT INTO team_grant SELECT n.id, r.id, t.id, {(int)repository.TeamGrants[team.Name]}, n.id, 1 FROM repository r JOIN namespace n ON n.id = r.namespace_id JOIN team t ON t.namespace_id = n.id AND t.name = '{team.Name}' WHERE n.name = '{world.Name}' AND r.name = '{repository.Name}';");
            }
        }
        await RunAsync(sql.ToString());
        return world;
    }

    private async Task RunAsync(string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await FirstSchema.ExecuteAsync(database, sql);
    }

    private sealed record ModelTeam(string Name, string Role, string[] Members);

    private sealed record ModelRepository(string Name, bool Public, bool ReadOnly)
    {
        public Dictionary<string, RepositoryRole> Grants { get; } = [];

        public Dictionary<string, RepositoryRole> TeamGrants { get; } = [];
    }

    private sealed record ModelWorld(string Name)
    {
        public Dictionary<string, HttpClient> Subjects { get; } = [];

        public List<ModelTeam> Teams { get; } = [];

        public List<ModelRepository> Repositories { get; } = [];

        public RepositoryRole RoleOf(string subject, ModelRepository repository)
        {
            var mine = Teams.Where(t => t.Members.Contains(subject)).ToList();
            if (mine.Exists(static t => t.Role == "admin"))
                return RepositoryRole.Admin;
            RepositoryRole[] all =
            [
                repository.Public ? RepositoryRole.Read : RepositoryRole.None,
                repository.Grants.GetValueOrDefault(subject),
                .. mine.Select(t => repository.TeamGrants.GetValueOrDefault(t.Name)),
            ];
            return all.Max();
        }
    }
}
