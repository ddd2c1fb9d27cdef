namespace Wharf.Server.Hosting.Admin;

/// <summary>What a long command tells while it runs, wherever it does: on standard error of whoever asked for it, at most once a second.</summary>
internal static class CommandProgress
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);
    private static readonly AsyncLocal<Listener?> s_listener = new();

    public static void Tell(string text) => s_listener.Value?.Tell(text);

    /// <summary>Who hears of the command that runs in this flow from here on.</summary>
    public static void ListenBy(Action<string> tell) => s_listener.Value = new Listener(tell);

    private sealed class Listener(Action<string> tell)
    {
        private long _last = TimeProvider.System.GetTimestamp();

        public void Tell(string text)
        {
            if (TimeProvider.System.GetElapsedTime(_last) < s_every)
                return;
            _last = TimeProvider.System.GetTimestamp();
            tell(text);
        }
    }
}
