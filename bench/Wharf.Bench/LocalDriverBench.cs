using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Wharf.Storage;
using Wharf.Storage.Local;

namespace Wharf.Bench;

/// <summary>What does a small blob cost on a local disk, durable and back?</summary>
[MemoryDiagnoser]
public class LocalDriverBench
{
    private readonly string _directory = Directory.CreateDirectory(Path.Join(AppContext.BaseDirectory, "data-" + Guid.NewGuid().ToString("N"))).FullName;
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(4 << 10);
    private readonly byte[] _buffer = new byte[4 << 10];
    private LocalDriver _driver = null!;
    private string _key = "";

    [GlobalSetup]
    public void Open() => OpenAsync().GetAwaiter().GetResult();

    private async Task OpenAsync()
    {
        _driver = new LocalDriver(_directory);
        _key = await WriteAsync();
    }

    [GlobalCleanup]
    public void Close() => Directory.Delete(_directory, recursive: true);

    [Benchmark]
    public Task<string> Write() => WriteAsync();

    [Benchmark]
    public async Task<int> Read()
    {
        await using var blob = await _driver.OpenAsync(_key, 0, _buffer.Length, CancellationToken.None) ?? throw new InvalidOperationException("the blob is gone");
        return await blob.ReadAtLeastAsync(_buffer, _buffer.Length);
    }

    private async Task<string> WriteAsync()
    {
        var key = StorageKey.New();
        await using var writer = await _driver.BeginAsync(key, CancellationToken.None);
        await writer.WriteAsync(_content, CancellationToken.None);
        await writer.CompleteAsync(CancellationToken.None);
        return key;
    }
}
