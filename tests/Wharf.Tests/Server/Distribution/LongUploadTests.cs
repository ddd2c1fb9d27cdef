using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>An upload is hashed while it comes, so its commit costs the same however long it was, and memory does not grow with it.</summary>
public sealed class LongUploadTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private const long Size = 1L << 30;
    private const long MemoryBound = 200L << 20;

    [Fact, Trait("Speed", "Slow"), Trait("Issue", "2")]
    public async Task A_GiB_is_committed_without_reading_it_again_and_in_bounded_memory()
    {
        var (repository, client) = (registry.NewRepository(), registry.UserClient);
        await client.PushImageAsync(repository, "warm");
        var digest = HashOf(Size);
        var location = await client.StartUploadAsync(repository);

        using (var request = new HttpRequestMessage(HttpMethod.Patch, location) { Content = new StreamContent(new PatternStream(Size), 1 << 20) })
        {
            using var patch = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(202, (int)patch.StatusCode);
        }
        var (read, started) = (BytesRead(), Stopwatch.GetTimestamp());
        var put = (await client.SendAsync("PUT", $"{location}?digest={digest}", [])).Is(201);
        var took = Stopwatch.GetElapsedTime(started);
        read = BytesRead() - read;

        TestContext.Current.TestOutputHelper!.WriteLine($"commit {took.TotalMilliseconds:f0} ms, {read} bytes read, peak {PeakMemory() >> 20} MiB");
        Assert.InRange(read, 0, 32L << 20);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.InRange(PeakMemory(), 0, MemoryBound);
        await AssertSameAsync(client, put.Location, digest);
        Assert.InRange(PeakMemory(), 0, MemoryBound);
    }

    // What the process has asked the kernel for (proc_pid_io(5)): a second look at the blob would show, from the page cache too.
    private long BytesRead() => Number($"/proc/{registry.ProcessId}/io", "rchar:");

    private long PeakMemory() => Number($"/proc/{registry.ProcessId}/status", "VmHWM:") * 1024;

    private static long Number(string file, string name) =>
        long.Parse(File.ReadLines(file).Single(l => l.StartsWith(name, StringComparison.Ordinal))[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);

    private static async Task AssertSameAsync(HttpClient client, string path, Digest digest)
    {
        using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(Size, response.Content.Headers.ContentLength);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.Equal(digest, new Digest(await SHA256.HashDataAsync(body, TestContext.Current.CancellationToken)));
    }

    private static Digest HashOf(long size)
    {
        using var stream = new PatternStream(size);
        return new Digest(SHA256.HashData(stream));
    }

    /// <summary>That many bytes, without memory for them.</summary>
    private sealed class PatternStream(long size) : Stream
    {
        private long _at;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => size;
        public override long Position { get => _at; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            // Each MiB has its own value, whatever the sizes of the reads are.
            var n = (int)Math.Min(Math.Min(buffer.Length, size - _at), (1 << 20) - (_at & ((1 << 20) - 1)));
            buffer[..n].Fill((byte)(_at >> 20));
            _at += n;
            return n;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
