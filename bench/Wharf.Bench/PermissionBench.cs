using BenchmarkDotNet.Attributes;
using Npgsql;
using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Repositories;

namespace Wharf.Bench;

/// <summary>
/// What does a decision cost in a large company: 10,000 organizations, 100,000 repositories, 1,000,000 grants, 50,000 people? On the
/// PostgreSQL of WHARF_BENCH_DATABASE (an empty database; it is filled once, in about a minute).
/// </summary>
[MemoryDiagnoser, MaxColumn, MedianColumn]
public class PermissionBench
{
    private const int People = 50_000;
    private const int Organizations = 10_000;
    private const int Repositories = 100_000;
    private PostgresDatabase _database = null!;
    private Permissions _permissions = null!;
    private RepositoryDirectory _directory = null!;
    private readonly Random _random = new(1);

    [GlobalSetup]
    public void Open() => OpenAsync().GetAwaiter().GetResult();

    private async Task OpenAsync()
    {
        var connection = Environment.GetEnvironmentVariable("WHARF_BENCH_DATABASE") ?? throw new InvalidOperationException("WHARF_BENCH_DATABASE names an empty PostgreSQL database (an Npgsql connection string).");
        _database = await PostgresDatabase.OpenAsync(connection, TimeProvider.System, CancellationToken.None);
        _permissions = new Permissions(_database, new RegistryOptions(), new AccountOptions(), TimeProvider.System);
        _directory = new RepositoryDirectory(_database);
        await using var source = NpgsqlDataSource.Create(connection);
        await using (var count = source.CreateCommand("SELECT count(*) FROM namespace"))
            if (await count.ExecuteScalarAsync() is not 0L)
                return;
        await using var seed = source.CreateCommand($"""
            INSERT INTO namespace (name, kind, created_ms) SELECT 'person' || i, 'user', 1 FROM generate_series(1, {People}) i;
            INSERT INTO account (id, sealed_password, credential, superuser, enabled, created_ms) SELECT id, '', 1, 0, 1, 1 FROM namespace;
            INSERT INTO namespace (name, kind, created_ms) SELECT 'org' || i, 'organization', 1 FROM generate_series(1, {Organizations}) i;
            INSERT INTO team (namespace_id, name, role) SELECT n.id, t.name, t.role FROM namespace n, (VALUES ('owners', 'admin'), ('makers', 'creator'), ('team1', 'member'), ('team2', 'member')) t (name, role) WHERE n.kind = 'organization';
            INSERT INTO team_member (team_id, account_id)
                SELECT id, 1 + (id * 7919 + k * 104729) % {People} FROM team, generate_series(1, 5) k ON CONFLICT DO NOTHING;
            INSERT INTO repository (namespace_id, name, public, description, created_ms)
                SELECT {People} + 1 + i % {Organizations}, 'repo' || i, CASE WHEN i % 20 = 0 THEN 1 ELSE 0 END, '', 1 FROM generate_series(1, {Repositories}) i;
            INSERT INTO account_grant SELECT r.namespace_id, r.id, 1 + (r.id * 7 + k * 6007) % {People}, 1 + k % 3, 1, 1 FROM repository r, generate_series(1, 8) k ON CONFLICT DO NOTHING;
            INSERT INTO team_grant SELECT r.namespace_id, r.id, t.id, 1 + t.id % 3, 1, 1 FROM repository r JOIN team t ON t.namespace_id = r.namespace_id AND t.role = 'member' ON CONFLICT DO NOTHING;
            -- One repository that 20,000 people were granted one by one, and one person who is in a team of every organization.
            INSERT INTO account_grant SELECT r.namespace_id, r.id, a.id, 1, 1, 1 FROM repository r, account a WHERE r.name = 'repo1' AND a.id <= 20000 ON CONFLICT DO NOTHING;
            INSERT INTO team_member (team_id, account_id) SELECT id, 2 FROM team WHERE name = 'team1' ON CONFLICT DO NOTHING;
            ANALYZE;
            """);
        seed.CommandTimeout = 0;
        await seed.ExecuteNonQueryAsync();
    }

    [GlobalCleanup]
    public void Close() => _database.DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Somebody who was not asked about lately, and a repository that was not either.</summary>
    [Benchmark]
    public async Task<bool> Cold() => (await _permissions.DecideAsync(Person(1 + _random.Next(People)), Repository(1 + _random.Next(Repositories)), RepositoryRole.Admin + 1, CancellationToken.None)).Exists;

    [Benchmark]
    public async Task<bool> ColdInARepositoryOfManyGrants() => (await _permissions.DecideAsync(Person(1 + _random.Next(People)), Repository(1), RepositoryRole.Admin + 1, CancellationToken.None)).Exists;

    [Benchmark]
    public async Task<bool> ColdForOneInManyTeams() => (await _permissions.DecideAsync(Person(2), Repository(1 + _random.Next(Repositories)), RepositoryRole.Admin + 1, CancellationToken.None)).Exists;

    [Benchmark]
    public async Task<bool> Warm()
    {
        // Nothing tails the events here.
        _database.Freshness.Heard();
        return (await _permissions.DecideAsync(Person(10), Repository(1), RepositoryRole.Read, CancellationToken.None)).Exists;
    }

    /// <summary>The first page of what somebody may see but for what is public.</summary>
    [Benchmark]
    public async Task<int> Page() => await ListAsync(Person(1 + _random.Next(People)), 0, false);

    [Benchmark]
    public async Task<int> PageFromTheMiddleWithPublicOnes() => await ListAsync(Person(1 + _random.Next(People)), Repositories / 2, true);

    [Benchmark]
    public async Task<int> PageOfOneInATeamOfEachOrganization() => await ListAsync(Person(2), 0, false);

    private async Task<int> ListAsync(Principal principal, long after, bool isPublic) =>
        (await _directory.ListAsync(principal, new RepositoryFilter(false, 0, false, isPublic), withLastPush: true, after, 101, CancellationToken.None)).Count;

    private static Principal Person(int i) => new(i, $"person{i}", 1, false);

    private static RepositoryName Repository(int i) => RepositoryName.TryParse($"org{1 + (i % Organizations)}/repo{i}", null, out var name) ? name : throw new InvalidOperationException();
}
