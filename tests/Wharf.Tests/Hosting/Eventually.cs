namespace Wharf.Tests.Hosting;

/// <summary>Waits for something that happens by itself, and fails when it does not in time.</summary>
internal static class Eventually
{
    public static async Task IsTrueAsync(Func<Task<bool>> condition, string what, int seconds = 20)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromSeconds(seconds)) Assert.Fail($"Not within {seconds} s: {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
