using System.Diagnostics;
using System.Globalization;

namespace Wharf.Server.Hosting;

/// <summary>With <c>WHARF_START_TRACE=1</c>, writes each phase of the start to standard error, in milliseconds since the process began.</summary>
internal static class StartTrace
{
    private static readonly bool s_on = Environment.GetEnvironmentVariable("WHARF_START_TRACE") == "1";
    private static readonly long s_runtimeUp = Stopwatch.GetTimestamp();
    private static readonly double s_before = s_on ? SinceProcessStart() : 0;

    public static void Mark(string phase)
    {
        if (s_on)
        {
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"start {s_before + Stopwatch.GetElapsedTime(s_runtimeUp).TotalMilliseconds,7:F1} ms  {phase}"));
        }
    }

    private static double SinceProcessStart()
    {
        // proc(5): field 22 of stat is the start in clock ticks (100 a second on Linux) since boot; the name in field 2 may hold spaces.
        var stat = File.ReadAllText("/proc/self/stat");
        var started = double.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture) * 10;
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture) * 1000;
        return uptime - started;
    }
}
