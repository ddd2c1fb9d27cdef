using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Limits;

/// <summary>
/// The section <c>Limits</c>. The defaults stop a runaway script, and let 500 nodes that pull with one robot from behind one address
/// begin all at once.
/// </summary>
internal sealed class LimitOptions
{
    public bool Enabled { get; set; } = true;

    public ClassLimit RegistryReads { get; set; } = new() { PerSecond = 5000, Burst = 200_000, AddressPerSecond = 500, AddressBurst = 50_000 };

    public ClassLimit RegistryWrites { get; set; } = new() { PerSecond = 1000, Burst = 50_000, AddressPerSecond = 50, AddressBurst = 1000 };

    public ClassLimit Tokens { get; set; } = new() { PerSecond = 500, Burst = 20_000, AddressPerSecond = 50, AddressBurst = 5000 };

    public ClassLimit Api { get; set; } = new() { PerSecond = 200, Burst = 20_000, AddressPerSecond = 50, AddressBurst = 5000 };

    public ClassLimit Search { get; set; } = new() { PerSecond = 20, Burst = 1000, AddressPerSecond = 5, AddressBurst = 300 };
}

/// <summary>What one caller may send of one class of requests.</summary>
internal sealed class ClassLimit
{
    /// <summary>Requests a second that a user or robot may send for ever, wherever they come from.</summary>
    [Range(0.01, 1_000_000)] public double PerSecond { get; set; }

    /// <summary>Requests that it may send at once after a rest.</summary>
    [Range(1, 100_000_000)] public int Burst { get; set; }

    /// <summary>The same for all callers of one address (IPv6: one /64) together that show no credential, or a wrong one.</summary>
    [Range(0.01, 1_000_000)] public double AddressPerSecond { get; set; }

    [Range(1, 100_000_000)] public int AddressBurst { get; set; }
}
