using Wharf.Server.Data;

namespace Wharf.Tests.Server.Data;

public sealed class SharedReadsTests
{
    private readonly SharedReads<string, int> _reads = new();
    private readonly Queue<TaskCompletionSource<int>> _queries = new();
    private int _started;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_comes_during_a_query_shares_the_next_one_and_never_gets_an_older_answer()
    {
        var first = Ask("a");
        var during = Enumerable.Range(0, 10).Select(_ => Ask("a")).ToList();
        Assert.Equal(1, _started);

        Answer(1);
        Assert.Equal(1, await first);
        await Poll.UntilAsync(() => Task.FromResult(_started == 2));
        Assert.All(during, static d => Assert.False(d.IsCompleted));

        Answer(2);
        Assert.All(await Task.WhenAll(during), static d => Assert.Equal(2, d));
        Assert.Equal(2, _started);
    }

    [Fact]
    public async Task Different_questions_do_not_wait_for_each_other()
    {
        var (one, two) = (Ask("a"), Ask("b"));
        Assert.Equal(2, _started);

        Answer(1);
        Answer(2);

        Assert.Equal(1, await one);
        Assert.Equal(2, await two);
    }

    [Fact]
    public async Task A_failure_is_told_to_those_who_shared_it_and_to_no_one_else()
    {
        var first = Ask("a");
        var second = Ask("a");

        _queries.Dequeue().SetException(new InvalidOperationException("no"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Poll.UntilAsync(() => Task.FromResult(_started == 2));
        Answer(2);

        Assert.Equal(2, await second);
    }

    [Fact]
    public async Task One_who_goes_away_leaves_the_others_their_answer()
    {
        using var away = new CancellationTokenSource();
        var leaving = _reads.ReadAsync("a", QueryAsync, away.Token);
        var staying = Ask("a");

        await away.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Answer(1);
        await Poll.UntilAsync(() => Task.FromResult(_started == 2));
        Answer(2);

        Assert.Equal(2, await staying);
    }

    private Task<int> Ask(string key) => _reads.ReadAsync(key, QueryAsync, Ct);

    private Task<int> QueryAsync()
    {
        var query = new TaskCompletionSource<int>();
        lock (_queries)
        {
            _queries.Enqueue(query);
            _started++;
        }
        return query.Task;
    }

    private void Answer(int value)
    {
        lock (_queries)
            _queries.Dequeue().SetResult(value);
    }
}
