namespace Wharf.Server.Recovery;

/// <summary>Says on standard error what a long command is at, at most every two seconds.</summary>
internal static class Progress
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(2);

    public static Action<string> OnError()
    {
        var last = TimeProvider.System.GetTimestamp();
        return text =>
        {
            if (TimeProvider.System.GetElapsedTime(last) < s_every)
                return;
            last = TimeProvider.System.GetTimestamp();
            Console.Error.WriteLine(text);
        };
    }
}
