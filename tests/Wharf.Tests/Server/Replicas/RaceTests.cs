using Npgsql;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Replicas;

/// <summary>What another replica does in the very moment of a request: its transaction has changed rows, and is committed while the request waits.</summary>
public sealed class RaceTests(Replicas replicas) : IClassFixture<Replicas>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private HttpClient Me => replicas.User.Client;

    [Fact]
    public async Task A_robot_that_is_deleted_takes_a_grant_of_that_moment_along()
    {
        var org = await Me.CreateOrganizationAsync();
        await Me.CreateRepositoryAsync(org, "app");
        await replicas.One.CreateRobotAsync(Me, org, "ci");
        var id = await IdAsync($"{org}+ci");

        (await WhileAsync($"""
            SELECT 1 FROM namespace WHERE id = {id} FOR SHARE;
            INSERT INTO account_grant (namespace_id, repository_id, account_id, role, granted_by, granted_ms)
            SELECT r.namespace_id, r.id, {id}, 1, 1, 1 FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE n.name = '{org}'
            """, () => Me.SendAsync("DELETE", $"/api/v1/organization/{org}/robots/ci"))).Is(204);

        Assert.Equal(0, await OneAsync($"SELECT count(*) FROM account_grant WHERE account_id = {id}"));
    }

    [Fact]
    public async Task A_person_who_is_deleted_is_granted_nothing_on_a_repository_of_that_moment()
    {
        var org = await Me.CreateOrganizationAsync();
        var guest = await replicas.One.CreateUserAsync();
        var id = await IdAsync(guest.Name);
        (await Me.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes", $$$"""{"role":"read","delegate":{"name":"{{{guest.Name}}}","kind":"user"}}""")).Is(200);

        (await WhileAsync($"""
            SELECT 1 FROM namespace WHERE id = {id} FOR UPDATE;
            DELETE FROM account_grant WHERE account_id = {id};
            DELETE FROM prototype WHERE account_id = {id};
            UPDATE namespace SET deleted_ms = 1 WHERE id = {id}
            """, () => Me.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{org}}","repository":"app","visibility":"private","description":""}"""))).Is(201);

        Assert.Equal(0, await OneAsync($"SELECT count(*) FROM account_grant WHERE account_id = {id}"));
    }

    [Fact]
    public async Task A_robot_of_an_organization_that_gets_another_name_has_that_name()
    {
        var (org, name) = (await Me.CreateOrganizationAsync(), OrganizationRequests.NewName());

        var made = (await WhileAsync($"UPDATE namespace SET name = '{name}' WHERE name = '{org}'", () => Me.SendAsync("PUT", $"/api/v1/organization/{org}/robots/ci"))).Is(201);

        Assert.Equal($"{name}+ci", made.Json.GetProperty("name").GetString());
        Assert.Equal(0, await IdAsync($"{org}+ci"));
    }

    [Fact]
    public async Task A_repository_is_not_made_in_an_organization_that_gets_another_name()
    {
        var (org, name) = (await Me.CreateOrganizationAsync(), OrganizationRequests.NewName());

        (await WhileAsync($"""
            SELECT 1 FROM namespace WHERE name = '{org}' FOR UPDATE;
            INSERT INTO repository (namespace_id, name, public, description, created_ms) SELECT id, 'app', 0, '', 1 FROM namespace WHERE name = '{org}';
            UPDATE namespace SET name = '{name}' WHERE name = '{org}'
            """, () => Me.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{org}}","repository":"app","visibility":"private","description":""}"""))).Is(403);
    }

    private Task<long> IdAsync(string name) => OneAsync($"SELECT coalesce(max(id), 0) FROM namespace WHERE name = '{name}' AND deleted_ms IS NULL");

    private async Task<long> OneAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(replicas.Database);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    // Commits the other transaction once the request waits for it, or did not wait at all.
    private async Task<Answer> WhileAsync(string sql, Func<Task<Answer>> ask)
    {
        await using var connection = new NpgsqlConnection(replicas.Database);
        await connection.OpenAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using (var command = new NpgsqlCommand(sql, connection, transaction))
            await command.ExecuteNonQueryAsync(Ct);
        var asked = ask();
        await Poll.UntilAsync(async () => asked.IsCompleted
            || await OneAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0);
        await transaction.CommitAsync(Ct);
        return await asked;
    }
}
