using System.Diagnostics;

namespace Wharf.Tests.Server;

/// <summary>How long something takes on a machine that has other work too.</summary>
internal static class Timed
{
    private const int Attempts = 5;

    /// <summary>Acts until it takes no longer than is allowed, five times at most: what takes long each time is slow.</summary>
    public static async Task<T> WithinAsync<T>(TimeSpan allowed, Func<Task<T>> act, string? what = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var began = Stopwatch.GetTimestamp();
            var answer = await act();
            var took = Stopwatch.GetElapsedTime(began);
            if (took <= allowed)
                return answer;
            Assert.True(attempt < Attempts, $"{what ?? "It"} takes {took.TotalMilliseconds:0} ms, and {allowed.TotalMilliseconds:0} are allowed.");
        }
    }

    /// <inheritdoc cref="WithinAsync{T}"/>
    public static Task WithinAsync(TimeSpan allowed, Func<Task> act, string? what = null) => WithinAsync(allowed, async () =>
    {
        await act();
        return true;
    }, what);
}
