using System.Globalization;

namespace Wharf.Server.Bench;

/// <summary>What a workload measured.</summary>
/// <param name="PerSecond">Operations a second.</param>
/// <param name="P50Ms">Half of them took no longer, in milliseconds.</param>
/// <param name="CpuMs">CPU time of the server's process per operation, in milliseconds, when its pid was given.</param>
/// <param name="PeakBytes">The most memory that the process had so far.</param>
internal sealed record WorkloadResult(string Name, int Operations, double PerSecond, double MiBPerSecond, double P50Ms, double P99Ms, double? CpuMs, long? PeakBytes)
{
    public const string Head = "workload              operations       per s     MiB/s    p50 ms    p99 ms  CPU ms/op   peak MiB";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Name,-20} {Operations,11} {PerSecond,11:0.0} {(MiBPerSecond > 0 ? MiBPerSecond : null),9:0.0} {P50Ms,9:0.00} {P99Ms,9:0.00} {CpuMs,10:0.000} {PeakBytes / 1048576.0,10:0}");
}
