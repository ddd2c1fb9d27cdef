using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Server.Data;
using Wharf.Server.Data.Sqlite;

namespace Wharf.Bench;

/// <summary>What do a point read and a durable write cost, alone and with seven others in the same moment?</summary>
[MemoryDiagnoser]
public class SqliteBench
{
    private const int Writers = 8;
    // Beside the program, on the disk that a server would have: a temporary directory may be memory.
    private readonly string _directory = Directory.CreateDirectory(Path.Join(AppContext.BaseDirectory, "data-" + Guid.NewGuid().ToString("N"))).FullName;
    private readonly byte[] _known = RandomNumberGenerator.GetBytes(32);
    private SqliteDatabase _database = null!;

    [GlobalSetup]
    public void Open() => OpenAsync().GetAwaiter().GetResult();

    private async Task OpenAsync()
    {
        _database = new SqliteDatabase(Path.Join(_directory, "wharf.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
        await InsertAsync(_known);
    }

    [GlobalCleanup]
    public void Close() => CloseAsync().GetAwaiter().GetResult();

    private async Task CloseAsync()
    {
        await _database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark]
    public async Task<byte[]?> Read() =>
        await _database.OneAsync("SELECT content FROM manifest WHERE digest = @digest", static r => r.GetFieldValue<byte[]>(0), CancellationToken.None, ("digest", _known));

    [Benchmark]
    public Task<int> WriteOne() => InsertAsync(RandomNumberGenerator.GetBytes(32));

    [Benchmark(OperationsPerInvoke = Writers)]
    public Task WriteEight() => Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => InsertAsync(RandomNumberGenerator.GetBytes(32))));

    [Benchmark]
    public async Task<string?> Batch()
    {
        var batch = new Batch<string>();
        var digest = RandomNumberGenerator.GetBytes(32);
        batch.Require("the known one is gone", "SELECT 1 FROM manifest WHERE digest = @digest", ("digest", _known));
        batch.Add("INSERT INTO manifest (digest, content) VALUES (@digest, @content)", ("digest", digest), ("content", digest));
        return await _database.RunAsync(batch, CancellationToken.None);
    }

    private Task<int> InsertAsync(byte[] digest) => _database.WriteAsync(
        tx => tx.ExecuteAsync("INSERT INTO manifest (digest, content) VALUES (@digest, @content)", ("digest", digest), ("content", digest)), CancellationToken.None);
}
