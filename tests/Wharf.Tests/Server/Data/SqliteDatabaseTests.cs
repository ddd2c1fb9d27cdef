using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Server.Data;
using Wharf.Server.Data.Sqlite;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Data;

public sealed class SqliteDatabaseTests : DatabaseConformance
{
    private readonly TemporaryDirectory _directory = new();

    private protected override Task<Database> OpenAsync() =>
        Task.FromResult<Database>(new SqliteDatabase(_directory.File("wharf.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_unit_that_waits_for_something_else_is_refused()
    {
        using var gate = new SemaphoreSlim(0);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Db.WriteAsync<int>(async _ =>
        {
            await gate.WaitAsync(Ct);
            return 1;
        }, Ct));

        gate.Release();
        Assert.Equal(1, await Db.OneAsync("SELECT 1", static r => r.GetInt32(0), Ct));
    }

    [Fact]
    public async Task The_log_stays_bounded_while_much_is_written()
    {
        var content = new byte[1 << 20];
        for (var i = 0; i < 120; i++)
        {
            var digest = BitConverter.GetBytes(i);
            await Db.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO manifest (digest, content) VALUES (@digest, @content)", ("digest", digest), ("content", content)), Ct);
        }

        await Eventually.IsTrueAsync(() => Task.FromResult(new FileInfo(_directory.File("wharf.db-wal")).Length < 100 << 20), "a log under 100 MiB");
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused_with_words()
    {
        await Db.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO schema (version, min_reader, applied_ms) VALUES (999, 998, 0)"), Ct);

        var refused = Assert.Throws<DatabaseException>(() => new SqliteDatabase(_directory.File("wharf.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance));

        Assert.Contains("Start a newer wharf", refused.Message, StringComparison.Ordinal);
    }
}
