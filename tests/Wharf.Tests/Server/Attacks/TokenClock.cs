using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Server.Auth;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;

namespace Wharf.Tests.Server.Attacks;

/// <summary>The token parts of the server on a database of their own, with a clock that a test moves.</summary>
internal sealed class TokenClock : TimeProvider, IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("wharf-clock-").FullName;
    private readonly DataDirectory _data;
    private readonly SqliteDatabase _database;
    private readonly SigningKeys _keys;
    private readonly RegistryTokens _tokens;
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public TokenClock()
    {
        _data = new DataDirectory(_directory);
        _database = new SqliteDatabase(_data.File("wharf.db"), this, NullLogger<SqliteDatabase>.Instance);
        var options = new AuthOptions { TokenSeconds = 300 };
        _keys = new SigningKeys(_database, new KeyRing(new KeysOptions(), _data, this), options, this);
        _tokens = new RegistryTokens(_keys, options, this);
    }

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;

    public async Task<string> MintAsync() => (await _tokens.MintAsync(Principal.Anonymous, [], TestContext.Current.CancellationToken)).Token;

    public async Task RotateAsync()
    {
        await _keys.RotateAsync(TestContext.Current.CancellationToken);
        _tokens.Forget();
    }

    public async Task<bool> VerifiesAsync(string token) => await _tokens.VerifyAsync(token, TestContext.Current.CancellationToken) is not null;

    public async ValueTask DisposeAsync()
    {
        _keys.Dispose();
        await _database.DisposeAsync();
        _data.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
