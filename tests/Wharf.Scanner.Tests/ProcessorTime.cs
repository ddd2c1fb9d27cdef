using System.Globalization;

namespace Wharf.Scanner.Tests;

/// <summary>How long this thread has been running. What the clock says is a matter of what else the machine does.</summary>
internal static class ProcessorTime
{
    public static TimeSpan OfThread
    {
        get
        {
            // proc(5): nanoseconds on the processor, nanoseconds waiting for it, turns.
            var text = File.ReadAllText("/proc/thread-self/schedstat").AsSpan();
            return TimeSpan.FromTicks(long.Parse(text[..text.IndexOf(' ')], CultureInfo.InvariantCulture) / TimeSpan.NanosecondsPerTick);
        }
    }
}
