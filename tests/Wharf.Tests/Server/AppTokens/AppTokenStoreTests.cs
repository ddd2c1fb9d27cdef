using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Server.Accounts;
using Wharf.Server.AppTokens;
using Wharf.Server.Auth;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;

namespace Wharf.Tests.Server.AppTokens;

/// <summary>What needs a clock that a test moves.</summary>
public sealed class AppTokenStoreTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_has_ended_is_deleted_a_day_later_or_when_its_person_makes_another()
    {
        var directory = Directory.CreateTempSubdirectory("wharf-app-tokens-");
        try
        {
            var clock = new MovedClock();
            using var data = new DataDirectory(directory.FullName);
            await using var db = new SqliteDatabase(data.File("wharf.db"), clock, NullLogger<SqliteDatabase>.Instance);
            using var keys = new MacKeys(db, new KeyRing(new KeysOptions(), data, clock));
            var opaque = new OpaqueTokens(keys);
            var tokens = new AppTokenStore(db, opaque, new AccountOptions { AppTokenDays = 2 });
            var (ann, bob) = (await PersonAsync(db, "ann"), await PersonAsync(db, "bob"));
            foreach (var owner in new[] { ann, bob })
                Assert.Null((await tokens.CreateAsync(owner, "old", null, Ct)).Problem);

            clock.Advance(TimeSpan.FromDays(2.5));
            Assert.Equal(0, await tokens.SweepAsync(Ct));
            Assert.Single(await tokens.ListAsync(ann.AccountId, expiring: false, Ct));
            Assert.Null((await tokens.CreateAsync(ann, "new", null, Ct)).Problem);
            Assert.Equal("new", Assert.Single(await tokens.ListAsync(ann.AccountId, expiring: false, Ct)).Title);

            clock.Advance(TimeSpan.FromDays(1));
            Assert.Equal(1, await tokens.SweepAsync(Ct));
            Assert.Empty(await tokens.ListAsync(bob.AccountId, expiring: false, Ct));
            Assert.Single(await tokens.ListAsync(ann.AccountId, expiring: false, Ct));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<Principal> PersonAsync(SqliteDatabase db, string name) => new(await db.WriteAsync(async tx =>
    {
        var id = await tx.OneAsync("INSERT INTO namespace (name, kind, created_ms) VALUES (@name, 'user', 0) RETURNING id", static r => r.GetInt64(0), ("name", name));
        await tx.ExecuteAsync("INSERT INTO account (id, sealed_password, credential, superuser, enabled, created_ms) VALUES (@id, x'00', 1, 0, 1, 0)", ("id", id));
        return id;
    }, Ct), name, 1, false);

    private sealed class MovedClock : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;
    }
}
