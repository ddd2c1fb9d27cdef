using System.Diagnostics;

namespace Wharf.Tests.Server;

/// <summary>Waits for what cannot announce itself.</summary>
internal static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks again until the answer is not the default of its type, and fails after the deadline (20 s when not given).</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T>> ask, TimeSpan? deadline = null)
    {
        var limit = deadline ?? TimeSpan.FromSeconds(20);
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (!EqualityComparer<T>.Default.Equals(answer, default))
            {
                return answer;
            }
            Assert.True(Stopwatch.GetElapsedTime(started) < limit, $"Not within {limit.TotalSeconds} s.");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }
}
