using Wharf.Server.Limits;

namespace Wharf.Tests.Server.Limits;

public sealed class BucketTests
{
    private const long Interval = 10, Capacity = 50;

    [Fact]
    public void A_bucket_gives_what_it_holds_and_then_one_token_an_interval()
    {
        var bucket = new TokenBucket();

        Assert.Equal([0, 0, 0, 0, 0, 10], Enumerable.Range(0, 6).Select(_ => bucket.Take(1000, Interval, Capacity)));
        Assert.Equal(1, bucket.Take(1009, Interval, Capacity));
        Assert.Equal(0, bucket.Take(1010, Interval, Capacity));
        Assert.Equal(10, bucket.Take(1010, Interval, Capacity));
    }

    [Fact]
    public void A_long_rest_fills_it_and_no_more()
    {
        var bucket = new TokenBucket();
        for (var i = 0; i < 5; i++)
            bucket.Take(1000, Interval, Capacity);

        Assert.False(bucket.IsFull(1049));
        Assert.True(bucket.IsFull(1050));
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => bucket.Take(1_000_000, Interval, Capacity) == 0));
    }

    [Fact]
    public async Task Many_at_once_get_no_more_than_there_is()
    {
        var (bucket, taken) = (new TokenBucket(), 0);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
                if (bucket.Take(1000, Interval, Interval * 1234) == 0)
                    Interlocked.Increment(ref taken);
        })));

        Assert.Equal(1234, taken);
    }

    [Fact]
    public void A_table_forgets_full_buckets_first_and_never_grows_beyond_its_bound()
    {
        var table = new BucketTable<int>(100);
        for (var i = 0; i < 50; i++)
            table.Get(i, 1000).Take(1000, Interval, Capacity);
        var busy = table.Get(7, 1100);
        busy.Take(1100, Interval, Capacity);

        for (var i = 50; i < 101; i++)
            table.Get(i, 1100).Take(1100, Interval, Capacity);

        Assert.Equal(52, table.Count);
        Assert.Same(busy, table.Get(7, 1100));
        for (var i = 1000; i < 10_000; i++)
        {
            table.Get(i, 1100).Take(1100, Interval, Capacity);
            Assert.InRange(table.Count, 0, 101);
        }
    }
}
