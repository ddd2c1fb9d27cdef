using System.Collections.Concurrent;
using System.Security.Cryptography;
using Npgsql;

namespace Wharf.Tests.Server.Replicas;

/// <summary>
/// What a program of the first release does to its database, statement by statement as that program sent it, until it is stopped:
/// it makes users and organizations, asks for permissions, and moves a tag. As that program does, it sends again what lost a deadlock.
/// </summary>
internal sealed class FirstReleaseTraffic(NpgsqlDataSource source) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _refused = [];
    private readonly int[] _done = new int[3];
    private List<Task> _clients = [];
    private long _namespaces;

    /// <summary>What failed.</summary>
    public ConcurrentQueue<string> Refused => _refused;

    public int Done => _done.Sum();

    /// <summary>How many users were made; each is in one team.</summary>
    public long Namespaces => Interlocked.Read(ref _namespaces);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task StartAsync()
    {
        await MakeUserAsync();
        await MoveTagAsync();
        _clients = [RunAsync(0, MakeUserAsync), RunAsync(1, AskAsync), RunAsync(2, MoveTagAsync)];
    }

    /// <summary>Each client does ten things more.</summary>
    public async Task GoOnAsync()
    {
        var until = _done.Select(static d => d + 10).ToArray();
        await Poll.UntilAsync(() => Task.FromResult(!_refused.IsEmpty || _done.Zip(until).All(static p => p.First >= p.Second)), TimeSpan.FromSeconds(60));
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public void Dispose() => _stop.Dispose();

    private Task RunAsync(int index, Func<Task> operation) => Task.Run(async () =>
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await operation();
                Interlocked.Increment(ref _done[index]);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.UniqueViolation)
            {
                // Sent again.
            }
            catch (Exception e)
            {
                _refused.Enqueue(e.Message);
            }
        }
    }, Ct);

    private async Task MakeUserAsync()
    {
        var name = "first" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        await using var connection = await source.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        var id = (long)(await ScalarAsync(connection, "INSERT INTO namespace (name, kind, created_ms) VALUES (@name, 'user', now_ms()) RETURNING id", ("name", name)))!;
        await ScalarAsync(connection, """
            INSERT INTO account (id, email, sealed_password, credential, superuser, enabled, created_ms) VALUES (@id, NULL, @password, 1, 0, 1, now_ms())
            """, ("id", id), ("password", new byte[64]));
        var organization = (long)(await ScalarAsync(connection, "INSERT INTO namespace (name, kind, created_ms) VALUES (@name, 'organization', now_ms()) RETURNING id", ("name", "org-" + name)))!;
        var team = (long)(await ScalarAsync(connection, "INSERT INTO team (namespace_id, name, role) VALUES (@ns, 'owners', 'admin') RETURNING id", ("ns", organization)))!;
        await ScalarAsync(connection, "INSERT INTO team_member (team_id, account_id) VALUES (@team, @account)", ("team", team), ("account", id));
        await ScalarAsync(connection, """
            INSERT INTO repository (namespace_id, name, public, description, created_ms) VALUES (@ns, 'app', 1, '', now_ms()) RETURNING id
            """, ("ns", organization));
        await transaction.CommitAsync(Ct);
        Interlocked.Increment(ref _namespaces);
    }

    private async Task AskAsync()
    {
        await using var connection = await source.OpenConnectionAsync(Ct);
        await ScalarAsync(connection, """
            SELECT n.id, r.id, r.public,
                   (SELECT max(CASE t.role WHEN 'admin' THEN 2 WHEN 'creator' THEN 1 ELSE 0 END)
                      FROM team t JOIN team_member m ON m.team_id = t.id
                     WHERE t.namespace_id = n.id AND m.account_id = @me)
              FROM namespace n
              LEFT JOIN repository r ON r.namespace_id = n.id AND r.name = @name AND r.deleted_ms IS NULL
             WHERE n.name = @ns AND n.deleted_ms IS NULL
            """, ("ns", "first"), ("name", "app"), ("me", 1L));
    }

    private async Task MoveTagAsync()
    {
        (string, object)[] args = [("ns", 1L), ("repo", 1L), ("name", "moving"), ("digest", RandomNumberGenerator.GetBytes(32)), ("by", 1L)];
        await using var connection = await source.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await ScalarAsync(connection, """
            UPDATE tag SET ended_ms = CASE WHEN now_ms() > started_ms THEN now_ms() ELSE started_ms + 1 END, ended_by = @by
             WHERE namespace_id = @ns AND repository_id = @repo AND name = @name AND ended_ms IS NULL
            """, args);
        await ScalarAsync(connection, """
            INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms)
            SELECT @ns, @repo, @name, @digest, coalesce((SELECT max(ended_ms) FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND name = @name), now_ms())
            """, args);
        await transaction.CommitAsync(Ct);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, params (string Name, object Value)[] args)
    {
#pragma warning disable CA2100 // The texts are above
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var (name, value) in args)
            command.Parameters.AddWithValue(name, value);
        return await command.ExecuteScalarAsync(Ct);
    }
}
