using System.Diagnostics;
using System.Globalization;

namespace Wharf.Tests.Server;

/// <summary>What a started server costs, as the kernel tells.</summary>
internal static class ProcessCost
{
    extension(Registry registry)
    {
        /// <summary>Bytes of a line of /proc/PID/status, such as VmRSS (resident now) or VmHWM (its peak).</summary>
        public long Status(string name)
        {
            var line = File.ReadLines($"/proc/{registry.ProcessId}/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
        }

        /// <summary>Lets the peak begin anew at what is resident now, which is answered (proc(5), clear_refs).</summary>
        public long ForgetPeak()
        {
            File.WriteAllText($"/proc/{registry.ProcessId}/clear_refs", "5");
            return registry.Status("VmHWM");
        }

        /// <summary>The time of processors that it has taken so far.</summary>
        public TimeSpan ProcessorTime()
        {
            using var process = Process.GetProcessById(registry.ProcessId);
            return process.TotalProcessorTime;
        }
    }
}
