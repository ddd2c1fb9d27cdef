using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Server.Auth;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;

namespace Wharf.Bench;

/// <summary>What does a bearer token cost the first time, and after?</summary>
[MemoryDiagnoser]
public class TokenBench
{
    private readonly string _directory = Directory.CreateTempSubdirectory("wharf-bench-").FullName;
    private DataDirectory _data = null!;
    private SqliteDatabase _database = null!;
    private SigningKeys _keys = null!;
    private RegistryTokens _tokens = null!;
    private string _token = "";

    [GlobalSetup]
    public void Open() => OpenAsync().GetAwaiter().GetResult();

    private async Task OpenAsync()
    {
        var (clock, options) = (TimeProvider.System, new AuthOptions { TokenSeconds = 3600 });
        _data = new DataDirectory(_directory);
        _database = new SqliteDatabase(_data.File("wharf.db"), clock, NullLogger<SqliteDatabase>.Instance);
        _keys = new SigningKeys(_database, new KeyRing(new KeysOptions(), _data, clock), options, clock);
        _tokens = new RegistryTokens(_keys, options, clock);
        _token = (await _tokens.MintAsync(new Principal(1, "someone", 1, false), [new TokenScope("repository", "someone/app", ["pull", "push"])], CancellationToken.None)).Token;
    }

    [GlobalCleanup]
    public void Close() => CloseAsync().GetAwaiter().GetResult();

    private async Task CloseAsync()
    {
        _keys.Dispose();
        await _database.DisposeAsync();
        _data.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public async Task<long> Known() => (await VerifyAsync()).Exp;

    [Benchmark]
    public async Task<long> New()
    {
        _tokens.Forget();
        return (await VerifyAsync()).Exp;
    }

    private async ValueTask<RegistryTokens.Claims> VerifyAsync() => await _tokens.VerifyAsync(_token, CancellationToken.None) ?? throw new InvalidOperationException("the token was refused");
}
